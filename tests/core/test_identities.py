"""People who share a name with an agent stay people; agents are known by id and address."""

import pytest

from tasks.core.identities import actor_kind, agent_of_email


@pytest.mark.parametrize(
    ("user_id", "kind", "login", "expected"),
    [
        (198982749, "Bot", "Copilot", "agent:copilot"),
        (209825114, "Bot", "claude[bot]", "agent:claude"),
        (31, "Bot", "cursor[bot]", "agent:cursor"),  # the app on an Enterprise Server
        (81847, "User", "claude", "human"),
        (6021, "User", "devin", "human"),
        (49699333, "Bot", "dependabot[bot]", "bot"),
        (7, "User", "renovate[bot]", "bot"),
        (8, "Organization", "acme", "human"),
        (10137, "User", "ghost", None),
        (None, None, None, None),
    ],
)
def test_an_account_is_one_kind_of_actor(
    user_id: int | None, kind: str | None, login: str | None, expected: str | None
) -> None:
    assert actor_kind(user_id, kind, login) == expected


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("noreply@anthropic.com", "agent:claude"),
        ("NoReply@Anthropic.com", "agent:claude"),
        ("cursoragent@cursor.com", "agent:cursor"),
        ("198982749+Copilot@users.noreply.github.com", "agent:copilot"),
        ("81847+claude@users.noreply.github.com", None),
        ("claude@users.noreply.github.com", None),
        ("claude@example.invalid", None),
        ("noreply@anthropic.com.example.invalid", None),
        ("", None),
    ],
)
def test_an_address_names_an_agent_or_nobody(email: str, expected: str | None) -> None:
    assert agent_of_email(email) == expected
