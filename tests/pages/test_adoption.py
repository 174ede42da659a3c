"""A first day is told whole: as wide as the terminal, and no name from outside moves it."""

from dataclasses import replace
from datetime import date

import pytest

from tasks.core.adoption.account_money import AccountKey, AccountMoney, KeyUse
from tasks.core.adoption.adoption import Adoption, Pulls
from tasks.core.adoption.as_json import adoption_json
from tasks.core.adoption.drafts import Taken, drafts_of
from tasks.core.adoption.next_steps import Step, StepKind
from tasks.core.plan import Failure
from tasks.core.totals import Coverage
from tasks.pages.adoption import adoption_text
from tasks.pages.adoption_report import adoption_report
from tests.core.adoption.seen import runs, several
from tests.pages.shown import foreign_markup

HOSTILE = "a\x1b[2J\u202e|<script>x</script>![i](http://x)`x`" + "long " * 30


def adoption(name: str = "proj_Lab", repository: str = "acme/engine") -> Adoption:
    """Make a first day in which every text from outside is `name` or `repository`."""
    items = several(0, 6, prefix="codex/", vendor="codex", repository=repository)
    drafts = drafts_of(items, Taken(), [runs("sort-mail-by-lane-and-customer-and-hour")]).drafts
    key = AccountKey("acme", name, "USD")
    step = Step(StepKind.OWNER, name, "acme", "codex", "9 of 9", 40_000_000_000, "USD", 404_999)
    others = [replace(step, kind=kind, points_ppm=None, amount_nano=None) for kind in StepKind]
    return Adoption(
        start=date(2026, 10, 20),
        end=date(2026, 11, 19),
        pulls=Pulls(9, 8, 1, 1, 2, (("codex", 6), (name, 1)), 3),
        drafts=drafts,
        accounts=(
            AccountMoney(
                key,
                10**11,
                4 * 10**10,
                0,
                ((name, 10**11),),
                (KeyUse(name, 5, 9, "codex"),),
                9,
                (("", 9),),
            ),
        ),
        before=(Coverage("USD", 0, 0, 10**11),),
        after=(Coverage("USD", 0, 6 * 10**10, 4 * 10**10),),
        steps=(step, *others),
        catalog="version: 1\n",
        diff="",
        failures=(Failure("forge", "pulls", name),),
        missing=(f"{name} 2026-11-01",),
    )


@pytest.mark.parametrize("width", [80, 98])
@pytest.mark.parametrize("name", ["proj_Lab", HOSTILE])
def test_a_terminal_gets_lines_of_its_width_and_nothing_that_moves_it(
    name: str, width: int
) -> None:
    day = adoption(name, name)
    models = tuple((f"{name}-{number}", 10) for number in range(12))
    day = replace(day, accounts=(*day.accounts, replace(day.accounts[0], models=models)))

    told = adoption_text(day, width)

    assert all(len(line) <= width for line in told.splitlines()), max(told.splitlines(), key=len)
    assert all(char.isprintable() or char == "\n" for char in told)


def test_the_terminal_says_what_matters_with_its_figures() -> None:
    told = adoption_text(adoption())

    for words in (
        "9 pull requests, at least 8 of them by agents (a lower bound)",
        "codex 6",
        "explained: 0 % today, 60 % with the draft (USD)",
        "acme proj_Lab",
        "1.  <= +40.4       $40.00  declare acme proj_Lab as owned by codex (9 of 9)",
        "codex: match: {accounts: [proj_Lab]}",
        "6 merged, 0 closed, 0 open; of 6 matured 6 good, 0 failed",
        "stamp of 9 logged runs",
        'export OTEL_RESOURCE_ATTRIBUTES="workflow=codex"',
        "and so for sort-mail-by-lane-and-customer-and-hour",
        "not read   forge pulls",
        "missing    1 source-day: proj_Lab 2026-11-01",
    ):
        assert words in told


def test_the_report_holds_every_step_draft_and_stamp_and_no_markup_from_outside() -> None:
    report = adoption_report(adoption(HOSTILE, HOSTILE))

    assert foreign_markup(report) == []
    assert "\x1b" not in report
    plain = adoption_report(adoption())
    assert plain.count("x-litellm-tags: workflow:") == 2
    assert "codex: 9 logged runs" in plain.replace("\\", "")
    assert "3 of them carry no stamp" in plain
    assert "Agent-Workflow: sort-mail-by-lane-and-customer-and-hour" in plain
    for number in range(1, 2 + len(StepKind)):
        assert f"| {number} |" in plain


def test_the_report_names_few_missing_days_and_the_ends_of_many() -> None:
    missing = [f"acme 2026-11-{day:02}" for day in range(1, 20)]
    day = replace(adoption(), missing=(*missing, "forge 2026-11-07", "forge 2026-11-05"))

    report = adoption_report(day).replace("\\", "")

    assert "- missing: acme 19 days from 2026-11-01 to 2026-11-19\n" in report
    assert "- missing: forge 2026-11-05, 2026-11-07\n" in report
    assert "| 1 | ≤+40.4 | $40.00 |" in report


def test_a_day_without_money_or_drafts_is_told_too() -> None:
    empty = replace(adoption(), drafts=(), accounts=(), steps=(), before=(), after=(), failures=())

    assert "No usage charge was read" in adoption_text(empty)
    assert "paste" not in adoption_text(empty)
    assert "Nothing is left to explain" in adoption_report(empty)


def test_programs_get_amounts_as_exact_text() -> None:
    told = adoption_json(adoption())

    (account,) = told["accounts"]
    assert (account["billed"], account["unexplained"]) == ("100.000000000", "40.000000000")
    assert account["models"] == [["proj_Lab", "100.000000000"]]
    assert told["steps"][0]["amount"] == "40.000000000"
    assert told["steps"][1]["amount"] is None
    assert told["drafts"][0]["from_day"] == "2026-11-02"
    assert not {"catalog", "diff"} & set(told)
