"""What runs: one flow a file, composition only."""
