"""What a kernel is made of: loops, folds, and algorithms of their own."""
