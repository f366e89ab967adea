"""Files of Keras, read and written: `.keras`, `.h5` and `.weights.h5`; see decision 064."""
