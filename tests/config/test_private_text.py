"""No person and no secret passes, in a value or a key, and none is repeated in an error."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from config.load import load_config
from config.private_text import hidden_reason
from config.problems import shown

SHIPPED = Path(__file__).resolve().parents[2] / "config"
WORDS = st.from_regex(r"[a-z][a-z0-9]{2,11}", fullmatch=True)
SPELLINGS: list[Callable[[str, str], str]] = [
    lambda user, host: f"{user}@{host}.com",
    lambda user, host: f"{user}\uff20{host}.com",
    lambda user, host: f"{user}\ufe6b{host}.com",
    lambda user, host: f"{user}\u200b@\u200b{host}.com",
    lambda user, host: quote(f"{user}@{host}.com", safe=""),
    lambda user, host: f"{user}&#64;{host}.com",
    lambda user, host: f"{user}&#x40;{host}.com",
    lambda user, host: f"{user}&commat;{host}.com",
    lambda user, host: f"{user}\\u0040{host}.com",
    lambda user, host: f"{user}=40{host}.com",
    lambda user, host: f"{user}(at){host}.com",
    lambda user, host: f"{user} [AT] {host}.com",
    lambda user, host: f"{user} at {host} dot com",
    lambda user, host: f"mailto:{user}@{host}.com",
    lambda user, _: f"@{user}",
    lambda user, host: f"owned by @{host}/{user}",
]
SECRETS = [
    "sk-ant-admin01-abcdefghijklmnop",
    "sk-proj-abcdefghijklmnopqrst",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghij",
    "ATATT3xFfGF0abcdefghijklmn",
    "xoxb-123456789012-abc",
    "glpat-abcdefghijklmnopqrst",
    "AKIAABCDEFGHIJKLMNOP",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi",
    "-----BEGIN RSA PRIVATE KEY-----",
]
# Where a text may stand: before and after it in the shipped catalog.
PLACES = [
    ("title: Routing", "title: {}"),
    ("owner: platform-lead", "owner: {}"),
    ("[agent.copilot]", "[{}]"),
    ("cost_centre: CC-4100", "cost_centre: CC-4100\n    {}: x"),
    ("blast_radius: One service's build.", "blast_radius: {}"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
@given(user=WORDS, host=WORDS)
@settings(max_examples=15)
def test_no_spelling_of_an_address_passes(
    spell: Callable[[str, str], str], user: str, host: str
) -> None:
    assert hidden_reason(spell(user, host)) is not None


@given(
    place=st.sampled_from(PLACES),
    spell=st.sampled_from(SPELLINGS),
    user=st.just("zebediah"),
    host=st.just("quagmire"),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_error_names_the_place_but_not_the_person(
    folder: Path,
    place: tuple[str, str],
    spell: Callable[[str, str], str],
    user: str,
    host: str,
) -> None:
    old, new = place
    quoted = '"' + spell(user, host).replace("\\", "\\\\") + '"'
    text = (SHIPPED / "catalog.yaml").read_text(encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1 + new.count("\n")
    (folder / "catalog.yaml").write_text(text.replace(old, new.format(quoted), 1), encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load_config(folder)

    problems = caught.value.problems
    assert any(problem.line == line and "e-mail address" in problem.message for problem in problems)
    assert user not in str(caught.value).lower()
    assert host not in str(caught.value).lower()


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_refused_and_not_repeated(folder: Path, secret: str) -> None:
    text = (SHIPPED / "sources.yaml").read_text(encoding="utf-8")
    changed = text.replace("secret: github-token", f'secret: "{secret}"')
    (folder / "sources.yaml").write_text(changed, encoding="utf-8")

    line = changed[: changed.index(secret)].count("\n") + 1
    place = rf"sources\.yaml:{line} sources\[1\]\.secret: "
    with pytest.raises(ConfigError, match=place) as caught:
        load_config(folder)

    assert secret not in str(caught.value)


def test_credentials_in_an_address_are_refused_and_not_repeated(folder: Path) -> None:
    text = (SHIPPED / "sources.yaml").read_text(encoding="utf-8")
    changed = text.replace("https://api.github.com", "https://svc:hunter2@api.github.com")
    (folder / "sources.yaml").write_text(changed, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"sources\[1\]\.base_url: holds a user or password") as e:
        load_config(folder)

    assert "hunter2" not in str(e.value)


@pytest.mark.parametrize(
    "text",
    ["platform-lead", "See the runbook at wiki.example.com.", "meridian-freight/*", "[a-z]?",
     "Look at it", "claude-sonnet-5", "40 percent", "wrkspc_01PlatformProd", "limit=40"],
)  # fmt: skip
def test_ordinary_text_passes(text: str) -> None:
    assert hidden_reason(text) is None


def test_comments_are_not_looked_at(folder: Path) -> None:
    with (folder / "catalog.yaml").open("a", encoding="utf-8") as stream:
        stream.write("# Questions: ask @platform in the channel.\n")

    load_config(folder)


@pytest.mark.parametrize("text", ["a" * 12 + "9" * 12, "x@y", "a\x1b[2J", "a" * 81, "<b>"])
def test_a_value_that_may_be_secret_or_harmful_is_not_shown(text: str) -> None:
    assert shown(text) == "(value not shown)"


def test_an_ordinary_value_is_shown() -> None:
    assert shown("upgrade-guarded") == "`upgrade-guarded`"
