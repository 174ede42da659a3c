"""What Python says of the values of a log: asked once for each, and joined as a small table."""

import duckdb
import pyarrow as pa

from tasks.core.reading import Lookup, Reading
from tasks.core.request_fields import fitting
from tasks.lake import reading_sql

#: Distinct values handed to Python at once.
_VALUES = 50_000


def look_up(
    engine: duckdb.DuckDBPyConnection, reading: Reading, lookup: Lookup, source: str
) -> bool:
    """Make the table of a lookup: Python is asked about each distinct value once.

    Args:
        engine: Of the reading.
        reading: Whose lookup it is.
        lookup: What is asked.
        source: Table of the values.

    Returns:
        Whether there was any value.
    """
    texts = [reading_sql.key_sql(reading, text, source) for text in lookup.on]
    keys = ", ".join(f"{text} AS _key{at}" for at, text in enumerate(texts))
    some = " OR ".join(f"{text} IS NOT NULL" for text in texts)
    engine.execute(
        f"CREATE TABLE asked AS SELECT row_number() OVER () AS _id, * FROM"  # noqa: S608 ours
        f" (SELECT DISTINCT {keys} FROM {source} WHERE NOT _unread AND ({some}))"
    )
    gives = ", ".join(f"'{name}': CAST({name} AS {kind})" for name, kind in lookup.gives.items())
    names = ", ".join(f"_key{at}" for at in range(len(lookup.on)))
    engine.execute(
        f"CREATE TABLE look_{lookup.name} AS SELECT {names}, {{{gives}}} AS {lookup.name}"  # noqa: S608 ours
        f" FROM asked, (SELECT {', '.join(f'NULL AS {name}' for name in lookup.gives)}) WHERE false"
    )
    fields = {text: name for name, text in reading.fields.items()}
    is_asked = False
    values = engine.cursor().execute("SELECT * FROM asked")
    while some_values := values.fetchmany(_VALUES):
        is_asked = True
        told = [lookup.read(value[1:]) for value in some_values]
        answers = pa.table(
            {
                "_id": pa.array([value[0] for value in some_values], pa.int64()),
                **{
                    name: pa.array(
                        [_text(one.get(name), fields.get(f"{lookup.name}.{name}")) for one in told],
                        pa.string(),
                    )
                    for name in lookup.gives
                },
            }
        )
        engine.register("answers", answers)
        engine.execute(
            f"INSERT INTO look_{lookup.name} SELECT {names}, {{{gives}}}"  # noqa: S608 ours
            " FROM asked JOIN answers USING (_id)"
        )
        engine.unregister("answers")
    engine.execute("DROP TABLE asked")
    return is_asked


def _text(value: object, field: str | None) -> str | None:
    """Write a value as text; one that the field it becomes cannot hold is none."""
    fit = value if field is None else fitting(field, value)
    return None if fit is None else str(fit)
