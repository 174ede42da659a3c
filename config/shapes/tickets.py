"""`tickets.yaml`: where review tickets are opened; an optional file beside the others.

Its secrets are set only where tickets are written: in the weekly deployment.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config.shapes.base import FormatVersion, ServiceUrl, Shape, Slug, Switch, Text, Whole

#: `owner/name` of a repository.
Repository = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100}$")
]
#: Key of a Jira project.
ProjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,19}$")]


class JiraTickets(Shape):
    """A Jira project that review tickets go to."""

    name: Slug = Field(description="For good: routes and secrets name it, and so do tickets.")
    type: Literal["jira"]
    deployment: Literal["cloud", "data_center"] = "cloud"
    base_url: ServiceUrl
    user: Slug | None = Field(None, description="Secret with the login; Jira Cloud needs it.")
    secret: Slug = Field(description="Secret with the token that may create issues.")
    project: ProjectKey
    issue_type: Text = "Task"
    done_statuses: tuple[Text, ...] = Field(
        (), description="Names of statuses that count as done beside the category `done`."
    )


class GithubTickets(Shape):
    """A repository whose issues are review tickets."""

    name: Slug = Field(description="For good: routes and secrets name it, and so do tickets.")
    type: Literal["github"]
    base_url: ServiceUrl = Field("https://api.github.com", validate_default=True)
    auth: Literal["token", "app"] = "token"
    secret: Slug = Field(description="Secret with the token, or with the app's private key.")
    app_id: Text | None = None
    installation_id: Whole | None = None
    repository: Repository


TicketSystem = Annotated[JiraTickets | GithubTickets, Field(discriminator="type")]


class Route(Shape):
    """Which system the tickets of a portfolio go to."""

    portfolio: Slug | Literal["*"] = Field(description="`*`: every portfolio without a route.")
    system: Slug


class CatalogRepository(Shape):
    """Where catalog.yaml is reviewed and merged."""

    system: Slug = Field(description="Name of a GitHub system of this file.")
    repository: Repository
    path: Text = "config/catalog.yaml"
    pull_requests: Switch = Field(
        default=False, description="Open the patch as a pull request, too."
    )


class Tickets(Shape):
    """The whole file."""

    version: FormatVersion
    systems: tuple[TicketSystem, ...] = ()
    routes: tuple[Route, ...] = ()
    catalog: CatalogRepository | None = None
