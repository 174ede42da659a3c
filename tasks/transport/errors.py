"""What can go wrong between us and a source, as faults of the `SourceError` family.

No message holds a query, a header, a body or an address: only templates of
paths, statuses and counts, so that logs stay free of people and secrets.
"""

from tasks.core.errors import SourceError, SourceUnavailableError


class StatusError(SourceError):
    """A source refused a request for good, or answered with an error in a 200.

    Attributes:
        status: HTTP status.
        endpoint: Method and path template, e.g. `GET /repos/*/*/pulls`.
        reason: Our word for it: `credential`, `permission`, `not_found`, `gone`,
            `quota_exhausted`, `error_in_200` or `refused`.
        code: The vendor's own error code if it is a slug, else empty.
    """

    def __init__(
        self, source: str, *, status: int, endpoint: str, reason: str, code: str = ""
    ) -> None:
        self.status = status
        self.endpoint = endpoint
        self.reason = reason
        self.code = code
        named = f" (code {code})" if code else ""
        super().__init__(
            source, f"{endpoint} answered {status}: {reason}{named}; {_ADVICE[reason]}"
        )


class BodyError(SourceError):
    """An answer is too large, too deep, oddly encoded, or not JSON."""


class PagingError(SourceError):
    """A listing breaks off, repeats itself or never ends; what came so far is not the whole."""


class ShiftedPagesError(PagingError):
    """A listing changed while its pages were read; read again, it may come whole."""


class OriginError(SourceError):
    """A redirect or link leads to an origin that `sources.yaml` does not declare."""


class DeadlineError(SourceUnavailableError):
    """The time given to the whole pull is over."""


_ADVICE = {
    "credential": "check the secret of this source and whether it has expired",
    "permission": "grant the credential access to this endpoint",
    "not_found": "check the name, and that the credential may see it",
    "gone": "the endpoint was shut down; check the base URL and the deployment type",
    "quota_exhausted": "the account's paid quota is used up; waiting does not help",
    "error_in_200": "the source reports a failure of its own inside a success",
    "refused": "check the request's parameters against the source's version",
}
