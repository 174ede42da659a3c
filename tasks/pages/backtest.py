"""A replay of history under another policy, for a terminal: what would differ, and what came."""

from tasks.core.promotion.backtest import Afterwards, Backtest, Difference
from tasks.core.promotion.gate_words import KINDS, STATUSES, begun, gate_line, verdict_words
from tasks.core.promotion.packets import Packet
from tasks.core.promotion.rates import percent
from tasks.pages.text import LONGEST_SENTENCE, plain

#: Differences that a person still reads.
_MOST = 40


def backtest_story(found: Backtest, reproduced: int) -> str:
    """Tell a replay in lines.

    Args:
        found: The replay.
        reproduced: Packets whose own verdict came out again, byte for byte.
    """
    lines = [
        f"{reproduced:,} of {found.looks:,} frozen verdicts reproduce byte for byte.",
        f"{len(found.differences):,} would differ under the other policy.",
        *(_line(one) for one in found.differences[:_MOST]),
    ]
    if len(found.differences) > _MOST:
        lines.append(f"  ... and {len(found.differences) - _MOST:,} more")
    if found.afterwards:
        lines += ["", "What happened afterwards:"]
        lines += [_afterwards(one) for one in found.afterwards]
    lines += [f"note: {plain(note, LONGEST_SENTENCE)}" for note in found.notes]
    return "\n".join(lines) + "\n"


def packet_story(packet: Packet, digest: str, *, is_reproduced: bool) -> str:
    """Tell one frozen verdict in lines, with every gate.

    Args:
        packet: As it was frozen.
        digest: Of its text.
        is_reproduced: Judged again, it comes out byte for byte.
    """
    verdict = packet.verdict
    again = "reproduces byte for byte" if is_reproduced else "does not come out again"
    sentence = plain(begun(verdict.sentence), LONGEST_SENTENCE)
    at = f"{packet.cut.as_of:%Y-%m-%d %H:%M} UTC"
    name = f"{plain(verdict.workflow)}, epoch {plain(verdict.epoch)}, as of {at}"
    lines = [f"{digest} {again}.", f"{name}: {verdict_words(verdict)}.", f"{sentence}."]
    lines += [
        f"  {STATUSES[gate.status]:<16}{plain(gate_line(gate), LONGEST_SENTENCE)}"
        for gate in verdict.gates
    ]
    return "\n".join(lines) + "\n"


def _line(one: Difference) -> str:
    sentence = plain(one.sentence, LONGEST_SENTENCE)
    verdicts = f"{KINDS[one.was]} -> {KINDS[one.would_be]}"
    return f"  {one.as_of:%Y-%m-%d}  {plain(one.workflow):<24}{verdicts:<28}{sentence}"


def _afterwards(one: Afterwards) -> str:
    if not one.looks:
        return f"  {plain(one.workflow)}: no later look"
    went = ", ".join(KINDS[kind] for kind in one.verdicts)
    rate = ""
    if one.rate is not None and one.rate.items:
        good = f"{one.rate.successes:,} of {one.rate.items:,} good"
        rate = f"; at last {good} ({percent(one.rate.rate)})"
    harm = f"; {one.incidents:,} incidents" if one.incidents else ""
    stage = f", {plain(one.stage)}" if one.stage else ""
    return f"  {plain(one.workflow)}: {one.looks:,} later looks: {went}{rate}{stage}{harm}"
