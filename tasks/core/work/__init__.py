"""What agents worked on: work items, what became of them, and since when that counts."""
