"""Frozen evidence: everything that a verdict stands on, as one text that gives it again.

A packet is named by the SHA-256 of its text. Approval of a ticket binds to that name.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from tasks.core.digests import text_digest
from tasks.core.errors import GraduandError
from tasks.core.plain import from_plain, to_named
from tasks.core.promotion.case import Case
from tasks.core.promotion.gate import RULE_VERSION, judge_case
from tasks.core.promotion.verdict import Verdict
from tasks.core.version import CODE_VERSION


class PacketError(GraduandError):
    """A text is no packet, or one of a rule that this version no longer has."""


#: Successes that a packet names, to look at.
SUCCESSES = 5


@dataclass(frozen=True, slots=True)
class Cut:
    """Which data a packet was made of; what is computed again from it gives the same scorecards.

    Attributes:
        as_of: Business time of the look, aware UTC.
        seq: Number of the newest snapshot that counted.
        books_at: Number of the newest night whose bookings counted; 0: none.
        digests: (name, SHA-256 hex) of the configuration in force, such as `catalog` and `policy`.
        facts: SHA-256 hex of what the items' facts were made of; empty where none were kept.
    """

    as_of: datetime
    seq: int
    books_at: int
    digests: tuple[tuple[str, str], ...]
    facts: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """The evidence of one verdict.

    Attributes:
        failed: Keys of matured items that failed or are unknown, as many as are kept.
        succeeded: Keys of a few that succeeded, picked by the hash of their key.
        rule_version: Of the rule that judged.
        code_version: Of the arithmetic behind the scorecards.
    """

    cut: Cut
    case: Case
    verdict: Verdict
    failed: tuple[str, ...] = ()
    succeeded: tuple[str, ...] = ()
    rule_version: str = RULE_VERSION
    code_version: str = CODE_VERSION


def freeze(
    case: Case, cut: Cut, *, failed: tuple[str, ...] = (), succeeded: tuple[str, ...] = ()
) -> Packet:
    """Judge a case and keep what the verdict stands on."""
    return Packet(cut=cut, case=case, verdict=judge_case(case), failed=failed, succeeded=succeeded)


def packet_text(packet: Packet) -> str:
    """Write a packet one way, as one line of JSON; amounts are nano-USD, shares ppm."""
    return json.dumps(to_named(packet), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def packet_digest(packet: Packet) -> str:
    """Name a packet: SHA-256 hex of its text."""
    return text_digest(packet_text(packet))


def read_packet(text: str) -> Packet:
    """Read what `packet_text` wrote.

    Raises:
        PacketError: The text is no packet.
    """
    try:
        return from_plain(Packet, json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        message = f"not a packet ({type(error).__name__}): take one that `graduand` has frozen"
        raise PacketError(message) from None


def verdict_of(packet: Packet) -> Verdict:
    """Judge a packet's case again: it gives the verdict that is frozen with it.

    Raises:
        PacketError: Another version of the rule judged it.
    """
    if packet.rule_version != RULE_VERSION:
        message = (
            f"the packet was judged by rule {packet.rule_version!r}, and this is rule "
            f"{RULE_VERSION!r}: reproduce it with the version of graduand that recorded it"
        )
        raise PacketError(message)
    return judge_case(packet.case)
