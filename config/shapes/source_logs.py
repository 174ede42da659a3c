"""Logs of agent runs: who worked on what, with how many tokens, by their own account."""

from typing import Literal

from pydantic import Field, field_validator

from config.shapes.base import BranchPrefix, Glob, Shape, Slug, Text, VendorId, Whole
from config.shapes.source_base import HttpSource, PathSource, SourceBase

#: Names of attributes, tags and metadata whose value is a workflow's id or stamp.
_STAMP_KEYS = ("workflow", "agent.workflow", "graduand.workflow")
# Attributes of OpenTelemetry that hold people.
_OF_PEOPLE = ("user.", "enduser.")


class AgentLogSource(SourceBase):
    """Change logs that agents write themselves, one JSON object a line."""

    type: Literal["agent_log"]
    paths: tuple[Glob, ...] = Field(
        min_length=1, description="Files or globs, from the work folder."
    )
    window_days: Whole = Field(31, ge=1, le=366, description="Trailing days; the longest counts.")
    precedence: Whole = Field(100, description="The lowest wins where two logs see the same spend.")
    default_accounts: dict[Slug, VendorId] = Field(
        {}, description="Account by issuer, for lines that name none."
    )
    input_keys: tuple[Slug, ...] = Field((), description="Keys of `inputs` that are kept.")
    work_item_key: Slug | None = Field(
        None, description="Key of `inputs` that names the work item, where the line does not."
    )
    branch_prefixes: tuple[BranchPrefix, ...] = Field(
        (), description="Branch prefixes that are kept, beside the catalog's and the agents' own."
    )
    repositories: tuple[Glob, ...] = Field(
        (),
        description="Repositories kept by name, beside those of the catalog and of GitHub sources; "
        "any other becomes a keyed digest, because it may be a person's.",
    )


class IssuerLine(Shape):
    """Which issuer bills a request; the first that fits holds."""

    provider: Glob = Field("*", description="Provider, as the log calls it.")
    model: Glob = Field("*", description="Model, as the log calls it.")
    issuer: Slug


class RequestLog(SourceBase):
    """A log of single requests, as agents, gateways and telemetry write them."""

    window_days: Whole = Field(31, ge=1, le=366, description="Trailing days; the longest counts.")
    precedence: Whole = Field(description="The lowest wins where two logs see the same spend.")
    default_accounts: dict[Slug, VendorId] = Field(
        {}, description="Account by issuer, for requests that name none."
    )
    issuers: tuple[IssuerLine, ...] = Field(
        (), description="Empty: the provider where it is an issuer, else as the model is known."
    )
    stamp_keys: tuple[Text, ...] = Field(
        _STAMP_KEYS,
        description="Attributes or tags (`workflow:<id>`) that name the workflow: a claim, held "
        "against the catalog.",
    )
    api_keys: tuple[VendorId, ...] = Field(
        (), description="Keys kept by id, beside the catalog's; any other becomes a keyed digest."
    )
    branch_prefixes: tuple[BranchPrefix, ...] = Field(
        (), description="Branch prefixes that are kept, beside the catalog's and the agents' own."
    )
    repositories: tuple[Glob, ...] = Field(
        (), description="Repositories kept by name, beside those declared elsewhere."
    )


class ClaudeCodeLogSource(RequestLog, PathSource):
    """Claude Code's local transcripts (`~/.claude/projects/**/*.jsonl`), gathered in a folder."""

    type: Literal["claude_code_log"]
    precedence: Whole = 110
    subscription_account: VendorId | None = Field(
        None, description="Account of a seat plan that all of this work runs on."
    )


class CodexLogSource(RequestLog, PathSource):
    """Codex's local sessions (`~/.codex/sessions/**/*.jsonl`), gathered in a folder."""

    type: Literal["codex_log"]
    precedence: Whole = 110
    subscription_account: VendorId | None = Field(
        None, description="Account of a seat plan that all of this work runs on."
    )


class OtelSource(RequestLog, PathSource):
    """OTLP JSON as a collector's file exporter writes it: Claude Code, Codex, GenAI conventions."""

    type: Literal["otel"]
    precedence: Whole = 120
    signal: Literal["events", "metrics"] = Field(
        "events", description="Metrics and events are two copies of one spend; one is read."
    )
    account_keys: tuple[Text, ...] = Field(
        (), description="Resource attributes that name the vendor's account."
    )

    @field_validator("stamp_keys", "account_keys")
    @classmethod
    def _no_person(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if key.startswith(_OF_PEOPLE):
                message = f"{key!r} is of a person, and is never read; name another attribute"
                raise ValueError(message)
        return keys


class LitellmSource(RequestLog, HttpSource):
    """Spend logs of a LiteLLM proxy, over its API."""

    type: Literal["litellm"]
    precedence: Whole = 130


class LitellmFileSource(RequestLog, PathSource):
    """Spend logs of a LiteLLM proxy as NDJSON, exported from its database."""

    type: Literal["litellm_file"]
    precedence: Whole = 130


class LangfuseSource(RequestLog, HttpSource):
    """Observations of Langfuse."""

    type: Literal["langfuse"]
    precedence: Whole = 140
    public_key: VendorId = Field(description="Public half of the key; `secret` names the other.")


class ClaudeCodeAnalyticsSource(RequestLog, HttpSource):
    """Anthropic's Claude Code analytics: one estimate a day, actor and model."""

    type: Literal["claude_code_analytics"]
    precedence: Whole = 900
    subscription_account: VendorId | None = Field(
        None, description="Account of the seat plan that subscribers work on."
    )
