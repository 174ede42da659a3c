"""Turn raw rows of controls into rows of their table."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import cast

from config.shapes.sources import GithubSource
from tasks.core.batches import Conformed, RawRow
from tasks.core.instants import parse_instant


def conform_controls(config: GithubSource, rows: Iterable[RawRow], key: date) -> Conformed:
    """Give a row for every control and name of every repository.

    Args:
        config: This source.
        rows: As `fetch_controls` gave them.
        key: UTC day of the pull.
    """
    typed: list[dict[str, object]] = []
    labels: set[tuple[str, str, str]] = set()
    for row in rows:
        labels.add(("repository", str(row["key"]), str(row["repository"])))
        typed += [
            {
                "source": config.name,
                "day": key,
                "repository": row["key"],
                "name": name,
                **control,
                "observed_at": parse_instant(row["observed_at"]),
            }
            for name in cast("list[str]", row["names"])
            for control in cast("list[Mapping[str, object]]", row["controls"])
        ]
    return Conformed(rows=typed, labels=tuple(sorted(labels)))
