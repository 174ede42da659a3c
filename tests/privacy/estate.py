"""Put people into what the estate says: its vendors' answers, and the files that agents write.

The sandbox names people there already, under the ids that the directory knows them by. Those
stay, so that squads are looked up; everything beside them names more people.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sandbox import log_lines
from sandbox.estate import claude_code, codex, gateway_rows, otlp
from sandbox.people import PEOPLE, Person
from sandbox.wire import Json
from tests.privacy.crowd import Crowd

#: Prefixes of the estate's vendors, and of the one that tells of Claude Code as well.
SOURCES = frozenset(
    ("anthropic", "claude-enterprise", "copilot", "copilot-links", "cursor", "devin", "langfuse")
) | {"litellm"}
#: What the directory is asked for, and further ids, closed words and addresses to follow.
_KEPT = frozenset(
    """
    api_base api_key assignee completionStartTime cwd commit_hash day email email_address end_user
    enterprise_id forked_from_id intValue internalModelId last_activity_at last_activity_editor
    model_group model_id model_provider observedTimeUnixNano organization organizationName
    organization_id parentObservationId plan_type pr_state pr_url projectId repository_url
    requestId request_id role sessionId source speed spanId startTimeUnixNano endTimeUnixNano
    stop_reason stringValue timeUnixNano traceId unit user userEmail userId userType user_id
    user_login uuid version url
    """.split()  # noqa: SIM905  # one word a line would hide the rest of the module
)
#: More refusals than a file may have.
_MANY = 200
#: So many of the people start an agent in their own folder.
_AT_HOME = 4
#: One answer in so many holds a record that a name makes unusable.
_BROKEN_IN = 3
#: Lists whose records are each refused or kept on their own, and what is read of a record.
_READ = {
    "usageItems": ("sku", "unitType", "model", "grossAmount"),
    "usageEvents": ("model", "kind", "chargedCents", "timestamp"),
    "consumption_by_date": ("acus",),
    "items": ("acus_consumed", "status", "repoName", "branchName"),
    "data": ("providedModelName", "status", "model", "endTime", "actor"),
    "teamMembers": ("name",),
    "seats": ("plan_type",),
}
#: A record of `data` has one of these; what has none is a bucket, and stands for itself.
_OF_RECORDS = frozenset({"actor", "request_id", "traceId"})


class EstateCrowd:
    """Hands people out over the estate.

    Args:
        crowd: Of all other answers.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd.keeping(_KEPT)
        self._people = _in_turn()
        self._answers = count()

    def answer(self, body: "Json | bytes") -> "Json | bytes":
        """Give the body of an answer with people in it; lines of JSON stay lines."""
        if not isinstance(body, bytes):
            return self._crowd.joined(self._with_broken(body))
        if not body.startswith(b"{"):
            return body
        lines = [json.dumps(self._crowd.joined(json.loads(one))) for one in body.splitlines()]
        return "".join(f"{line}\n" for line in lines).encode()

    def _with_broken(self, body: Json) -> Json:
        """Put a name where one field of the last record is read; there are no more records."""
        number = next(self._answers)
        if not isinstance(body, Mapping) or number % _BROKEN_IN:
            return body
        joined = dict(body)
        for name, fields in _READ.items():
            records = joined.get(name)
            last = records[-1] if isinstance(records, list) and records else None
            if not isinstance(records, list) or not isinstance(last, Mapping):
                continue
            read = [field for field in fields if field in last]
            if read and (name != "data" or last.keys() & _OF_RECORDS):
                field = read[number // _BROKEN_IN % len(read)]
                self._crowd.fields.add(field)
                broken = {**last, field: f"for {next(self._people).name}"}
                joined[name] = [*records[:-1], broken]
        return joined

    def files(self, folder: Path) -> Iterator[Path]:
        """Crowd the files that the sandbox wrote below its folder, and name them.

        A file of each log is moved to where its name is a person's.
        """
        for name, (crowded, named) in _FILES.items():
            found = sorted(path for path in (folder / name).rglob("*") if path.is_file())
            for number, path in enumerate(found):
                person = next(self._people)
                lines = path.read_text(encoding="utf-8").split("\n")
                more = (
                    [] if number else [person.name, json.dumps(person.email), f'["{person.login}"]']
                )
                text = "\n".join([*more, *(self._line(line, crowded) for line in lines)])
                path.write_text(text, encoding="utf-8")
                yield path if number else _moved(path, named(folder / name, person))

    def _line(self, line: str, crowded: "Callable[[EstateCrowd, Json], Json]") -> str:
        try:
            said: Json = json.loads(line)
        except ValueError:
            return line  # still being written
        spaced = line.startswith('{"') and '": ' in line
        separators = (", ", ": ") if spaced else (",", ":")
        return json.dumps(crowded(self, said), separators=separators)

    def object(self, said: Json) -> Json:
        """Crowd an object of any log; some of those who work do so in their own folder."""
        person = next(self._people)
        if isinstance(said, Mapping) and "cwd" in said and person in PEOPLE[:_AT_HOME]:
            said = {**said, "cwd": f"/home/{person.login}"}
        return self._crowd.joined(said)

    def export(self, said: Json) -> Json:
        """Crowd an export of telemetry: more attributes, for its own words are read by name."""
        if isinstance(said, list):
            return [self.export(one) for one in said]
        if not isinstance(said, Mapping):
            return said
        joined = {key: self.export(value) for key, value in said.items()}
        attributes = joined.get("attributes")
        if isinstance(attributes, list):
            joined["attributes"] = [*attributes, *self._attributes()]
        if "resource" in joined or "body" in joined or "spanId" in joined:
            joined |= self._crowd.extras()
        return joined

    def _attributes(self) -> Iterator[Json]:
        person, other = next(self._people), next(self._people)
        for key, text in (
            ("enduser.id", person.email),
            ("host.name", f"laptop-of-{person.login}"),
            ("process.owner", person.login),
            ("gen_ai.input.messages", self._crowd.text("asked by")),
            (person.name, other.jira_id),
            (other.login, str(other.github_id)),
        ):
            yield {"key": key, "value": {"stringValue": text}}
        many: list[Json] = [{"stringValue": other.name}]
        yield {"key": "people", "value": {"arrayValue": {"values": many}}}
        pairs: list[Json] = [{"key": other.name, "value": {"stringValue": person.email}}]
        yield {"key": "owner", "value": {"kvlistValue": {"values": pairs}}}


@contextmanager
def spoilt_files(folder: Path, person: Person) -> Iterator[None]:
    """Spoil every log below the sandbox's folder in its own way, with a person's name.

    They are gone afterwards, until the sandbox writes them again.
    """
    said = json.dumps({"type": "assistant", "message": person.name, person.login: [person.email]})
    spoilt = {
        log_lines.FOLDER: f"{person.name}\n".encode("utf-16"),
        claude_code.FOLDER: f"{person.name}\n{person.email}\n".encode("utf-16"),
        codex.FOLDER: f'{{"timestamp": "token_count", "{person.name}"\n'.encode() * _MANY,
        otlp.FOLDER: f'{{"resourceLogs": "{person.email}\xff'.encode("latin-1") * _MANY,
        gateway_rows.FOLDER: f"{said}\n".encode() * _MANY,
    }
    for name, data in spoilt.items():
        for path in (folder / name).rglob("*"):
            if path.is_file():
                path.write_bytes(data)
    yield
    for name in spoilt:
        shutil.rmtree(folder / name)


def _in_turn() -> Iterator[Person]:
    while True:
        yield from PEOPLE


def _moved(path: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return path.rename(target)


#: Folder -> how a line of it is crowded, and where a file stands that is called after a person.
_FILES: Mapping[str, tuple[Callable[[EstateCrowd, Json], Json], Callable[[Path, Person], Path]]] = {
    claude_code.FOLDER: (
        EstateCrowd.object,
        lambda folder, person: folder / f"-home-{person.login}" / f"{person.name}.jsonl",
    ),
    codex.FOLDER: (
        EstateCrowd.object,
        lambda folder, person: folder / person.login / f"rollout-{person.name}.jsonl",
    ),
    otlp.FOLDER: (EstateCrowd.export, lambda folder, person: folder / f"{person.login}.jsonl"),
    gateway_rows.FOLDER: (
        EstateCrowd.object,
        lambda folder, person: folder / f"{person.name}.ndjson",
    ),
}
