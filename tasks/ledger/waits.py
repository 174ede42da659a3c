"""Waits that sources asked for, kept over processes in the `throttle` table."""

from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from tasks.ledger import tables
from tasks.ledger.connect import reading, writing


class LedgerWaits:
    """The `WaitStore` of the transport, on the ledger's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, host: str, fingerprint: str, resource: str) -> datetime | None:
        """Tell until when to wait, aware UTC; None if nothing is known."""
        table = tables.throttle
        query = select(table.c.wait_until).where(
            table.c.host == host,
            table.c.fingerprint == fingerprint,
            table.c.resource == resource,
        )
        with reading(self._engine) as connection:
            return connection.execute(query).scalar()

    def record(self, host: str, fingerprint: str, resource: str, wait_until: datetime) -> None:
        """Keep a wait; of two for the same key the later moment holds."""
        table = tables.throttle
        key = {"host": host, "fingerprint": fingerprint, "resource": resource}
        same = [table.c[name] == value for name, value in key.items()]
        with writing(self._engine) as connection:
            known = connection.execute(select(table.c.wait_until).where(*same)).scalar()
            if known is not None and known >= wait_until:
                return
            connection.execute(delete(table).where(*same))
            connection.execute(insert(table).values(wait_until=wait_until, **key))
