"""The native engine: a Graph becomes machine code, through LLVM."""
