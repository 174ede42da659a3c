"""The books for other systems: FOCUS rows and a journal, and what a bill says line by line."""
