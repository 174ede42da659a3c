"""The shapes of the three configuration files, one module each."""
