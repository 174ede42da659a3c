"""What of a bill's own wording may be kept: ids, and the words of a price list.

A bill is written by a vendor, but names of services and meters are free text by
specification, and free text is not stored, whatever may be put there one day.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

#: An id as vendors write it: no blank and no `@`.
_ID = re.compile(r"[A-Za-z0-9_.:/+-]{1,128}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_NOT_KEPT = re.compile(r"[^A-Za-z0-9 _.:/+()*-]+", re.ASCII)
# A version, a region or a size; an all too long number may be somebody's id.
_CODE = re.compile(r"(?=.{1,24}$)(?=.*[0-9])(?!.*[0-9]{9})[A-Za-z0-9]+", re.ASCII)
_LONGEST = 128
# Of declared words: shorter ones would be found in any name.
_SHORTEST = 3
_OTHER = "other"
_PRICE_LIST = """
    agent agents ai amazon amazonbedrock anthropic api aws azure batch bedrock cache cached
    cacheread cachewrite call calls chat claude cloud code cognitive cohere completion compute
    context count cross data deepseek developer edition embedding embeddings enterprise fast flash
    fm foundation foundational foundry free gemini generative geo global google gpt grok haiku
    hour image in inference input intelligence invoke invokemodel invokemodelinference kimi
    learning license lite llama long machine marketplace max meta million mini mistral model
    models month nano none nova on openai operation opus out output per plan platform plus preview
    price priority pro provisioned purchase qwen read region regional request requests response
    savings seat seats second service services session short small sonnet speech standard storage
    studio subscription support team teams text throughput titan token tokens tool tools training
    tts turbo uncached unit units usage usd use user vector vertex video vision voice web write
    xai
"""
_KNOWN = frozenset(_PRICE_LIST.split())


def kept_id(text: str, keyed_digest: Callable[[str], str]) -> str:
    """Keep an id as it is; what does not look like one becomes a keyed digest."""
    return text if _ID.fullmatch(text) else keyed_digest(text)


def declared_words(globs: Iterable[str]) -> frozenset[str]:
    """List the words that the configuration's globs use: these may be kept, too."""
    words = (word.lower() for glob in globs for word in _WORD.findall(glob))
    return frozenset(word for word in words if len(word) >= _SHORTEST)


@lru_cache(maxsize=65_536)
def kept_words(text: str, declared: frozenset[str]) -> str:
    """Keep price-list words, words with a digit and declared ones; any other reads `other`.

    Args:
        text: As the bill has it.
        declared: Words in lower case; a longer word that holds one of them is kept as well.
    """

    def word(found: re.Match[str]) -> str:
        said = found.group()
        low = said.lower()
        is_kept = low in _KNOWN or any(one in low for one in declared)
        return said if is_kept or _CODE.fullmatch(said) else _OTHER

    return _WORD.sub(word, _NOT_KEPT.sub("_", text[: 2 * _LONGEST]))[:_LONGEST].strip(" _")
