"""X, by its filtered stream; `adapter` is what hears."""
