"""Column types that mean the same on SQLite (STRICT tables) and PostgreSQL."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Date, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


class Day(TypeDecorator[date]):
    """A calendar day: DATE, or ISO text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See `TypeDecorator`."""
        postgresql = dialect.name == "postgresql"
        kind: TypeEngine[Any] = Date() if postgresql else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | str | None:
        """See `TypeDecorator`."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.isoformat()

    def process_result_value(self, value: date | str | None, dialect: Dialect) -> date | None:
        """See `TypeDecorator`."""
        del dialect
        return date.fromisoformat(value) if isinstance(value, str) else value


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: TIMESTAMPTZ, or ISO text of fixed width on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See `TypeDecorator`."""
        postgresql = dialect.name == "postgresql"
        kind: TypeEngine[Any] = DateTime(timezone=True) if postgresql else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """See `TypeDecorator`; an instant without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "the ledger takes aware instants only"
            raise ValueError(message)
        in_utc = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return in_utc
        return in_utc.isoformat(timespec="microseconds")  # fixed width: text order is time order

    def process_result_value(
        self, value: datetime | str | None, dialect: Dialect
    ) -> datetime | None:
        """See `TypeDecorator`."""
        del dialect
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return None if moment is None else moment.astimezone(UTC)
