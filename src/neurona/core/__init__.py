"""The foundation that knows no particular op: Tensor, Op, shapes, lowering kinds, Graph, random."""
