"""Whose bill a request is on is read from what its log says, and never guessed past that."""

import pytest

from config.shapes.source_logs import CodexLogSource, IssuerLine
from tasks.core.issuers import UNKNOWN_ISSUER, issuer_of, known_issuers

KNOWN = ("anthropic", "openai", "google", "aws")


def _line(issuer: str, provider: str = "*", model: str = "*") -> IssuerLine:
    return IssuerLine(provider=provider, model=model, issuer=issuer)


@pytest.mark.parametrize(
    ("provider", "model", "issuer"),
    [
        ("anthropic", "claude-haiku-4-5", "anthropic"),
        ("Anthropic", "anything", "anthropic"),
        (None, "claude-haiku-4-5-20251001", "anthropic"),
        ("", "claude-haiku-4-5", "anthropic"),
        (" OpenAI ", "house-model", "openai"),
        (None, " Claude-Haiku-4-5 ", "anthropic"),
        (None, "gpt-5.4", "openai"),
        (None, "o3", "openai"),
        (None, "o4-mini", "openai"),
        (None, "codex-mini-latest", "openai"),
        (None, "openai/gpt-5.4", "openai"),
        (None, "openai:gpt-5.4", "openai"),
        ("gcp.gemini", "gemini-2.5-pro", "google"),
        (None, "gemini-2.5-pro", "google"),
    ],
)
def test_a_provider_or_a_well_known_model_names_its_issuer(
    provider: str | None, model: str, issuer: str
) -> None:
    assert issuer_of(provider, model, (), KNOWN) == issuer


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("bedrock", "claude-haiku-4-5"),
        ("aws.bedrock", "anthropic/claude-haiku-4-5"),
        ("azure", "gpt-5.4"),
        ("vertex_ai", "gemini-2.5-pro"),
        (None, "bedrock/claude-haiku-4-5"),
        (None, "azure:gpt-5.4"),
        (None, "openrouter/anthropic/claude-haiku-4-5"),
        (None, "us.anthropic.claude-haiku-4-5"),
        (None, "o300"),
        (None, "house-model"),
        (None, ""),
    ],
)
def test_what_somebody_else_serves_or_nobody_knows_is_not_billed_by_the_maker(
    provider: str | None, model: str
) -> None:
    assert issuer_of(provider, model, (), KNOWN) == UNKNOWN_ISSUER


def test_a_maker_that_is_no_issuer_of_the_books_is_unknown() -> None:
    assert issuer_of(None, "claude-haiku-4-5", (), ("openai",)) == UNKNOWN_ISSUER


def test_the_first_line_that_fits_holds() -> None:
    lines = (
        _line("aws", provider="bedrock*"),
        _line("house", model="house-*"),
        _line("late", model="house-1"),
    )

    assert issuer_of("bedrock_converse", "claude-haiku-4-5", lines, KNOWN) == "aws"
    assert issuer_of(None, " House-1 ", lines, KNOWN) == "house"
    assert issuer_of(None, "claude-haiku-4-5", lines, KNOWN) == "anthropic"


def test_a_line_may_overrule_a_provider_that_is_an_issuer() -> None:
    lines = (_line("openai", provider="anthropic", model="gpt-*"),)

    assert issuer_of("anthropic", "gpt-5.4", lines, KNOWN) == "openai"


def test_a_line_is_held_against_any_case() -> None:
    assert issuer_of("AZURE", "GPT-5", (_line("aws", provider="Azure"),), KNOWN) == "aws"


def test_a_log_knows_the_issuers_of_its_lines_and_of_its_accounts() -> None:
    log = CodexLogSource(
        name="codex",
        type="codex_log",
        paths=("*.jsonl",),
        issuers=(_line("openai"),),
        default_accounts={"aws": "123"},
    )

    assert known_issuers(log) == {"openai", "aws"}
