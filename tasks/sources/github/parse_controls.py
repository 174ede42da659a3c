"""Judge CODEOWNERS and environments by what GitHub answers: plain states, no names.

A control is `present` or `absent` only if every answer that it needs was read, else
`unknown`. Details are closed codes, listed in docs/controls.md.
"""

from tasks.core.promotion.controls import ControlTold
from tasks.sources.github import control_payloads as payloads
from tasks.sources.github.answers import (
    ERRORS_TOLD,
    MALFORMED,
    NOT_FOUND,
    Answer,
    Judged,
    read,
    read_all,
)
from tasks.sources.github.codeowners import coverage, decoded
from tasks.sources.github.parse_checks import PRODUCTION_NAMES


def has_sound_owners(errors: Answer) -> bool:
    """Tell whether there is a CODEOWNERS file and GitHub finds nothing wrong with it."""
    told, _ = read(payloads.CodeownersErrors, errors)
    return told is not None and not told.errors


def judge_code_owners(errors: Answer, file: Answer) -> Judged:
    """Judge the CODEOWNERS file; whether its owners must approve is `two-person-approval`.

    Args:
        errors: What GitHub finds wrong with the file; not found where there is none.
        file: The first of its places that exists; ignored where `errors` says enough.
    """
    if not has_sound_owners(errors):
        told, gap = read(payloads.CodeownersErrors, errors)
        has_errors = told is not None or gap == ERRORS_TOLD
        return (ControlTold.ABSENT, "file_errors") if has_errors else _no_file(gap)
    found, gap = read(payloads.ContentFile, file)
    if found is None:
        return _no_file(gap)
    try:
        covered = coverage(decoded(found.content))
    except ValueError:
        return ControlTold.UNKNOWN, MALFORMED
    is_whole = covered == "covers_all"
    return ControlTold.PRESENT if is_whole else ControlTold.ABSENT, covered


def _no_file(gap: str) -> Judged:
    return (ControlTold.ABSENT, "no_file") if gap == NOT_FOUND else (ControlTold.UNKNOWN, gap)


def judge_environments(environments: Answer) -> Judged:
    """Judge whether every production environment asks somebody before a deployment."""
    found, gap = read_all(payloads.Environment, environments)
    if gap:
        return ControlTold.UNKNOWN, gap
    production = [one for one in found if one.name.lower() in PRODUCTION_NAMES]
    if not production:
        return ControlTold.UNKNOWN, "no_production"
    if all(_is_reviewed(one) for one in production):
        return ControlTold.PRESENT, "production_reviewed"
    return ControlTold.ABSENT, "no_reviewers"


def _is_reviewed(environment: payloads.Environment) -> bool:
    rules = environment.protection_rules or ()
    return any(rule.type == "required_reviewers" and rule.reviewers for rule in rules)
