"""What people read: pages and tables, escaped for where they are shown."""
