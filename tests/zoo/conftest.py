"""Scripts that need Keras are no tests."""

collect_ignore = ["make_keras_applications.py", "make_keras_applications_2.py"]
