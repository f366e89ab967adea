"""Matrix products, convolutions and their gradients."""
