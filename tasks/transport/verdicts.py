"""Judges an answer with its body: the limit classifier, then what a success really says."""

from dataclasses import dataclass, replace
from datetime import datetime

from tasks.transport.answers import error_code, is_passing, is_rate_limit
from tasks.transport.bodies import UnusableBodyError
from tasks.transport.json_text import parse_json
from tasks.transport.limits import Answer, Permanent, Retry, Vendor, Verdict, classify
from tasks.transport.wire import Raw

_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, with the parsed body of a success or the vendor's code of a refusal."""

    verdict: Verdict
    parsed: object = None
    code: str = ""


def judge(
    vendor: Vendor,
    raw: Raw,
    resource: str,
    *,
    attempt: int,
    now: datetime,
    max_depth: int,
    is_file: bool = False,
) -> Judgement:
    """Judge an answer; the content of a file says nothing about the request.

    Raises:
        UnusableBodyError: A success whose body is not usable JSON.
    """
    excerpt = "" if raw.is_success else raw.body.decode("utf-8", "replace")
    answer = Answer(raw.status, raw.headers, excerpt, resource, attempt)
    verdict = classify(vendor, answer, now)
    if not raw.is_success:
        return Judgement(verdict, code=_code_of(raw, max_depth))
    if is_file:
        return Judgement(verdict)
    parsed = parse_json(raw.body, max_depth)
    code = error_code(parsed)
    if code is None:
        return Judgement(verdict, parsed)
    if is_rate_limit(code):
        return Judgement(classify(vendor, replace(answer, status=_TOO_MANY), now), code=code)
    return Judgement(Retry() if is_passing(code) else Permanent("error_in_200"), code=code)


def _code_of(raw: Raw, max_depth: int) -> str:
    try:
        return error_code(parse_json(raw.body, max_depth)) or ""
    except UnusableBodyError:
        return ""
