"""The only door to SQLAlchemy: tables, migrations, reads, postings."""
