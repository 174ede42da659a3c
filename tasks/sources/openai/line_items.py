"""OpenAI's line items: the vendor's price-list wording, undocumented and free.

`<model>, <kind of token>` is what the books can use. Any other item is kept if it is made
of price-list words; one with a word unknown here reads `other`, because free text is not
stored, whatever a vendor may put there one day.
"""

import re

from tasks.core.models import canonical_model

#: Stands for an item that is not named, or not in words known here.
OTHER = "other"
#: The vendor has one kind of cache write; the books file it under the short one.
CACHE_WRITE = "cache_write_5m"

# What follows the model; as seen in 2026.
_KIND_BY_WORDS = {
    "input": "input",
    "cached input": "cache_read",
    "cached write input": CACHE_WRITE,
    "cache write": CACHE_WRITE,
    "cache write input": CACHE_WRITE,
    "output": "output",
}
_MODEL = re.compile(r"[A-Za-z0-9_.:/-]{1,128}", re.ASCII)
_SEPARATORS = re.compile(r"[\s,|/()_-]+")
_PRICE_LIST = """
    agent agents api assistants audio batch cache cached call calls chat chatgpt code codex
    completion completions computer credit credits dall deep discount e embedding embeddings evals
    file files fine flex free ft gpt grant hosted hour image images input interpreter large mini
    minute model models moderation moderations nano omni other output per pixel preview priority
    pro promotional realtime refund request requests research responses retrieval search second
    session sessions shell small sora speech storage store stores tax text token tokens tool tools
    training transcribe transcription transcriptions translation tts tuning usage use vector video
    vision web whisper with write
"""
_WORDS = frozenset(_PRICE_LIST.split())


def split_line_item(line_item: str) -> tuple[str | None, str | None]:
    """Read `<model>, <kind of token>` as canonical model and kind; anything else as neither."""
    model, comma, words = line_item.rpartition(",")
    kind = _KIND_BY_WORDS.get(" ".join(words.lower().split()))
    if not comma or kind is None or _MODEL.fullmatch(model.strip()) is None:
        return None, None
    return canonical_model(model), kind


def kept_line_item(line_item: str | None) -> str:
    """Give the item as it may be stored: as it is, or as `other`."""
    if line_item is None:
        return OTHER
    if split_line_item(line_item)[0] is not None:
        return line_item
    words = [word for word in _SEPARATORS.split(line_item.lower()) if word]
    is_known = all(word in _WORDS or any(map(str.isdigit, word)) for word in words)
    return line_item if words and is_known else OTHER
