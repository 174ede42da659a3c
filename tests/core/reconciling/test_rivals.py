"""A log that only lends hints and saw clearly more is told."""

from tasks.core.reconciling.rivals import Rival, rival_findings


def test_a_log_that_saw_clearly_more_is_told_once_for_all_its_accounts() -> None:
    rivals = [
        Rival("otel", "anthropic", "ws_1", 3, 1_200, 1_000),
        Rival("otel", "anthropic", "ws_2", 1, 900, 800),
        Rival("otel", "openai", "p", 9, 1_050, 1_000),  # within what a day's edge makes
        Rival("gateway", "openai", "p", 9, 10, 1_000),
    ]

    (found,) = rival_findings(rivals)

    assert (found.code, found.subject) == ("log_saw_more", "otel")
    assert found.detail == (
        "logs 2,100 tokens of 2 accounts on up to 3 days, where the logs that count there have"
        " 1,800"
    )


def test_a_twentieth_more_is_no_more() -> None:
    edge = Rival("otel", "anthropic", "ws_1", 1, 1_050, 1_000)

    assert rival_findings([edge]) == []
    assert rival_findings([edge._replace(tokens=1_051)])[0].detail == (
        "logs 1,051 tokens of 1 account on a day, where the logs that count there have 1,000"
    )


def test_logs_are_told_of_by_name_whichever_came_first() -> None:
    rivals = [Rival(name, "openai", "p", 2, 9, 1) for name in ("b", "c", "a")]

    assert [one.subject for one in rival_findings(rivals)] == ["a", "b", "c"]
