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
