"""From a night's books to a closed period: posting, accruals, corrections, the checklist."""
