"""LLVM: IR as text, vectors of lanes, and machine code of it."""
