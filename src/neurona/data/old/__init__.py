"""Helpers that Keras had before layers and Datasets did their work, for scripts that use them.

They behave as they did, draw for draw: words by their frequency, windows of series, generators of
images. For new code there are `nn.data.WordTokenizer`, `layers.TextVectorization`,
`utils.timeseries_dataset_from_array`, `utils.image_dataset_from_directory` and the layers that
augment images.
"""
