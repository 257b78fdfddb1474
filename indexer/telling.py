"""Ask files again what they tell: in libraries from before metadata, and where XMP has changed.

A few hundredths of the work of reading a photo, for its pixels stay where they are.
"""

import json
from collections.abc import Callable

from indexer.database import as_bad_library
from indexer.decoder_pool import DecoderPool
from indexer.metadata import Metadata
from indexer.photo import PhotoState
from indexer.store import Store

PAGE = 200  # contents a transaction


class Teller:
    """One walk a run over the contents of `store` that wait to be told of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._after: int | None = None

    def rewind(self) -> None:
        """Begin again: what could not be read may be back."""
        self._after = None

    def waits(self) -> bool:
        """Whether there is one to be asked."""
        return bool(self._store.metadata.untold(self._folders(), self._after, 1))

    def left(self) -> int:
        """How many are to be asked, and were not yet in this walk."""
        folders = json.dumps(self._folders())
        with as_bad_library(self._store.library):
            ((count,),) = self._store.connection.execute(
                "SELECT count(*) FROM untold WHERE content_id < coalesce(?, 9223372036854775807)"
                " AND EXISTS (SELECT 1 FROM photo WHERE photo.content_id = untold.content_id"
                " AND state = ? AND folder_id IN (SELECT value FROM json_each(?)))",
                (self._after, PhotoState.INDEXED, folders),
            ).fetchall()
        return int(count)

    def tell_some(self, pool: DecoderPool, was_told: Callable[[], None] = lambda: None) -> None:
        """Ask some files, and write down what they tell; `was_told` is called after each.

        A file that can't be read just now waits on; one that never can is not asked again. Where
        the pool is stopped in the middle, the next call asks those that have not answered.
        """
        waiting = self._store.metadata.untold(self._folders(), self._after, PAGE)
        told: dict[int, Metadata] = {}
        mute: list[int] = []
        answers = 0
        for content, answer in pool.tell(waiting):
            was_told()
            answers += 1
            if isinstance(answer, Metadata):
                told[content] = answer
            elif not answer.may_pass:
                mute.append(content)
        self._store.metadata.replace(told.items(), mute)
        if waiting and answers == len(waiting):
            self._after = waiting[-1][0]

    def _folders(self) -> list[int]:
        return [number for number, _, state in self._store.folders() if state.is_there]
