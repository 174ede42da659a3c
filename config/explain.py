"""Turn what pydantic refuses into sentences that name file, line and key and say what to do."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.problems import Path, Problem, suggestion
from config.shapes.base import Shape
from config.yaml_builder import Yaml
from config.yaml_lines import Document

ShapeT = TypeVar("ShapeT", bound=Shape)
_Schema = Mapping[str, Any]

_NO_VALUE = object()
_SLUG_RULE = (
    "must be a short id: a-z, 0-9, `_`, `.`, `-`, starting with a letter or digit, at most 64"
)
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_.-]{0,63}$": _SLUG_RULE,
    r"^[A-Za-z0-9_.:/-]{1,128}$": (
        "must be an id as the vendor writes it: "
        "letters, digits, `_`, `.`, `:`, `/`, `-`, at most 128"
    ),
    r"^[^*?\[]{1,199}\*?$": (
        "must be the beginning of branch names such as `agent/upgrade/`, without wildcards"
    ),
    r"^[A-Z]{3}$": "must be a currency code such as `USD`",
    r"^[A-Z][A-Z0-9_]{0,31}$": "must be a Jira project key such as `OPS`",
    r"^[A-Z][A-Z0-9_]{1,19}$": "must be a Jira project key such as `PROMO`",
    r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100}$": "must be a repository as `owner/name`",
    r"^customfield_[0-9]+$": "must be a Jira field id such as `customfield_10042`",
    r"^[A-Za-z0-9_.-]+/([A-Za-z0-9_.-]+|\*)$": "must be `owner/name`, or `owner/*` for all",
}
_SENTENCES = {
    "string_too_short": "is empty; give it a value or remove the key.",
    "string_too_long": "is longer than {max_length} characters; shorten it.",
    "too_short": "needs at least {min_length} entry.",
    "int_type": "must be a whole number without quotes.",
    "bool_type": "must be `true` or `false`, without quotes.",
    "decimal_type": "must be a decimal number such as 12.50.",
    "decimal_parsing": "must be a decimal number such as 12.50.",
    "finite_number": "must be a finite number such as 12.50.",
    "decimal_max_digits": "has more than {max_digits} digits; shorten it.",
    "decimal_max_places": "has more than {decimal_places} digits after the point; shorten it.",
    "decimal_whole_digits": "has more than {whole_digits} digits before the point; shorten it.",
    "greater_than": "must be more than {gt}.",
    "greater_than_equal": "must be at least {ge}.",
    "less_than": "must be less than {lt}.",
    "less_than_equal": "must be at most {le}.",
    "tuple_type": "must be a list: one `- item` per line, or `[a, b]`.",
    "dict_type": "must be a mapping: one `key: value` per line.",
    "model_type": "must be a mapping: one `key: value` per line.",
    "url_type": "must be an address such as https://api.example.com.",
    "url_parsing": "must be an address such as https://api.example.com.",
    "url_scheme": "must be an address such as https://api.example.com.",
    "date_from_datetime_parsing": "is not a day of the calendar; correct the date.",
    "date_parsing": "is not a day of the calendar; correct the date.",
}


def validate_document(
    document: Document, shape: type[ShapeT]
) -> tuple[ShapeT | None, tuple[Problem, ...]]:
    """Check a document against the shape of its file.

    Returns:
        The frozen object, or None with every problem that kept it from being one.
    """
    try:
        return shape.model_validate(document.value), ()
    except ValidationError as error:
        schema = shape.model_json_schema(by_alias=True)
        details = error.errors(include_url=False)
        return None, tuple(_problem(document, schema, detail) for detail in details)


def _problem(document: Document, schema: _Schema, detail: ErrorDetails) -> Problem:
    path = _document_path(document.value, detail["loc"])
    value = _value_at(document.value, path)
    kind = detail["type"]
    expected = _schema_at(schema, schema, document.value, path)
    if kind == "extra_forbidden":
        parent = _schema_at(schema, schema, document.value, path[:-1])
        message = "is not a key that belongs here; remove it or correct its name."
        message += suggestion(str(path[-1]), parent.get("properties", {}))
    elif kind == "missing":
        description = expected.get("description", "")
        message = "is missing; add it." + (f" ({description})" if description else "")
    elif value is None:
        message = "is empty; give it a value or remove the key."
    elif kind in {"union_tag_not_found", "union_tag_invalid"}:
        path = (*path, "type")
        message = _one_of(expected["discriminator"]["mapping"], _value_at(document.value, path))
    elif kind in {"literal_error", "enum"}:
        message = _one_of(_allowed(schema, expected), value)
    else:
        message = _sentence(detail, value)
    return document.problem(path, message)


def _sentence(detail: ErrorDetails, value: object) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "string_type":
        is_scalar = isinstance(value, int | Decimal | date)
        return "must be text; put it in quotes." if is_scalar else "must be text."
    if detail["type"] == "string_pattern_mismatch":
        return f"{_PATTERNS[context['pattern']]}."
    if detail["type"] == "value_error":
        return f"{context['error']}."
    if detail["type"] in _SENTENCES:
        return _SENTENCES[detail["type"]].format_map(context)
    return f"is not usable: {detail['msg'][:1].lower()}{detail['msg'][1:]}; correct it."


def _document_path(root: Yaml, location: tuple[str | int, ...]) -> Path:
    # Union tags and `[key]` stand in the location but not in the file.
    path: Path = ()
    for position, part in enumerate(location):
        here = _value_at(root, path)
        is_there = isinstance(here, list) or (isinstance(here, dict) and part in here)
        is_missing_key = position == len(location) - 1 and part != "[key]"
        if is_there or is_missing_key:
            path = (*path, part)
    return path


def _value_at(root: Yaml, path: Path) -> object:
    here: Any = root
    for part in path:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return _NO_VALUE
    return here


def _schema_at(schema: _Schema, root: _Schema, value: Any, path: Path) -> _Schema:  # noqa: ANN401  # whatever the YAML held
    """Find the part of a JSON Schema that describes a path of a document."""
    schema = _resolved(schema, root, value)
    if not path:
        return schema
    part = path[0]
    inner = schema.get("items", {}) if isinstance(part, int) else _property(schema, part)
    return _schema_at(inner, root, _value_at(value, (part,)), path[1:])


def _resolved(schema: _Schema, root: _Schema, value: object) -> _Schema:
    while True:
        if "$ref" in schema:
            # A description beside the reference says more than the one behind it.
            beside = {key: text for key, text in schema.items() if key != "$ref"}
            schema = {**root["$defs"][schema["$ref"].rpartition("/")[2]], **beside}
        elif "anyOf" in schema and "properties" not in schema:
            description = schema.get("description")
            schema = dict(schema["anyOf"][0])
            if description:
                schema["description"] = description
        elif "discriminator" in schema and isinstance(value, dict):
            target = schema["discriminator"]["mapping"].get(value.get("type"))
            if target is None:
                return schema
            schema = {"$ref": target}
        else:
            return schema


def _property(schema: _Schema, name: str) -> _Schema:
    inner: _Schema = schema.get("properties", {}).get(name, {})
    return inner


def _allowed(root: _Schema, schema: _Schema) -> list[object]:
    resolved = _resolved(schema, root, None)
    return list(resolved["enum"]) if "enum" in resolved else [resolved["const"]]


def _one_of(allowed: Iterable[object], value: object) -> str:
    names = [str(name) for name in allowed]
    listed = ", ".join(f"`{name}`" for name in names)
    choice = "one of " if len(names) > 1 else ""
    meant = suggestion(value, names) if isinstance(value, str) else ""
    return f"must be {choice}{listed}.{meant}"
