"""Whom the byte search looks for: the sandbox's people, and some whose names are not ASCII."""

from sandbox.people import SEEDED_NAMES

#: Beside the sandbox's: accents, other scripts, names without a blank.
FURTHER = ("Zoë Müllerstein", "Nguyễn Văn Ánhtuyết", "Иван Петровскийчук", "李小龙飞鸿")

MARKS: tuple[str, ...] = (*SEEDED_NAMES, *FURTHER)
