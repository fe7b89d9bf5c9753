"""Visual parts that know the model and nothing of where it comes from."""
