"""The make_*.py scripts need Keras and PyTorch and are never collected as tests."""

collect_ignore_glob = ["make_*.py"]
