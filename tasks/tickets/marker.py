"""What makes a ticket recognisable as the one ticket of a row, and hard to forge.

The label finds it, the proof shows that this installation wrote the marker for this row in this
place. A copied marker is still a copy: the creator, and once known the id, have to agree, too.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LABEL_HEX = 12
#: Key of the issue property in Jira that holds the marker.
PROPERTY = "graduand"


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of one row in one place.

    Attributes:
        key: Keyed digest of kind and key of the row.
        proof: Keyed digest of that and of the place.
    """

    key: str
    proof: str

    @property
    def label(self) -> str:
        """Name the label that a search asks for."""
        return f"graduand-{self.key[:_LABEL_HEX]}"

    @property
    def comment(self) -> str:
        """Write it as a comment that GitHub does not show."""
        return f"<!-- graduand:v1 key={self.key} proof={self.proof} -->"

    @property
    def value(self) -> dict[str, str]:
        """Write it as the value of an issue property."""
        return {"key": self.key, "proof": self.proof}

    def is_in(self, text: object) -> bool:
        """Tell whether a text holds exactly this marker, as GitHub keeps it."""
        return isinstance(text, str) and self.comment in text

    def is_value(self, value: object) -> bool:
        """Tell whether a property is exactly this marker."""
        return isinstance(value, Mapping) and all(
            hmac.compare_digest(str(value.get(name, "")).encode(), own.encode())
            for name, own in self.value.items()
        )


def marker_of(digest: Callable[[str], str], *, place: str, kind: str, key: str) -> Marker:
    """Make the marker of a row.

    Args:
        digest: `keyed_digest` of the installation.
        place: Name of the system that the ticket goes to; addresses and repositories are renamed.
        kind: Of the row.
        key: Of the row.
    """
    name = digest(_joined("ticket", kind, key))
    return Marker(name, digest(_joined("ticket-proof", place, name)))


def reference_of(digest: Callable[[str], str], *, place: str, key: str, evidence: str) -> str:
    """Make the mark of one comment: one for each evidence that a ticket is told of."""
    return "graduand-" + digest(_joined("ticket-comment", place, key, evidence))


def _joined(*parts: str) -> str:
    """Join what is digested, so that no other digest of the installation is the same."""
    return "\0".join(parts)
