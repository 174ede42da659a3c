"""History under another policy: which verdicts would differ, and what became of those workflows.

Only frozen packets are read: what a look knew is what is judged again. Counts were taken with the
maturation age and the cost limit of their day; where another policy asks for others, the replay
says so and keeps the counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from config.shapes.policy import Policy
from tasks.core.promotion.case import Case
from tasks.core.promotion.controls import ControlState, controls_of
from tasks.core.promotion.gate import RULE_VERSION, judge_case
from tasks.core.promotion.packets import Packet
from tasks.core.promotion.terms import terms_of
from tasks.core.promotion.verdict import Kind, Rate


@dataclass(frozen=True, slots=True)
class Difference:
    """A look at which another policy would have said something else."""

    workflow: str
    epoch: str
    as_of: datetime
    was: Kind
    would_be: Kind
    sentence: str


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What became of a workflow after the first look that would have differed.

    Attributes:
        since: That look, aware UTC.
        looks: Later ones.
        verdicts: Their kinds in order, one for each stretch of the same kind.
        incidents: Most that one of them counted.
        rate: At the last of them, of its own epoch; None without later looks.
        stage: At the last of them; empty without.
    """

    workflow: str
    since: datetime
    looks: int
    verdicts: tuple[Kind, ...]
    incidents: int
    rate: Rate | None
    stage: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """A replay.

    Attributes:
        looks: Packets that were judged again.
        differences: By moment, then workflow.
        afterwards: Of every workflow with a difference, by name.
        notes: What could not be replayed, in sentences.
    """

    looks: int
    differences: tuple[Difference, ...]
    afterwards: tuple[Afterwards, ...]
    notes: tuple[str, ...]


def backtest(packets: Iterable[Packet], policy: Policy) -> Backtest:
    """Judge frozen packets again under another policy.

    Args:
        packets: Of any looks, in any order.
        policy: To judge by; contenders, waivers and what the catalog said stay as they were.
    """
    history = sorted(packets, key=lambda one: (one.cut.as_of, one.verdict.workflow))
    differences = []
    for one in history:
        again = judge_case(_under(one, policy))
        if again.kind is not one.verdict.kind:
            differences.append(
                Difference(
                    workflow=one.verdict.workflow,
                    epoch=one.verdict.epoch,
                    as_of=one.cut.as_of,
                    was=one.verdict.kind,
                    would_be=again.kind,
                    sentence=again.sentence,
                )
            )
    first = {one.workflow: one.as_of for one in reversed(differences)}
    return Backtest(
        looks=len(history),
        differences=tuple(differences),
        afterwards=tuple(_afterwards(name, first[name], history) for name in sorted(first)),
        notes=tuple(sorted(set(_notes(history, policy)))),
    )


def _under(packet: Packet, policy: Policy) -> Case:
    case = packet.case
    tier = case.card.tier
    required = next((one.required_controls for one in policy.risk_tiers if one.tier == tier), ())
    return replace(
        case,
        terms=terms_of(policy, tier),
        rules=policy.gate,
        controls=_controls(case, required),
    )


def _controls(case: Case, required: Sequence[str]) -> tuple[ControlState, ...]:
    """Take each control as it stood; one that nobody looked at then is as its catalog says."""
    known = {one.name: one for one in case.controls}
    others = [name for name in required if name not in known]
    declared = controls_of(case.workflow, others, {}, repositories=(), as_of=case.day)
    known.update((one.name, one) for one in declared)
    return tuple(known[name] for name in dict.fromkeys(required))


def _afterwards(workflow: str, since: datetime, history: Sequence[Packet]) -> Afterwards:
    later = [one for one in history if one.verdict.workflow == workflow and one.cut.as_of > since]
    kinds = [one.verdict.kind for one in later]
    last = later[-1] if later else None
    return Afterwards(
        workflow=workflow,
        since=since,
        looks=len(later),
        verdicts=tuple(kind for kind, _ in groupby(kinds)),
        incidents=max((one.case.card.incidents for one in later), default=0),
        rate=last.verdict.rate if last else None,
        stage=last.case.card.stage if last else "",
    )


def _notes(history: Iterable[Packet], policy: Policy) -> Iterator[str]:
    for one in history:
        if one.rule_version != RULE_VERSION:
            yield (
                f"some looks were judged by rule {one.rule_version!r}: what differs there may be "
                f"the rule, {RULE_VERSION!r} by now, and not the policy"
            )
        was, tier = one.case.terms, one.case.card.tier
        other = terms_of(policy, tier)
        if was is None or other is None:
            continue
        if was.maturation_days != other.maturation_days:
            yield (
                f"tier {tier}: items were counted after {was.maturation_days} days, and not after "
                f"{other.maturation_days}"
            )
        if was.cost_ratio_ppm != other.cost_ratio_ppm:
            yield f"tier {tier}: costs were held against the limit of then, and not the other one"
