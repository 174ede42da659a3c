"""Logs, usage and charges spell a model in many ways; the books in one."""

import pytest

from tasks.core.models import canonical_model, model_family, sku, slug, split_model


@pytest.mark.parametrize(
    ("written", "vendor", "model"),
    [
        ("claude-opus-5", None, "claude-opus-5"),
        (" Anthropic:Claude-Haiku-4-5-20251001 ", "anthropic", "claude-haiku-4-5"),
        ("gpt-5.4-2026-03-05", None, "gpt-5.4"),
        ("openai:gpt-5-mini", "openai", "gpt-5-mini"),
        ("ft:gpt-4o-2024-08-06", None, "ft:gpt-4o"),  # fine-tuned is not a vendor
        ("claude-sonnet-4-5", None, "claude-sonnet-4-5"),
        ("model-20251399", None, "model-20251399"),  # no such date
        ("vendor:", None, "vendor:"),
        ("", None, ""),
    ],
)
def test_a_model_has_one_spelling(written: str, vendor: str | None, model: str) -> None:
    assert split_model(written) == (vendor, model)
    assert canonical_model(written) == model
    assert canonical_model(model) == model, "spelling it again changes nothing"


@pytest.mark.parametrize(
    ("written", "family"),
    [
        ("anthropic:claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-haiku-4-5-1", "claude-haiku-4-5"),
        ("claude-opus-5@20260901", "claude-opus-5"),
        ("gpt-4-0613", "gpt-4"),
        ("gpt-5.4.1-2026-03-05", "gpt-5.4"),
        ("gemini-2.5-pro-002", "gemini-2.5-pro"),
        ("gemini-2.5-pro-preview", "gemini-2.5-pro"),
        # These are other models.
        ("gpt-5.4-mini", "gpt-5.4-mini"),
        ("claude-opus-4-1", "claude-opus-4-1"),
        ("llama-3-70b", "llama-3-70b"),
        ("-001", "-001"),
        ("", ""),
    ],
)
def test_a_family_is_a_model_without_dates_and_patches(written: str, family: str) -> None:
    assert model_family(written) == family
    assert model_family(family) == family


def test_a_sku_names_model_tier_and_context() -> None:
    assert sku("claude-opus-5", "batch", "0-200k") == "claude-opus-5·batch·0-200k"
    assert sku("claude-opus-5") == "claude-opus-5·-·-"


@pytest.mark.parametrize(
    ("text", "slugged"),
    [
        ("Web Search tool calls", "web_search_tool_calls"),
        ("code_execution", "code_execution"),
        ("  ", "-"),
        ("x" * 80, "x" * 64),
    ],
)
def test_free_text_of_a_closed_set_becomes_a_slug(text: str, slugged: str) -> None:
    assert slug(text) == slugged
