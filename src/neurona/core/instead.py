"""What to do instead, where somebody asks for the values of a Tensor that is being traced."""

ANY = "nn.ops.where(condition, a, b) or nn.ops.scan instead of Python's if and for"
TRUTH = (
    "nn.ops.where(condition, a, b) instead of Python's if, max and min; & | ~ instead of "
    "and, or, not; nn.ops.scan or nn.ops.while_loop instead of while"
)
ARRAY = (
    "give x itself to NumPy's functions that nn.ops has too (np.exp(x), np.mean(x)), "
    "nn.ops.stack([a, b]) for np.array([a, b]), nn.random for np.random"
)
NUMPY = "compute with nn.ops, whose functions take x itself, and return what you want to see"
MATH = "nn.ops.exp(x) for math.exp(x), and so on"
ONE = "sum or average it, or take one by its index"
