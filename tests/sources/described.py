"""Hold requests against an official OpenAPI description: path, query and body."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_schema_validator import OAS30Validator

from tests.transport.loopback import Request

Node = dict[str, Any]


class Description:
    """What a server says that it understands."""

    def __init__(self, path: Path, prefix: str = "") -> None:
        self._spec: Node = json.loads(path.read_text(encoding="utf-8"))
        self._prefix = prefix
        self._templates: list[tuple[re.Pattern[str], str]] = [
            (re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))), template)
            for template in sorted(self._spec["paths"])
        ]

    def faults(self, request: Request) -> list[str]:
        """List what the description does not allow; empty for a valid request."""
        parts = urlsplit(request.path)
        template = self.template(parts.path)
        operation = self._spec["paths"].get(template, {}).get(request.method.lower())
        if operation is None:
            return [f"{request.method} {parts.path} is not described"]
        declared = {
            one["name"]: one
            for one in map(
                self._resolve,
                [
                    *self._spec["paths"][template].get("parameters", []),
                    *operation.get("parameters", []),
                ],
            )
            if one["in"] == "query"
        }
        found = [
            fault
            for name, text in parse_qsl(parts.query, keep_blank_values=True)
            for fault in self._query_faults(template, name, text, declared)
        ]
        sent = {name for name, _ in parse_qsl(parts.query)}
        found += [
            f"{template}: {name} is required"
            for name, one in declared.items()
            if one.get("required") and name not in sent
        ]
        return found + self._body_faults(template, request, operation)

    def template(self, path: str) -> str:
        """Name the described path that fits, without the server's own prefix."""
        path = path.removeprefix(self._prefix)
        for pattern, template in self._templates:
            if pattern.fullmatch(path):
                return template
        return ""

    def _query_faults(self, template: str, name: str, text: str, declared: Node) -> list[str]:
        if name not in declared:
            return [f"{template}: query {name!r} is not described"]
        schema = self._resolve(declared[name].get("schema", {}))
        value = int(text) if schema.get("type") == "integer" and text.isdigit() else text
        return [f"{template}: {name}: {one}" for one in self._schema_faults(schema, value)]

    def _body_faults(self, template: str, request: Request, operation: Node) -> list[str]:
        if not request.body:
            return []
        if "requestBody" not in operation:
            return [f"{template}: takes no body"]
        content = self._resolve(operation["requestBody"])["content"]["application/json"]
        faults = self._schema_faults(content["schema"], request.json)
        return [f"{template}: body: {one}" for one in faults]

    def _schema_faults(self, schema: Node, value: object) -> list[str]:
        validator = OAS30Validator({**schema, "components": self._spec["components"]})
        return [error.message for error in validator.iter_errors(value)]

    def _resolve(self, node: Node) -> Node:
        while "$ref" in node:
            found: Node = self._spec
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node


@cache
def description(path: Path, prefix: str = "") -> Description:
    """Load a description once a process."""
    return Description(path, prefix)
