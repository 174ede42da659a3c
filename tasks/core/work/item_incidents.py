"""Which incidents name which items as their cause, and which only stand beside them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from tasks.core.work.item_states import ItemState
from tasks.core.work.work_items import LinkType

# These say that two tickets have to do with each other, and not what.
_SAYS_NOTHING = frozenset({LinkType.UNTYPED, LinkType.RELATES})
# A key that stands in a text is no link: a branch names the incident that it repairs.
_NO_LINK = LinkType.MENTIONS
_FROM_THE_OTHER_SIDE = {
    LinkType.CAUSES: LinkType.CAUSED_BY,
    LinkType.CAUSED_BY: LinkType.CAUSES,
}


def incident_causes(
    items: Mapping[str, ItemState], names: Mapping[str, str]
) -> dict[str, set[str]]:
    """List, by incident, what it is said to be caused by, whichever side says so.

    Args:
        items: All items known, by key.
        names: Item key by reference, as `tasks.core.work.outcomes.references` gives them. A
            reference that nothing resolves stands as it is.
    """
    causes: dict[str, set[str]] = {}
    for incident, cause, link in _pairs(items, names):
        if link is LinkType.CAUSED_BY:
            causes.setdefault(incident, set()).add(cause)
    return causes


def incident_moments(
    items: Mapping[str, ItemState], names: Mapping[str, str]
) -> dict[str, tuple[datetime, ...]]:
    """List, by item, when the incidents opened that name it as their cause, oldest first."""
    moments: dict[str, list[datetime]] = {}
    for incident, causes in incident_causes(items, names).items():
        opened_at = items[incident].opened_at
        if opened_at is not None:
            for cause in causes:
                moments.setdefault(cause, []).append(opened_at)
    return {item: tuple(sorted(found)) for item, found in moments.items()}


def untyped_incident_items(
    items: Mapping[str, ItemState], names: Mapping[str, str]
) -> frozenset[str]:
    """List the items that are linked to an incident while nobody says how.

    What both sides say of a pair counts together: one typed link settles it. An item that was
    opened after the incident cannot have caused it, and incidents among themselves blame nobody.
    """
    said: dict[tuple[str, str], set[LinkType]] = {}
    for incident, item, link in _pairs(items, names):
        if link is not _NO_LINK and item in items and not items[item].is_incident:
            said.setdefault((incident, item), set()).add(link)
    return frozenset(
        item
        for (incident, item), links in said.items()
        if links <= _SAYS_NOTHING and not _is_later(items[item], items[incident])
    )


def _pairs(
    items: Mapping[str, ItemState], names: Mapping[str, str]
) -> Iterator[tuple[str, str, LinkType]]:
    """Give (incident, other item, link as the incident's side would say it)."""
    for key, state in items.items():
        for link in state.links:
            other = names.get(link.ref, link.ref)
            if state.is_incident:
                yield key, other, link.type
            if other in items and items[other].is_incident:
                yield other, key, _FROM_THE_OTHER_SIDE.get(link.type, link.type)


def _is_later(item: ItemState, incident: ItemState) -> bool:
    opened_at, incident_at = item.opened_at, incident.opened_at
    return opened_at is not None and incident_at is not None and opened_at > incident_at
