"""Read what a person types: a line becomes parts, the line again, and chips. No Qt, no SQL."""

from indexer.query.question import Query
from indexer.query.scripts import unread_scripts

__all__ = ["Query", "unread_scripts"]
