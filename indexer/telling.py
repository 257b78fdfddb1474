"""Ask files again what they tell: in libraries from before metadata, and where XMP has changed.

A few hundredths of the work of reading a photo, for its pixels stay where they are.
"""

from indexer.decoder_pool import DecoderPool
from indexer.metadata import Metadata
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

    def tell_some(self, pool: DecoderPool) -> bool:
        """Ask some files, and write down what they tell; whether there were any.

        A file that can't be read just now waits on; one that never can is not asked again.
        """
        folders = [n for n, _, state in self._store.folders() if state.is_there]
        waiting = self._store.metadata.untold(folders, self._after, PAGE)
        if not waiting:
            return False
        answers = dict(pool.tell(waiting))
        told = {content: one for content, one in answers.items() if isinstance(one, Metadata)}
        mute = [
            content
            for content, one in answers.items()
            if not isinstance(one, Metadata) and not one.may_pass
        ]
        self._store.metadata.replace(told.items(), mute)
        self._after = waiting[-1][0]
        return True
