"""What sources of `sources.yaml` have in common."""

from typing import Annotated

from pydantic import Field, StringConstraints

from config.shapes.base import Glob, ServiceUrl, Shape, Slug, Switch, VendorId, Whole

#: An organisation, enterprise or person as GitHub spells it.
GithubName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]


class SourceBase(Shape):
    """What every source has."""

    name: Slug
    enabled: Switch = Field(default=True, description="`false` leaves it out of every night.")


class HttpSource(SourceBase):
    """A source that is read over HTTP, with a secret."""

    base_url: ServiceUrl = Field(description="Where it answers; a proxy or own server too.")
    secret: Slug = Field(description="Name of the secret in the environment.")
    link_origins: tuple[ServiceUrl, ...] = Field(
        (), description="Further origins that next-links and redirects may lead to."
    )
    requests_per_second: Whole | None = Field(
        None, ge=1, le=1000, description="Where the server is your own; empty: the vendor's pace."
    )


class BilledSource(SourceBase):
    """What one issuer billed, by its own day."""

    precedence: Whole = Field(
        100,
        description="Of several reports of one issuer the lowest is booked, the others are a "
        "second opinion; equal ones add up.",
    )
    issuer: Slug = Field(description="Issuer that these charges belong to.")
    window_days: Whole = Field(31, ge=1, le=366, description="Trailing days; the longest counts.")
    lag_days: Whole = Field(
        2, ge=0, le=31, description="Days after which a missing day is missing."
    )


class ReportSource(HttpSource, BilledSource):
    """A report of what one issuer billed, that a vendor answers with."""

    api_keys: tuple[VendorId, ...] = Field(
        (),
        description="Keys kept by id, beside the catalog's; any other becomes a keyed digest, "
        "because it may be a person's.",
    )


class OrganizationReport(ReportSource):
    """A report on the one organisation that the key belongs to, which the report does not name."""

    organization: VendorId | None = Field(
        None,
        description="Organisation that the key belongs to, in your words. Where reports of one "
        "issuer add up, each says another one.",
    )


class PathSource(SourceBase):
    """A source that is read from files, without a secret."""

    paths: tuple[Glob, ...] = Field(
        min_length=1, description="Files or globs, from the work folder."
    )
