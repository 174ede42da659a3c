"""Write a change of a workflow's stage into the text of catalog.yaml, as a diff for people.

One dated line, and one of its family's production budget if that has to grow: comments, order,
quoting and line ends of the file stay as they are, and no earlier day moves.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from pydantic import ValidationError

from config.catalog_checks import catalog_misfits
from config.shapes.base import Stage
from config.shapes.catalog import Catalog, Workflow
from config.yaml_builder import Yaml
from config.yaml_lines import parse_document
from tasks.core.budgeting.budget_offers import STEP_NANO, BudgetOffer
from tasks.core.budgeting.catalog_diff import CATALOG_PATH, offer_insertions, offer_line
from tasks.core.errors import ConfigError
from tasks.core.money import NANO
from tasks.core.review.budget_move import BudgetMove
from tasks.core.yaml_places import (
    appended,
    item_of,
    root_of,
    text_diff,
    value_of,
    with_insertions,
)

_FILE = "catalog.yaml"
_CHANGED = ("+", "-")
#: How long a provisional stage is offered for.
_A_QUARTER = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage of a workflow from a day on, as it goes into the catalog.

    Attributes:
        until: Last day; a provisional or sunset stage needs it.
        cap: Monthly cap in whole currency units; a provisional stage needs it.
    """

    from_day: date
    stage: Stage
    until: date | None = None
    cap: Decimal | None = None

    def text(self) -> str:
        """Spell it as the YAML of a stage entry."""
        until = "" if self.until is None else f", until: {self.until}"
        cap = "" if self.cap is None else f', cap: "{self.cap:f}"'
        return f"{{from: {self.from_day}, stage: {self.stage.value}{until}{cap}}}"

    def plain(self) -> dict[str, Yaml]:
        """Give what reading that text gives."""
        entry: dict[str, Yaml] = {"from": self.from_day, "stage": self.stage.value}
        if self.until is not None:
            entry["until"] = self.until
        if self.cap is not None:
            entry["cap"] = f"{self.cap:f}"
        return entry


@dataclass(frozen=True, slots=True)
class Patch:
    """A change of catalog.yaml that is proposed.

    Attributes:
        text_before, text_after: The whole file, without and with the change.
        diff: Unified, as `git apply` takes it.
        lines_changed: Added and removed lines of the diff together.
    """

    text_before: str
    text_after: str
    diff: str
    lines_changed: int


def first_day(workflow: Workflow, after: date) -> date:
    """Give the first day that a new stage may begin on: no day that has passed is judged anew.

    Args:
        workflow: As in the catalog in force.
        after: Last day on which the patch may still be merged, or today.
    """
    return max(after, *(entry.from_day for entry in workflow.stages)) + timedelta(days=1)


def provisional_line(move: BudgetMove, from_day: date) -> StageLine:
    """Offer a provisional stage: for a quarter, capped at the next hundred of what moves."""
    cap_nano = max(-(-move.monthly_nano // STEP_NANO), 1) * STEP_NANO
    cap = (Decimal(cap_nano) / NANO).quantize(Decimal("0.01"))
    return StageLine(from_day, Stage.PROVISIONAL, from_day + _A_QUARTER, cap)


def promotion_patch(
    text: str,
    workflow_id: str,
    *,
    from_day: date,
    stage: Stage,
    until: date | None = None,
    cap: Decimal | None = None,
    budget: BudgetMove | None = None,
    name: str = CATALOG_PATH,
) -> Patch:
    """Add a stage to a workflow, and the budget line that goes with it.

    Promotion, extension, demotion and sunset are all such a line.

    Args:
        text: Of a `catalog.yaml` that could be loaded.
        workflow_id: Whose stage changes.
        from_day: First day of the stage, after every entry that stands (see `first_day`).
        stage: The new one.
        until: Last day, where the stage has one.
        cap: Monthly cap, where the stage has one.
        budget: What moves; its budget line is added if it offers one.
        name: Path of the file, as the diff shall name it.

    Raises:
        ConfigError: The text has no such workflow, its catalog would not take the stage, or it is
            written in a way that cannot be extended; says which line to add by hand.
    """
    line = StageLine(from_day, stage, until, cap)
    offer = None if budget is None else budget.offer
    before = _read(text)
    wanted = _with_entries(before, workflow_id, line, offer)
    _check_lawful(before, wanted, workflow_id, line)
    root = root_of(text)
    workflow = item_of(value_of(root, "workflows"), workflow_id)
    insertions = appended(text, value_of(workflow, "stages"), line.text())
    if offer is not None:
        insertions += offer_insertions(text, root, offer)
    after = with_insertions(text, insertions)
    if _plain(after) != wanted:
        lines = f"{line.text()} last in the stages of workflow {workflow_id!r}"
        if offer is not None:
            lines += (
                f", and {offer_line(offer)} last in the budgets of family {offer.name.family!r}"
            )
        message = f"{_FILE} is written in a way that a line cannot be added to: put {lines} by hand"
        raise ConfigError(message)
    diff = text_diff(text, after, name)
    # The first two lines name the file, in the same signs.
    changed = [one for one in diff.split("\n")[2:] if one.startswith(_CHANGED)]
    return Patch(text, after, diff, len(changed))


@lru_cache(maxsize=1)
def _read(text: str) -> dict[str, Yaml]:
    """Read a catalog; the last one is kept, for many patches of one file, and never changed."""
    plain = _plain(text)
    if not isinstance(plain, dict):
        message = f"{_FILE} cannot be read: run `graduand check`, and mend what it names"
        raise ConfigError(message)
    return plain


def _plain(text: str) -> Yaml:
    """Read what a text says; nothing if it is no YAML as the configuration has it."""
    document = parse_document(_FILE, text.encode())
    return None if document.problems else document.value


def _with_entries(
    catalog: dict[str, Yaml], workflow_id: str, line: StageLine, offer: BudgetOffer | None
) -> dict[str, Yaml]:
    """Give what the file shall say: what it says, and the new entries."""
    wanted = _with_entry(catalog, "workflows", workflow_id, "stages", line.plain())
    if offer is None:
        return wanted
    entry: dict[str, Yaml] = {
        "from": offer.from_day,
        "pool": offer.name.pool,
        "amount": str(offer.amount()),
    }
    return _with_entry(wanted, "families", offer.name.family, "budgets", entry)


def _with_entry(
    catalog: dict[str, Yaml], section: str, name: str, key: str, entry: dict[str, Yaml]
) -> dict[str, Yaml]:
    """Add an entry to a list of one item; the catalog itself stays as it is."""
    items = catalog.get(section)
    changed: list[Yaml] = list(items) if isinstance(items, list) else []
    for at, item in enumerate(changed):
        if isinstance(item, dict) and item.get("id") == name:
            entries = item.get(key)
            if isinstance(entries, list):
                changed[at] = {**item, key: [*entries, entry]}
                return {**catalog, section: changed}
    message = f"{_FILE} has no {key} of {name!r} among its {section}: add them first"
    raise ConfigError(message)


def _check_lawful(
    before: dict[str, Yaml], wanted: dict[str, Yaml], workflow_id: str, line: StageLine
) -> None:
    """Refuse a stage that `graduand check` would refuse; what is wrong already is not asked."""
    try:
        known = set(catalog_misfits(Catalog.model_validate(before)))
        new = [one for one in catalog_misfits(Catalog.model_validate(wanted)) if one not in known]
    except ValidationError as error:
        message = f"{_FILE} cannot be loaded: run `graduand check`, and mend what it names"
        raise ConfigError(message) from error
    if new:
        what = "; ".join(f"{one.path[-1]} {one.message}" for one in new)
        message = f"workflow {workflow_id!r} cannot be {line.stage} from {line.from_day}: {what}"
        raise ConfigError(message)
