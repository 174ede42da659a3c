"""What people are asked: the patch, the ticket, how far it has come, and what is told."""
