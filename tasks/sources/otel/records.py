"""OTLP JSON in SQL: one row a log record or span, with its attributes and those of its resource.

A line is one export request, as the collector's file exporter writes it: `resourceLogs`,
`resourceSpans` or `resourceMetrics` (opentelemetry-proto, JSON encoding). A part of another shape
than the protocol's is null, and so are the parts below it.
"""

from tasks.sources.request_sql import quoted

_VALUE = "STRUCT(stringValue JSON, intValue JSON, doubleValue JSON, boolValue JSON)"
_ATTRIBUTES = f"STRUCT(key VARCHAR, value {_VALUE})[]"
_RESOURCE = f"STRUCT(attributes {_ATTRIBUTES})"
_LOG = (
    "STRUCT(timeUnixNano JSON, observedTimeUnixNano JSON, eventName VARCHAR,"
    f" body STRUCT(stringValue VARCHAR), traceId VARCHAR, spanId VARCHAR, attributes {_ATTRIBUTES})"
)
_SPAN = (
    "STRUCT(startTimeUnixNano JSON, endTimeUnixNano JSON, traceId VARCHAR, spanId VARCHAR,"
    f" attributes {_ATTRIBUTES})"
)
_POINT = (
    "STRUCT(startTimeUnixNano JSON, timeUnixNano JSON, asInt JSON, asDouble JSON, sum JSON,"
    f" attributes {_ATTRIBUTES})"
)
_SERIES = f"STRUCT(aggregationTemporality JSON, dataPoints {_POINT}[])"

_SIGNALS = {
    "resourceLogs": (f"STRUCT(resource {_RESOURCE}, scopeLogs STRUCT(logRecords {_LOG}[])[])[]"),
    "resourceSpans": f"STRUCT(resource {_RESOURCE}, scopeSpans STRUCT(spans {_SPAN}[])[])[]",
    "resourceMetrics": (
        f"STRUCT(resource {_RESOURCE}, scopeMetrics STRUCT(metrics"
        f" STRUCT(name VARCHAR, sum {_SERIES}, histogram {_SERIES},"
        f" exponentialHistogram {_SERIES})[])[])[]"
    ),
}
#: The types of a line's members. Profiles tell nothing that is read, but are no fault either.
COLUMNS = {**_SIGNALS, "resourceProfiles": "JSON"}
#: Before the kind of token, in the names of the newer metrics of the GenAI conventions.
BY_NAME = "gen_ai.client.inference.usage."
_TOKENS = ("input", "output", "cache_read.input", "cache_write.input")
#: Metrics that tell what was spent, as text for `IN`.
SPENT = str(
    (
        "claude_code.token.usage",
        "claude_code.cost.usage",
        "codex.turn.token_usage",
        "gen_ai.client.token.usage",
        *(f"{BY_NAME}{tokens}_tokens" for tokens in _TOKENS),
    )
)

#: Says of a row that its line is an export without any record.
IS_EMPTY = f"(record IS NULL AND ({' OR '.join(f'coalesce({name}, false)' for name in _SIGNALS)}))"
# All kinds of record in one form.
_RECORD = (
    "{{'signal': '{signal}', 'name': {name}, 'started': {started}, 'ended': {ended},"
    " 'trace': {record}.traceId, 'span': {record}.spanId, 'temporality': CAST(NULL AS JSON),"
    " 'value': CAST(NULL AS JSON), {attributes}}}"
)
_POINT_TOLD = (
    "{{'signal': 'point', 'name': record.name, 'started': point.startTimeUnixNano,"
    " 'ended': point.timeUnixNano, 'trace': CAST(NULL AS VARCHAR), 'span': CAST(NULL AS VARCHAR),"
    " 'temporality': series.aggregationTemporality,"
    " 'value': coalesce(point.asInt, point.asDouble, point.sum), {attributes}}}"
)


def records() -> str:
    """Write the relation of log records, spans and data points.

    A line without any is one row of nulls.
    """
    return _unnested(f"list_concat({_logs()}, {_spans()}, {_points()})", "lines")


def points() -> str:
    """Write the relation of data points, and of the other records that lines hold (`others`)."""
    others = f"len({_logs()}) + len({_spans()})"
    counted = f"SELECT *, row_number() OVER () AS _row, {others} AS others FROM lines"  # noqa: S608
    return _unnested(_points(), f"({counted})")


def _logs() -> str:
    told = _RECORD.format(
        signal="log",
        name="coalesce(record.eventName, record.body.stringValue)",
        started="CAST(NULL AS JSON)",
        ended=f"coalesce({_set('record.timeUnixNano')}, record.observedTimeUnixNano)",
        record="record",
        attributes=_attributes("record"),
    )
    return _each("resourceLogs", "scopeLogs", "logRecords", f"[{told}]")


def _spans() -> str:
    told = _RECORD.format(
        signal="span",
        name="CAST(NULL AS VARCHAR)",
        started="record.startTimeUnixNano",
        ended="record.endTimeUnixNano",
        record="record",
        attributes=_attributes("record"),
    )
    return _each("resourceSpans", "scopeSpans", "spans", f"[{told}]")


def _points() -> str:
    told = _POINT_TOLD.format(attributes=_attributes("point"))
    series = "[coalesce(record.sum, record.histogram, record.exponentialHistogram)]"
    points = f"lambda series: list_transform(series.dataPoints, lambda point: {told})"
    each = f"flatten(list_transform({series}, {points}))"
    return _each("resourceMetrics", "scopeMetrics", "metrics", each)


def _unnested(rows: str, lines: str) -> str:
    """Write the relation of the members of a list, which each line has one of."""
    # Whole lines would be copied to each of their rows: what is left is whether they had any.
    flags = ", ".join(
        f'CASE WHEN "{name}" IS NOT NULL THEN true END AS "{name}"' for name in COLUMNS
    )
    some = f"coalesce(nullif({rows}, []), [NULL])"
    return f"(SELECT * REPLACE ({flags}), unnest({some}) AS record FROM {lines})"  # noqa: S608 ours


def attribute(name: str, of: str = "record") -> str:
    """Write an attribute of a record as a JSON value, null where it has none."""
    return f"{of}.vals[list_position({of}.keys, {quoted(name)})]"


def resource_attribute(name: str) -> str:
    """Write an attribute of a record's resource, as `attribute` does."""
    return f"record.resource_vals[list_position(record.resource_keys, {quoted(name)})]"


def text(value: str) -> str:
    """Write a JSON value as text; empty text is none."""
    return f"nullif({value} ->> '$', '')"


def count(value: str) -> str:
    """Write a JSON value as a whole number, whichever way it is encoded, else null."""
    return f"""whole_text(regexp_replace(CAST({value} AS VARCHAR), '[.]0+("?)$', '\\1'))"""


def moment(value: str) -> str:
    """Write a count of nanoseconds since 1970 as a `TIMESTAMP`; null where it is none, or zero."""
    return f"make_timestamp(nullif(TRY_CAST({value} ->> '$' AS BIGINT), 0) // 1000)"


def _each(resources: str, scopes: str, records: str, told: str) -> str:
    """Write the list of all that is told of every record of every scope of every resource."""
    return (
        f'coalesce(flatten(list_transform("{resources}", lambda holder:'
        f" flatten(list_transform(holder.{scopes}, lambda scope:"
        f" flatten(list_transform(scope.{records}, lambda record: {told})))))), [])"
    )


def _attributes(of: str) -> str:
    value = (
        "coalesce({0}.value.stringValue, {0}.value.intValue,"
        " {0}.value.doubleValue, {0}.value.boolValue)"
    )
    own, its = value.format("a"), value.format("b")
    return (
        f"'keys': list_transform({of}.attributes, lambda a: a.key),"
        f" 'vals': list_transform({of}.attributes, lambda a: {own}),"
        " 'resource_keys': list_transform(holder.resource.attributes, lambda b: b.key),"
        f" 'resource_vals': list_transform(holder.resource.attributes, lambda b: {its})"
    )


def _set(nanoseconds: str) -> str:
    """Leave out a moment that is not set: the protocol writes zero."""
    return f"CASE WHEN ({nanoseconds} ->> '$') <> '0' THEN {nanoseconds} END"
