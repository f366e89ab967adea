"""The command `neurona`: train recipes, use models, see what is there."""
