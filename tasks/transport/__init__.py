"""The only door to HTTP: limits, waits, pacing, paging, origins and size caps."""
