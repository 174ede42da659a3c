"""The calendar of everything that hurts: what is scripted, and when.

Days are UTC. A night reads the 31 days before it; the three nights of the showcase see
the same day in different states where a moment below lies between them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

#: Generated days, ends included; the calendar proper starts on 2026-10-20.
FIRST_DAY = date(2026, 10, 15)
LAST_DAY = date(2026, 11, 22)

#: The nights of the showcase.
NIGHTS = (
    datetime(2026, 11, 18, 4, tzinfo=UTC),
    datetime(2026, 11, 19, 4, tzinfo=UTC),
    datetime(2026, 11, 20, 4, tzinfo=UTC),
)
BETWEEN_FIRST_AND_SECOND = datetime(2026, 11, 18, 12, tzinfo=UTC)
BETWEEN_SECOND_AND_THIRD = datetime(2026, 11, 19, 12, tzinfo=UTC)

#: How long after the end of its day a vendor shows usage and cost.
USAGE_LAG = timedelta(minutes=5)
COST_LAG = {"anthropic": timedelta(days=1), "openai": timedelta(hours=2)}

CODE_EXECUTION_DAY = date(2026, 10, 22)
CODE_EXECUTION_OWNED_DAY = date(2026, 10, 23)
WEB_SEARCH_DAY = date(2026, 10, 24)
UNKNOWN_MODEL_DAY = date(2026, 10, 26)
PRIORITY_DAY = date(2026, 10, 27)
USAGE_GAP_DAY = date(2026, 10, 28)
VOLUME_DAY = date(2026, 10, 29)
OVERLOGGED_DAY = date(2026, 10, 30)
FAR_OVERLOGGED_DAY = date(2026, 10, 31)
MIDNIGHT_DAY = date(2026, 11, 2)
NUMERIC_STRING_DAYS = (date(2026, 11, 3), date(2026, 11, 12))
PRICE_DAY = date(2026, 11, 4)
RESTATED_DAY = date(2026, 11, 5)
FLAPPING_DAY = date(2026, 11, 6)
CREDIT_DAY = date(2026, 11, 7)
CONTRACT_SLIP_DAY = date(2026, 11, 8)
HALF_NANO_DAY = date(2026, 11, 9)
STAGE_CHANGE_DAY = date(2026, 11, 10)
MESSY_LOG_DAY = date(2026, 11, 11)
LOST_LOG_DAY = date(2026, 11, 12)
OWNED_WITHOUT_LOGS_DAYS = (date(2026, 11, 13), date(2026, 11, 14))
LATE_DAY = date(2026, 11, 16)
LATE_FILLED_AT = BETWEEN_SECOND_AND_THIRD
HALF_LINE_DAY = date(2026, 11, 17)
EXPLAINER_LOGS_FROM = date(2026, 11, 8)
BATCH_WEEKDAY = 0  # Monday
REVERTED_MERGE = datetime(2026, 10, 28, 10, tzinfo=UTC)
REVERT_MERGE = datetime(2026, 11, 11, 11, tzinfo=UTC)
REOPENED_AT = datetime(2026, 11, 12, 8, 30, tzinfo=UTC)
INCIDENT_CAUSED_AT = datetime(2026, 11, 11, 8, tzinfo=UTC)
INCIDENT_USED_AT = datetime(2026, 11, 13, 14, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One scripted thing: its name, its first day and one sentence."""

    name: str
    day: date
    what: str


CALENDAR: tuple[Item, ...] = (
    Item("code_execution", CODE_EXECUTION_DAY, "code execution billed, no usage; lab workspace"),
    Item("code_execution_owned", CODE_EXECUTION_OWNED_DAY, "the same in an owned workspace"),
    Item("web_search", WEB_SEARCH_DAY, "searches metered and billed: no break"),
    Item("unknown_model", UNKNOWN_MODEL_DAY, "usage and cost of a model no card prices"),
    Item("priority", PRIORITY_DAY, "priority-tier usage that the cost report leaves out"),
    Item("missing_day", USAGE_GAP_DAY, "Anthropic's usage report leaves the day out"),
    Item("volume", VOLUME_DAY, "OpenAI bills 3 % more tokens than it metered"),
    Item("weak", OVERLOGGED_DAY, "claims-router logs 1.3 times what was metered"),
    Item("far_beyond", FAR_OVERLOGGED_DAY, "claims-router logs 3 times what was metered"),
    Item("midnight", MIDNIGHT_DAY, "a run over midnight: metered on two days, logged on one"),
    Item("numeric_strings", NUMERIC_STRING_DAYS[0], "OpenAI sends amounts as strings"),
    Item("price", PRICE_DAY, "OpenAI bills gpt-5 above its list price"),
    Item("restated", RESTATED_DAY, "Anthropic restates the day before the third night"),
    Item("flapping", FLAPPING_DAY, "OpenAI: A, then B, then A again over the three nights"),
    Item("credit", CREDIT_DAY, "credits for an account and for the organisation"),
    Item("contract_slip", CONTRACT_SLIP_DAY, "sonnet billed at list in spite of the contract"),
    Item("half_nano", HALF_NANO_DAY, "an amount half way between two nano units"),
    Item("stage_change", STAGE_CHANGE_DAY, "flaky-test-fixer golden; a run spans the midnight"),
    Item("duplicate_lines", MESSY_LOG_DAY, "log lines written twice, also in another file"),
    Item("malformed_lines", MESSY_LOG_DAY, "a broken line and one with an impossible time"),
    Item("unlogged", LOST_LOG_DAY, "upgrade-guarded's log of the day is lost"),
    Item("owned_without_logs", OWNED_WITHOUT_LOGS_DAYS[0], "an owned key, and no log lines"),
    Item("late_day", LATE_DAY, "cost empty on two nights, filled on the third"),
    Item("half_line", HALF_LINE_DAY, "last line half-written on the first night"),
    Item("wrong_pool", FIRST_DAY, "key_InvoiceExplainer pays exploration from production"),
    Item("ad_hoc", FIRST_DAY, "runs that no layer resolves, in listed and unlisted workspaces"),
    Item("unknown_stamp", FIRST_DAY, "a stamp that the catalog does not know"),
    Item("stamped_item", FIRST_DAY, "runs that only their pull request's trailer explains"),
    Item("stamp_over_owner", FIRST_DAY, "claims-router's stamp in a workspace of claims-drafter"),
    Item("out_of_scope", FIRST_DAY, "ci-doctor outside its scope: exploration"),
    Item("null_workspace", FIRST_DAY, "usage and cost of the default workspace"),
    Item("sunset_over", date(2026, 11, 16), "upgrade-legacy goes on after its end"),
    Item("renamed_repository", date(2026, 11, 5), "yard-board becomes dock-scheduler"),
    Item("deleted_user", date(2026, 11, 1), "author, reviewer and fork of a pull request gone"),
    Item("revert", REVERT_MERGE.date(), "merged on 2026-10-28, taken back two weeks later"),
    Item("reopened_ticket", REOPENED_AT.date(), "done, then open again"),
    Item("incident_caused_by", INCIDENT_CAUSED_AT.date(), "an incident that a workflow caused"),
    Item("incident_used_in", INCIDENT_USED_AT.date(), "an incident fixed with an agent"),
)
