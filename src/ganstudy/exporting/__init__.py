"""A trained run as a folder for other people: weights, configuration and a model card."""
