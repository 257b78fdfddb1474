"""Read what a person types: a line becomes parts, the line again, and chips. No Qt, no SQL."""

from indexer.query.chips import Chip, chips
from indexer.query.here import Here
from indexer.query.parse import parse
from indexer.query.parts import Note, Part
from indexer.query.question import Query
from indexer.query.removal import without
from indexer.query.scripts import unread_scripts

__all__ = ["Chip", "Here", "Note", "Part", "Query", "chips", "parse", "unread_scripts", "without"]
