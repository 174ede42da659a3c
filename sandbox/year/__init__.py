"""A whole year of the same organisation at small scale, with everything that finance signs."""
