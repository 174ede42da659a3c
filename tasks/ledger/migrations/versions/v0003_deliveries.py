"""How far each message of the outbox has come, and who is at work on it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to the outbox, which is mutable; nothing that is kept for good is touched."""
    connection = op.get_bind()
    instant = "TEXT" if connection.dialect.name == "sqlite" else "TIMESTAMPTZ"
    for column in ("progress TEXT", "lease TEXT", f"leased_until {instant}"):
        connection.exec_driver_sql(f"ALTER TABLE outbox ADD COLUMN {column}")
