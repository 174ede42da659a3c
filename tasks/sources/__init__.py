"""One file per outside system read: payload models, pure parse functions, then fetches."""
