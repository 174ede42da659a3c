"""What issuers ask to be paid: documents, what the books owe, and its settlement."""
