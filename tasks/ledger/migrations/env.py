"""Run the migrations on the connection that `tasks.ledger.upgrade` hands over."""

from alembic import context

# The caller's transaction holds the lock and all DDL: both databases can undo it.
context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
