"""Read what a person types: a line becomes parts, the line again, and chips. No Qt, no SQL."""

from indexer.query.here import Here
from indexer.query.parse import parse
from indexer.query.parts import Note, Part
from indexer.query.question import Query
from indexer.query.scripts import unread_scripts

__all__ = ["Here", "Note", "Part", "Query", "parse", "unread_scripts"]
