"""A finding: something a person should know, returned as data and never raised."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One observation about the data or the configuration.

    Attributes:
        code: Closed vocabulary, e.g. `unknown_stamp`, `claim_contradicted`, `day_missing`.
        subject: What it is about: a workflow, an account, a source-day.
        detail: One sentence with the figures, safe to show (no text from outside but ids).
        source: The source it came from; empty for the configuration.
    """

    code: str
    subject: str
    detail: str
    source: str = ""
