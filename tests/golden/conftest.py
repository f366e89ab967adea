"""What needs Keras and PyTorch, the make_*.py scripts and what they share, is never collected."""

collect_ignore_glob = ["make_*.py", "layer_problem.py", "op_cases.py"]
