"""Recognise text that configuration must never hold: people's addresses and handles, secrets.

The rule is deliberately wide: nothing in the configuration needs an `@`, so an
`@` in any spelling is refused. What does not belong here: looking for names,
which no rule can tell from other words.
"""

import re
import unicodedata

_AT_SPELLINGS = re.compile(
    r"@|%40|&#0*64;?|&#x0*40;?|&commat;?|\\u0040|\\x40|=40(?=[a-z0-9-]{1,63}\.[a-z])"
    r"|[\[({<] ?at ?[\])}>]"
    r"|\sat\s[a-z0-9-]{1,63}\s?[\[({<]?\s?dot\s?[\])}>]?\s?[a-z]{2}",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"://[^/\s@]{0,500}@")
# Prefixes that vendors give to secrets so that scanners can find them.
_SECRET_SHAPES = re.compile(
    r"sk-[A-Za-z0-9_-]{16,}|gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
    r"|ATATT[A-Za-z0-9_=-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{8,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|AKIA[A-Z0-9]{16}|eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]+|-----BEGIN [A-Z ]*PRIVATE KEY"
)
# Invisible characters that would split a word for a rule but not for a reader.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def hidden_reason(text: str) -> str | None:
    """Say why a text may not stand in the configuration, without repeating it.

    Returns:
        A sentence that says what to write instead; None if the text is fine.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if _CREDENTIALS.search(plain):
        return (
            "holds a user or password in an address; keep credentials in the environment "
            "(GRADUAND_SECRET_...) and write the address without them."
        )
    if _AT_SPELLINGS.search(plain):
        return (
            "holds an e-mail address or an @handle; no person may stand in the configuration: "
            "name a role instead (in a glob, write `?` for the character `@`)."
        )
    if _SECRET_SHAPES.search(plain):
        return (
            "looks like a secret; keep it in the environment (GRADUAND_SECRET_...) "
            "and write its name or the vendor's id of the key here."
        )
    return None
