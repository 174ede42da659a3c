"""The version of the arithmetic: part of what every booked day is known to be made of."""

#: Raised, with the changelog, when equal inputs could give other books.
CODE_VERSION = "1"
