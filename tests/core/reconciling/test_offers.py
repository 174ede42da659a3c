"""R19: a steady discount becomes one line of sources.yaml, offered as a diff."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.load import load_config
from config.shapes.sources import Issuer
from tasks.core.books import BreakClass
from tasks.core.contract_diff import contract_diff, with_contract_line
from tasks.core.errors import ConfigError
from tasks.core.prices import compile_card, seen_in
from tasks.core.reconciling.breaks import Legs
from tasks.core.reconciling.buckets import Bucket
from tasks.core.reconciling.offers import ContractOffer, offers_of
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.reconciling.tolerance import Tolerance
from tests.core.factories import ISSUER, MODEL, SKU, charge, legs, night, usage

CONFIG = Path(__file__).parents[3] / "config"
FIRST = date(2026, 11, 1)
DAYS = tuple(FIRST + timedelta(days=number) for number in range(12))
#: What the card prices a day's usage at.
PRICED = 1_000_000
TOLERANCE = Tolerance(10_000_000, 5, 1000)


def bucket(day: date, billed_nano: int, **fields: Any) -> Bucket:
    values: dict[str, Any] = {
        "metered_nano": PRICED,
        "has_usage": True,
        "has_charge": True,
        "sku": SKU,
        **fields,
    }
    return Bucket("anthropic", "main", day, billed_nano=billed_nano, **values)


def offered(
    buckets: Sequence[Bucket],
    contract: Sequence[Mapping[str, object]] = (),
    known: Legs | None = None,
) -> list[ContractOffer]:
    issuer = Issuer.model_validate({"id": "anthropic", "contract": list(contract)})
    return [*offers_of(buckets, [issuer], known or legs(*DAYS), lambda _, __: TOLERANCE)]


def billed(*parts: int) -> list[Bucket]:
    return [bucket(day, part) for day, part in zip(DAYS, parts, strict=False)]


def test_ten_days_at_one_share_of_the_price_are_offered_as_a_factor() -> None:
    found = offered(billed(*[850_000] * 10))

    assert found == [ContractOffer("anthropic", MODEL, Decimal("0.8500"), 10, FIRST)]
    assert offered(billed(*[850_000] * 9)) == []


@pytest.mark.parametrize(("last", "days"), [(1_503_000, 10), (1_503_001, 0)])
def test_a_day_may_lie_two_thousandths_from_the_median(last: int, days: int) -> None:
    found = offered(billed(*[1_500_000] * 9, last))

    assert sum(one.days for one in found) == days


@pytest.mark.parametrize(("part", "is_offered"), [(995_000, False), (994_999, True)])
def test_a_share_within_the_tolerance_of_one_is_none(part: int, is_offered: bool) -> None:
    assert bool(offered(billed(*[part] * 10))) == is_offered


def test_the_newest_days_that_agree_count_from_where_the_price_changed() -> None:
    (found,) = offered(billed(1_000_000, 1_000_000, *[800_000] * 10))
    assert (found.from_day, found.days, found.factor) == (DAYS[2], 10, Decimal("0.8000"))

    assert offered(billed(*[800_000] * 11, 1_000_000)) == []


def test_the_factor_has_four_decimals_half_even() -> None:
    (found,) = offered(billed(*[833_350] * 5, *[833_250] * 5))
    assert found.factor == Decimal("0.8333")
    (found,) = offered(billed(*[800_150] * 10))
    assert found.factor == Decimal("0.8002")


@pytest.mark.parametrize(
    "fields",
    [
        {"has_charge": False},
        {"has_usage": False},
        {"unpriced_tokens": 7},
        {"metered_nano": 0},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_day_with_anything_that_cannot_be_compared_does_not_count(fields: Any) -> None:
    other = f"{MODEL}·batch·0-200k"
    buckets = [*billed(*[850_000] * 10), bucket(FIRST, 850_000, **{"sku": other, **fields})]
    if "metered_nano" in fields:
        buckets = [bucket(day, 850_000, metered_nano=0) for day in DAYS]

    assert offered(buckets) == []


@pytest.mark.parametrize("leg", ["usage", "charges"])
def test_days_that_are_not_complete_do_not_count(leg: str) -> None:
    complete: dict[str, Any] = {leg: {("anthropic", day) for day in DAYS[1:]}}

    assert offered(billed(*[850_000] * 10), known=legs(*DAYS, **complete)) == []


def test_money_back_and_free_use_are_no_discount() -> None:
    assert offered(billed(*[-850_000] * 12)) == []
    assert offered(billed(*[0] * 12)) == []
    assert offered(billed(*[40] * 12)) == [], "that factor would read 0.0000"


def test_tiers_and_accounts_of_a_model_are_summed_by_day() -> None:
    other = {"sku": f"{MODEL}·batch·0-200k", "metered_nano": PRICED // 2}
    tiers = [bucket(day, 250_000, **other) for day in DAYS[:10]]

    (found,) = offered([*billed(*[800_000] * 10), *tiers])

    assert found.factor == Decimal("0.7000")


LINE = {"model": "claude-*", "from": "2026-01-01"}


@pytest.mark.parametrize(
    ("contract", "factor"),
    [
        ([{**LINE, "factor": "0.9"}], "0.7650"),
        ([{**LINE, "factor": "0.9"}, {**LINE, "per_million": "3"}], "0.7650"),
        ([{**LINE, "factor": "0.9", "to": "2026-10-31"}], "0.8500"),
        ([{**LINE, "factor": "0.9", "model": "gpt-*"}], "0.8500"),
        ([{**LINE, "per_million": "3"}], None),
        ([{**LINE, "factor": "0.9", "kind": "output"}], None),
        ([{**LINE, "factor": "0.9", "from": "2026-11-05"}], None),
        ([{**LINE, "factor": "0.9", "to": "2026-11-05"}], None),
        ([{**LINE, "factor": "0.9", "from": "2027-01-01"}], None),
        ([{**LINE, "factor": "0.9"}, {**LINE, "factor": "0.8", "from": "2027-01-01"}], None),
    ],
)
def test_a_factor_in_force_is_multiplied_and_other_contracts_are_left_alone(
    contract: list[dict[str, str]], factor: str | None
) -> None:
    found = offered(billed(*[850_000] * 10), contract)

    assert [one.factor for one in found] == ([Decimal(factor)] if factor else [])


def test_merging_the_offer_ends_the_breaks_and_the_offer() -> None:
    metered = [usage(1_000_000, day=day) for day in DAYS]
    charges = [charge(4_250_000_000, day=day) for day in DAYS]  # of 5 for a million tokens

    before = reconcile(night([], metered, charges, legs=legs(*DAYS)))

    (offer,) = before.offers
    assert (offer.model, offer.factor, offer.days) == (MODEL, Decimal("0.8500"), 12)
    assert {one.break_class for one in before.breaks} >= {BreakClass.PRICE_OR_VOLUME}
    line = {"model": offer.model, "factor": str(offer.factor), "from": offer.from_day}
    issuer = ISSUER.model_copy(
        update={"contract": Issuer.model_validate({"id": "x", "contract": [line]}).contract}
    )
    after = reconcile(
        night(
            [],
            metered,
            charges,
            legs=legs(*DAYS),
            issuers=[issuer],
            card=compile_card([issuer], seen_in([], metered)),
        )
    )
    assert after.offers == ()
    assert not {one.break_class for one in after.breaks} & {BreakClass.PRICE_OR_VOLUME}


OFFER = ContractOffer("anthropic", "claude-opus-5", Decimal("0.8500"), 12, FIRST)
HAIKU = ContractOffer("anthropic", "claude-haiku-4-5", Decimal("0.9000"), 10, FIRST)
OPENAI = ContractOffer("openai", "gpt-6*", Decimal("1.1000"), 10, FIRST)


def test_the_diff_of_the_shipped_file_applies_and_loads(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    text = (folder / "sources.yaml").read_text()

    diff = contract_diff(text, [OPENAI, OFFER, HAIKU])

    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, check=True)  # noqa: S607
    was, now = load_config(CONFIG).sources, load_config(folder).sources
    anthropic, openai = (issuer.contract for issuer in now.issuers[:2])
    assert [str(line.factor) for line in anthropic] == ["0.9000", "0.8500", "0.90"]
    assert [(line.model, str(line.factor)) for line in openai] == [("gpt-6[*]", "1.1000")]
    assert now.sources == was.sources
    added = [line[1:] for line in diff.splitlines() if line.startswith("+") and line[1] != "+"]
    assert added == [
        '      - {model: claude-haiku-4-5, factor: "0.9000", from: 2026-11-01}',
        '      - {model: claude-opus-5, factor: "0.8500", from: 2026-11-01}',
        "    contract:",
        '      - {model: "gpt-6[*]", factor: "1.1000", from: 2026-11-01}',
    ]
    assert not [line for line in diff.splitlines() if line.startswith("-") and line[1] != "-"]


ADDED = '{model: claude-opus-5, factor: "0.8500", from: 2026-11-01}'
TAIL = "sources:\n- {name: logs, type: agent_log, paths: [a]}\n"


STYLES = {
    "empty list": """
issuers:
- id: anthropic
  contract: [<,>]  # none
""",
    "list on two lines": """
issuers:
- id: anthropic
  contract: [<,, >
    {model: x, factor: 1, from: 2026-01-01}]
""",
    "all in one line": """
issuers: [{<contract: [,], >id: anthropic, currency: USD}]
""",
    "contract first": """
issuers:
  - contract:  # ours
<    - ,
>    - model: x
      factor: '1'
      from: 2026-01-01
    id: anthropic
""",
    "no contract": """
issuers:
  - id: anthropic  # first
<    contract:
      - ,
>
    # next
  - id: other
""",
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_line_is_written_in_the_style_of_the_file(style: str, newline: str) -> None:
    # What stands between angle brackets is added, the line itself in place of the first comma.
    whole = f"version: 1{STYLES[style]}{TAIL}".replace("\n", newline)
    before, part, after = re.split("[<>]", whole)

    changed = with_contract_line(f"{before}{after}", OFFER)

    assert changed == f"{before}{part.replace(',', ADDED, 1)}{after}"


def test_a_file_that_ends_with_the_issuer_and_without_a_line_end_stays_so(tmp_path: Path) -> None:
    text = f"version: 1\n{TAIL}issuers:\n- id: anthropic"
    (tmp_path / "sources.yaml").write_text(text)

    diff = contract_diff(text, [OFFER], name="sources.yaml")

    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, check=True)  # noqa: S607
    assert (tmp_path / "sources.yaml").read_text() == with_contract_line(text, OFFER)
    assert with_contract_line(text, OFFER) == f"{text}\n  contract:\n    - {ADDED}"


def test_a_model_that_would_read_as_something_else_is_quoted() -> None:
    text = f"version: 1\nissuers: [{{id: anthropic}}]\n{TAIL}"

    for model in ("true", "4", "a: b", "gpt-[x]?", "x-}", 'say-"hi"', "größe-1"):
        offer = ContractOffer("anthropic", model, Decimal("0.5000"), 10, FIRST)
        assert "contract: [{model: " in with_contract_line(text, offer)


def test_what_cannot_be_extended_is_refused_with_the_line_to_add() -> None:
    block = f"version: 1\n{TAIL}issuers:\n- currency: USD\n  id: |-\n    anthropic\n"
    with pytest.raises(ConfigError, match=r"put .model: claude-opus-5.* by hand"):
        with_contract_line(f"{block}- id: openai\n", OFFER)
    unlisted = ContractOffer("unlisted", "m", Decimal(1), 10, FIRST)
    with pytest.raises(ConfigError, match="no issuer 'unlisted'"):
        with_contract_line(block, unlisted)
    shipped = (CONFIG / "sources.yaml").read_text()
    assert contract_diff(shipped, [unlisted, OFFER]) == contract_diff(shipped, [OFFER])


def test_without_offers_there_is_no_diff() -> None:
    assert contract_diff((CONFIG / "sources.yaml").read_text(), []) == ""
