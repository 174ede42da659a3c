"""`graduand backtest` on what two looks have frozen: every byte again, and another policy."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cli.main import main
from tests.flows.weekly import MONDAY, NEXT_MONDAY, QUALIFIES, Week, case_of

#: Tier 1 asks for 70 %.
_STRICT = "  - tier: 1\n", '  - tier: 1\n    gate: {floor: "0.90"}\n'


@pytest.fixture
def history(week: Week) -> Week:
    """Give a week with two looks: before and after merges were taken back."""
    week.look()
    week.night(NEXT_MONDAY)
    week.look(NEXT_MONDAY)
    return week


@pytest.fixture
def strict(week: Week) -> Path:
    """Give a policy that would have waited for more."""
    policy = (week.stores.config / "policy.yaml").read_text(encoding="utf-8")
    assert policy.count(_STRICT[0]) == 1
    file = week.stores.folder / "strict.yaml"
    file.write_text(policy.replace(*_STRICT), encoding="utf-8")
    return file


def test_every_frozen_verdict_comes_out_again_byte_for_byte(
    history: Week, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = len(history.rows()["verdicts"])

    assert main(["backtest"]) == 0

    told = capsys.readouterr().out
    assert f"{looks} of {looks} frozen verdicts reproduce byte for byte" in told
    assert "0 would differ" in told


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_another_policy_is_told_with_what_happened_afterwards(
    history: Week, strict: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = history.rows()

    assert main(["backtest", "--policy", str(strict), "--workflow", QUALIFIES]) == 0

    told = capsys.readouterr().out
    assert "2 of 2 frozen verdicts reproduce" in told
    assert "1 would differ" in told
    assert f"{MONDAY:%Y-%m-%d}  {QUALIFIES}" in told
    assert "qualified -> not yet" in told
    assert "What happened afterwards" in told
    assert f"{QUALIFIES}: 1 later looks: not yet" in told
    assert history.rows() == before


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_command_that_a_ticket_names_judges_its_evidence_alone(
    week: Week, capsys: pytest.CaptureFixture[str]
) -> None:
    week.may_write()
    digest = case_of(week.look(opens_tickets=True)).digest
    (ticket,) = week.tickets()
    command = f"backtest --packet {digest}"
    assert f"graduand {command}" in ticket["text"]

    assert main(command.split()) == 0
    assert f"{digest} reproduces byte for byte" in capsys.readouterr().out
    assert main(["backtest", "--packet", "0" * 64]) == 1
    assert "no packet begins with" in capsys.readouterr().err


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_policy_that_cannot_be_read_is_told(
    history: Week, capsys: pytest.CaptureFixture[str]
) -> None:
    file = history.stores.folder / "broken.yaml"
    file.write_text("version: 1\nmatching: {far_beyond: two}\n", encoding="utf-8")

    assert main(["backtest", "--policy", str(file)]) == 1

    error = capsys.readouterr().err
    assert "broken.yaml" in error
    assert "far_beyond" in error


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_packet_that_was_changed_in_the_ledger_is_told(
    week: Week, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = case_of(week.look()).digest
    engine = create_engine(week.stores.database.owner_url)
    with engine.begin() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'evidence'"
        made = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'evidence'"
        again = connection.execute(text(made)).scalars().all()
        for name in connection.execute(text(guards)).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        better = text("UPDATE evidence SET body = replace(body, :was, :now) WHERE digest = :digest")
        changed = {"was": '"failures":2', "now": '"failures":0', "digest": digest}
        assert connection.execute(better, changed).rowcount == 1
        for guard in again:
            connection.execute(text(guard))
    engine.dispose()

    assert main(["backtest"]) == 1

    assert f"the evidence {digest[:12]} is not what its digest says" in capsys.readouterr().err
