"""What people review (YAML) and where things are (environment), as frozen objects."""
