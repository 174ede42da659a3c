"""The gate: what a workflow's work proves, what its tier asks, and the verdict."""
