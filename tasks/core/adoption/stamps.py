"""What to paste where work begins, so that runs and pull requests name their workflow.

A stamp is a claim that anybody can set: it is held against the catalog, never taken as proof of
who did it.
"""

import json
from typing import NamedTuple


class Stamp(NamedTuple):
    """A place for a workflow's id, and what to write there."""

    place: str
    text: str


def stamps_for(workflow: str) -> tuple[Stamp, ...]:
    """Spell every stamp of a workflow.

    Args:
        workflow: Its id; a slug, so that it needs no quoting anywhere.
    """
    resource = f"workflow={workflow}"
    settings = {"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_RESOURCE_ATTRIBUTES": resource}}
    return (
        Stamp(
            "Claude Code, Codex and other OpenTelemetry, in the job's environment",
            f'export OTEL_RESOURCE_ATTRIBUTES="{resource}"',
        ),
        Stamp(
            "Claude Code, in .claude/settings.json of the repository",
            json.dumps(settings, indent=2),
        ),
        Stamp("commits, as the last line of the message", f"Agent-Workflow: {workflow}"),
        Stamp("pull requests, as a label", f"workflow:{workflow}"),
        Stamp("LiteLLM, as a header of each request", f"x-litellm-tags: workflow:{workflow}"),
    )
