"""The only code that writes to the outside: review tickets, and patches as pull requests."""
