"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision; there is no way back but the copy made before it."""
    ${upgrades if upgrades else "op.execute('')"}
