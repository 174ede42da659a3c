"""Made-up people: in every field where real servers put somebody, and nowhere else.

No output of the product may hold any of `SEEDED_NAMES`; they are rare on purpose, so
that a hit in a byte search is a leak and not an accident.
"""

from dataclasses import dataclass

_FULL_NAMES = (
    "Oswaldina Prettigrew",
    "Thaddeus Quillfeather",
    "Marigoldine Vosskamp",
    "Cornelius Bramblethwaite",
    "Ysolde Kettlewhisk",
    "Barnabeth Ostrowinkel",
    "Philomenka Drazhkova",
    "Ignatzio Fennimarsh",
    "Wilhelmira Tapscotten",
    "Zebedina Harrowgilt",
    "Eustachy Plumtreves",
    "Rosamunde Wickerstaffel",
    "Leopoldus Grunthaven",
    "Clothilda Sparrowmere",
    "Hieronyma Blackfennel",
    "Mortimore Zelenkovich",
)


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up person under every identifier that a system knows them by.

    Attributes:
        name: Display name.
        login: GitHub login.
        email: Address in commits, logs and Jira.
        jira_id: Jira Cloud account id.
        github_id: GitHub's numeric user id; longer than real ones, so that no other number hits.
    """

    name: str
    login: str
    email: str
    jira_id: str
    github_id: int


def _person(index: int, name: str) -> Person:
    first, last = name.lower().split()
    return Person(
        name=name,
        login=f"{first}-{last}",
        email=f"{first}.{last}@meridian-freight.example",
        jira_id=f"712020:{first[:4]}{last}-{index:04d}",
        github_id=771_000_200_041 + 37 * index,
    )


PEOPLE: tuple[Person, ...] = tuple(_person(i, name) for i, name in enumerate(_FULL_NAMES))

#: What the byte search looks for: names, their rare parts, logins, addresses, account ids.
SEEDED_NAMES: tuple[str, ...] = tuple(
    mark
    for person in PEOPLE
    for mark in (
        person.name,
        *person.name.split(),
        person.login,
        person.email,
        person.jira_id,
        str(person.github_id),
    )
)


def someone(index: int) -> Person:
    """Pick a person; the same index is always the same person."""
    return PEOPLE[index % len(PEOPLE)]
