"""The shapes of flow parameters: what the run form in the Prefect UI shows and refuses."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from config.load import load_config
from config.settings import settings_from_environment
from config.shapes.finance import Period
from tasks.core.plan import MAX_WINDOW_DAYS

#: No vendor of agents had billed anybody before; an earlier day is a typing error, too.
EARLIEST = date(2020, 1, 1)


class Window(BaseModel):
    """Days to reconcile, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: date = Field(description="First vendor day to reconcile, e.g. 2026-11-01.")
    end: date = Field(description="Last vendor day to reconcile, the same or later.")

    @model_validator(mode="after")
    def _is_a_sensible_range(self) -> Self:
        if self.end < self.start:
            message = (
                f"the window ends ({self.end}) before it starts ({self.start}): "
                "put the earlier day first"
            )
            raise ValueError(message)
        if self.start < EARLIEST:
            message = f"the window starts on {self.start}: no vendor billed before {EARLIEST.year}"
            raise ValueError(message)
        days = (self.end - self.start).days + 1
        if days > MAX_WINDOW_DAYS:
            message = (
                f"the window {self.start} to {self.end} is {days} days long; "
                f"at most {MAX_WINDOW_DAYS} are reconciled at once: split it"
            )
            raise ValueError(message)
        return self


def _has_time_zone(value: datetime) -> datetime:
    if value.utcoffset() is None:
        message = f"the moment {value.isoformat()} names no time zone: add one, e.g. a final Z"
        raise ValueError(message)
    return value


#: A moment to compute as of; one without a time zone could mean any of 24 hours.
Moment = Annotated[datetime, AfterValidator(_has_time_zone)]


#: A billing period, e.g. `2026-10`.
Month = Period


def _offered() -> tuple[list[str], list[str]]:
    """Name enabled sources and workflows; read when a flow loads, so that its form has them."""
    config = load_config(settings_from_environment().config_dir)
    sources = [source.name for source in config.sources.sources if source.enabled]
    return sources, [workflow.id for workflow in config.catalog.workflows]


#: What the forms offer; that of sources starts with all of them.
EVERY_SOURCE, EVERY_WORKFLOW = _offered()


def _is_offered(name: str) -> str:
    if name not in EVERY_SOURCE:
        message = f"{name!r} is not an enabled source of sources.yaml; there are: " + ", ".join(
            EVERY_SOURCE
        )
        raise ValueError(message)
    return name


def _is_in_catalog(name: str) -> str:
    if name not in EVERY_WORKFLOW:
        message = f"{name!r} is not a workflow of catalog.yaml; there are: " + ", ".join(
            EVERY_WORKFLOW
        )
        raise ValueError(message)
    return name


#: One workflow of `catalog.yaml`; the form shows them as choices.
WorkflowName = Annotated[
    str, AfterValidator(_is_in_catalog), Field(json_schema_extra={"enum": EVERY_WORKFLOW})
]

#: One enabled source of `sources.yaml`; the form shows them as choices.
SourceName = Annotated[
    str, AfterValidator(_is_offered), Field(json_schema_extra={"enum": EVERY_SOURCE})
]
