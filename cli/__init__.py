"""The `graduand` command."""
