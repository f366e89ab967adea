"""The scripts that made golden files here are run by hand, in an environment with Keras."""

collect_ignore_glob = ["make_*.py"]
