"""The only door to httpx: limits, pacing, pagination, origins, size caps."""
