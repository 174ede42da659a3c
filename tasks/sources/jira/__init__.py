"""Read Jira: issues, their status history, resolutions, incidents and typed links."""
