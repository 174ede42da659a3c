"""Put people into every text of an answer that a vendor lets people write, and beside it.

What the product reads as a closed word, an id, an instant or an amount stays as it is, so
that rows still get through; every list gets more records in which even that is a name.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from copy import copy
from itertools import cycle

from sandbox.people import PEOPLE, Person
from sandbox.wire import Json
from tests.privacy.marks import FURTHER

#: Members that are ids, closed words, instants, amounts or addresses to follow; everything else
#: is text that somebody may have written.
KEPT = frozenset(
    """
    accountType amount api_key_id cache_hit call_type closed_at commit_id commitHash commitTs
    completed_at conclusion context_window conversationId cost_type created created_at createdAt
    currency cursor custom_llm_provider customer_type data_refreshed_at date deploymentType
    end_cursor ending_at endTime environment event field fieldId from full_name head_sha id issueId
    key kind line_item list_amount merge_commit_sha merged_at model next_page nextPageToken org_id
    origin product project_id providedModelName quantity_unit repoName report_day resolutiondate
    service_tier service_user_id serviceAccountId session_id sha sku started_at starting_at
    startTime state state_reason status status_detail statuscategorychangedate submitted_at
    terminal_type timestamp to token token_type type unitType updated updated_at workspace_id
    """.split()  # noqa: SIM905  # one word a line would hide the rest of the module
)
#: Figures by name: any further member would be one more figure, and no number.
_FIGURES = frozenset({"acus_by_product", "costDetails", "usageDetails"})
#: Names of branches, which go on as text does not.
_BRANCHES = frozenset({"branch", "branchName", "gitBranch", "ref"})
#: Lists of short texts of which some are read.
_TAGS = frozenset({"request_tags", "tags"})
#: Lists whose items are records, each refused or kept on its own.
_RECORDS = frozenset(
    "check_runs comments deployments issues results statuses workflow_runs".split()  # noqa: SIM905  # one word a line would hide the rest
)
#: What a record is refused for, if it is no instant, state or amount.
_ESSENTIAL = ("created_at", "created", "amount", "model", "state", "status", "sha", "id")


class Crowd:
    """Hands out people in turn, and puts them into payloads.

    Attributes:
        fields: Names of the members that were given a person.
    """

    def __init__(self) -> None:
        self.fields: set[str] = set()
        self._kept = KEPT
        self._people = cycle(PEOPLE)
        self._further = cycle(FURTHER)

    def keeping(self, more: Collection[str]) -> "Crowd":
        """Give the same crowd for answers of which further members stay as they are."""
        other = copy(self)
        other._kept = self._kept.union(more)
        return other

    def joined(self, payload: Json) -> Json:
        """Give an answer with a person wherever one may stand."""
        if isinstance(payload, list):
            return self._records([self._joined(one) for one in payload])
        return self._joined(payload)

    def text(self, said: str) -> str:
        """Write a text that names people wherever a parser looks for hints."""
        person = next(self._people)
        name, login = person.name, person.login
        return (
            f"{said} {name} ({next(self._further)})\n\nFixes {login}/dotfiles#3, closes #4.\r\n"
            f"Reverts {login}/dotfiles#9\nCaused-by: {login}/x#5\nUsed-in: #6 {name}\n"
            f"Agent-Workflow: {name}\nCo-authored-by: {name} <{person.email}>\n"
            f"Co-authored-by: {name} <noreply@anthropic.com>\nSigned-off-by: {person.jira_id}\n"
        )

    def extras(self) -> dict[str, Json]:
        """Make members that no model knows, named after people, with people in them."""
        person = next(self._people)
        return {
            "a_field_of_tomorrow": person.name,
            person.name: person.login,
            person.login: {person.email: [person.jira_id, person.github_id, next(self._further)]},
        }

    def _joined(self, said: Json) -> Json:
        if isinstance(said, Mapping):
            return self._object(said)
        return [self._joined(one) for one in said] if isinstance(said, list) else said

    def _object(self, said: Mapping[str, Json]) -> dict[str, Json]:
        if "login" in said or "accountId" in said or "displayName" in said:
            return self._account(said)
        joined: dict[str, Json] = {}
        for key, value in said.items():
            if key == "labels" and isinstance(value, list):
                joined[key] = [*value, *self._labels(value)]
            elif isinstance(value, list) and key in _RECORDS:
                joined[key] = self._records([self._joined(one) for one in value])
            elif key in _FIGURES:
                joined[key] = value
            elif key in _TAGS and isinstance(value, list):
                self.fields.add(key)
                joined[key] = [*self._labels(["tag"]), *value, *self._labels(["tag"])]
            elif isinstance(value, str) and value and key in _BRANCHES:
                self.fields.add(key)
                joined[key] = f"{value}-for-{next(self._people).login}"
            elif isinstance(value, str) and key not in self._kept:
                self.fields.add(key)
                joined[key] = self.text(value)
            elif value is None and key in {"description", "body", "milestone", "note"}:
                self.fields.add(key)
                joined[key] = self.text("")
            else:
                joined[key] = self._joined(value)
        return joined | self.extras()

    def _account(self, said: Mapping[str, Json]) -> dict[str, Json]:
        """Name another person; programs stay what they are."""
        if said.get("type") in {"Bot", "Organization"}:
            return dict(said)
        person = next(self._people)
        own = _identifiers(person)
        self.fields.update(own)
        own = {key: value for key, value in own.items() if key in said}
        return {**said, **own, **self.extras()}

    def _labels(self, labels: list[Json]) -> Iterator[Json]:
        person = next(self._people)
        names = (
            person.name,
            f"workflow:{person.name}!",
            f"caused-by: {person.login}/x#2",
            f"used-in:{person.login}/x#3",
            f"severity: {person.name}",
        )
        self.fields.add("labels")
        is_plain = bool(labels) and isinstance(labels[0], str)
        for name in names:
            yield name if is_plain else {"name": name, "description": name}

    def _records(self, records: list[Json]) -> list[Json]:
        """Add one record of a list that a name makes unusable, and one that is nothing else."""
        broken: list[Json] = []
        for record in records[-1:]:
            if isinstance(record, Mapping):
                person = next(self._people)
                wrong = [key for key in _ESSENTIAL if key in record][:1]
                broken.append({**record, **dict.fromkeys(wrong, person.name)} if wrong else record)
                if "line_item" in record:
                    broken.append({**record, "line_item": f"for {person.name}, input"})
                if "api_key_id" in record:  # usable: a key that somebody named after themselves
                    broken.append({**record, "api_key_id": f"key_of_{person.login}"})
                broken.append(person.name)
                self.fields.update(wrong)
        return [*records, *broken] if broken and _is_records(records[-1]) else records


def _is_records(record: Json) -> bool:
    return isinstance(record, Mapping) and any(key in record for key in _ESSENTIAL)


def _identifiers(person: Person) -> dict[str, Json]:
    return {
        "login": person.login,
        "id": person.github_id,
        "name": person.name,
        "email": person.email,
        "key": person.login,
        "displayName": person.name,
        "emailAddress": person.email,
        "accountId": person.jira_id,
        "avatar_url": f"https://avatars.example/{person.login}",
        "html_url": f"https://github.example/{person.login}",
        "node_id": f"U_{person.login}",
    }


#: Whole lines a person; ten are refused.
_WHOLE_LINES = 12


def crowded_lines(crowd: Crowd, day: str) -> Iterator[str]:
    """Write lines of a change log for a day: whole ones, refused ones, and ones that are no record.

    Args:
        crowd: Hands out the people.
        day: ISO date, UTC.
    """
    for number, person in enumerate(PEOPLE):
        whole = _record(f"crowd-{day}-{number}", day, person) | crowd.extras()
        # More of them than of the others: a log that is mostly unreadable is refused as a whole.
        for again in range(_WHOLE_LINES):
            said = whole | {"run_id": f"{whole['run_id']}-{again}"}
            yield json.dumps(said, ensure_ascii=bool(number % 2))
        for field in ("process_id", "timestamp", "model", "tokens", "cost_usd", "purpose"):
            wrong = {"run_id": f"crowd-{day}-{number}-{field}", field: person.name}
            yield json.dumps({**whole, **wrong})
        yield person.name
        yield json.dumps(person.email)
        yield json.dumps([person.login])
        yield json.dumps(whole)[:-9]


def _record(run_id: str, day: str, person: Person) -> dict[str, Json]:
    name, login = person.name, person.login
    return {
        "process_id": "claims-router",
        "timestamp": f"{day}T10:00:00Z",
        "model": "anthropic:claude-haiku-4-5",
        "run_id": run_id,
        "tokens": {"input": 10, name: 1},
        "account": name,
        "decision": f"approved by {name}",
        "epoch": name,
        "failure_type": f"{name} was away",
        "human_escalation": name,
        "tools_invoked": ["git", name],
        "policy_checks": [person.email],
        "hooks": {name: "ok"},
        "layers": {"review": name},
        "inputs": {"lane": name, "ticket_id": f"for {name}", login: name},
        "repo": f"{login}/dotfiles",
        "branch": f"{login}/PAY-12-for-{login}",
        "work_item": f"{login}/dotfiles#4",
        "owner": person.email,
        "reviewer": name,
        "note": f"asked by {name} <{person.email}>",
    }
