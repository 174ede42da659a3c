"""What Jira holds against the fields of an issue or the text of a comment, before it takes them."""

import json
from collections.abc import Mapping

from sandbox.adf import fault_of, text_of
from sandbox.wire import Json

PROJECT = "PROMO"
PROJECT_ID = "10402"
ISSUE_TYPES = {"10301": "Task", "10302": "Story"}
_LONGEST_SUMMARY = 255
_LONGEST_TEXT = 32_767
_LONGEST_PROPERTY = 32_768
_LONGEST_PROPERTY_KEY = 255
_FIELDS = frozenset(
    {"project", "issuetype", "summary", "description", "labels", "priority", "assignee", "duedate"}
)
_PARTS = frozenset({"fields", "properties", "update", "transition", "historyMetadata"})


def faults_of(body: Mapping[str, object], *, is_new: bool, is_cloud: bool) -> dict[str, str]:
    """Say what is wrong with a body that creates or edits an issue, by field; empty: as a whole."""
    unknown = sorted(set(body) - _PARTS)
    if unknown:
        return {"": f"Unrecognized field {unknown[0]!r}."}
    fields = body.get("fields", {})
    if not isinstance(fields, dict):
        return {"": "fields is not an object"}
    errors = {
        name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        for name in sorted(set(fields) - _FIELDS)
    }
    if is_new:
        errors |= _project_faults(fields)
    if is_new or "summary" in fields:
        errors |= _summary_faults(fields.get("summary"))
    if fields.get("description") is not None:
        errors |= text_faults("description", fields["description"], is_cloud=is_cloud)
    for label in labels_of(fields):
        if " " in label or not label or len(label) > _LONGEST_SUMMARY:
            errors["labels"] = f"The label '{label}' contains spaces which is invalid."
    for name, value in properties_of(body).items():
        if not is_small(name, value):
            errors["properties"] = f"Property {name!r} is longer than 32768 bytes."
    return errors


def text_faults(name: str, value: object, *, is_cloud: bool) -> dict[str, str]:
    """Say what is wrong with a text: a document in Cloud, a string in Data Center."""
    if is_cloud:
        fault = fault_of(value)
        if fault:
            return {name: fault}
    elif not isinstance(value, str):
        return {name: "Operation value must be a string"}
    if len(text_of(value)) > _LONGEST_TEXT:
        return {
            name: "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
        }
    return {}


def _project_faults(fields: Mapping[str, object]) -> dict[str, str]:
    errors = {}
    project, kind = fields.get("project"), fields.get("issuetype")
    named = project if isinstance(project, dict) else {}
    if named.get("key") != PROJECT and named.get("id") != PROJECT_ID:
        errors["project"] = "valid project is required"
    of_type = kind if isinstance(kind, dict) else {}
    if of_type.get("id") not in ISSUE_TYPES and of_type.get("name") not in ISSUE_TYPES.values():
        errors["issuetype"] = "Specify a valid issue type"
    return errors


def _summary_faults(summary: object) -> dict[str, str]:
    if not isinstance(summary, str) or not summary.strip():
        return {"summary": "You must specify a summary of the issue."}
    if len(summary) > _LONGEST_SUMMARY:
        return {"summary": "Summary can't exceed 255 characters."}
    if "\n" in summary or "\r" in summary:
        return {"summary": "The summary is invalid because it contains newline characters."}
    return {}


def labels_of(fields: Mapping[str, object]) -> list[str]:
    """Read the labels of some fields."""
    labels = fields.get("labels")
    return [str(label) for label in labels] if isinstance(labels, list) else []


def properties_of(body: Mapping[str, object]) -> dict[str, Json]:
    """Read the entity properties of a body, by key."""
    given = body.get("properties")
    return {
        str(one.get("key")): one.get("value")
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, dict)
    }


def is_small(name: str, value: object) -> bool:
    """Tell whether Jira takes a property of this key and value."""
    size = len(json.dumps(value, ensure_ascii=False).encode())
    return len(name) <= _LONGEST_PROPERTY_KEY and size <= _LONGEST_PROPERTY
