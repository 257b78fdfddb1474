"""Make thumbnails again that are gone: a few at a time, behind all other work.

What is cut off in the middle waits on, and so does what the disk has no room for. Nobody is kept
waiting for room: it is looked for again a little later.
"""

import time

from indexer.decode import Decoded
from indexer.decoder_pool import DecoderPool
from indexer.encoders import Encoders
from indexer.store import Store
from models.errors import BadEncoder

MENDED = 64  # photos whose thumbnails are made again before anybody is heard
ROOM_S = 2.0  # how often room is looked for on a full disk
AWAY_S = 30.0  # how often an encoder is asked again that can't be read


class Mender:
    """Makes the thumbnails that `store.leftovers` misses, as the encoder that serves wants them."""

    def __init__(self, store: Store, encoders: Encoders) -> None:
        self._store = store
        self._encoders = encoders
        self._from_s = 0.0  # nothing can be made before

    @property
    def is_due(self) -> bool:
        """Whether thumbnails are gone that may be made now."""
        return self._store.leftovers.has_bare and time.monotonic() >= self._from_s

    def mend_some(self, pool: DecoderPool) -> None:
        """Make some of them. Those that `pool` does not come to, when it is stopped, wait on."""
        leftovers, library = self._store.leftovers, self._store.library
        left = dict(leftovers.bare(MENDED))
        try:
            if self._lacks_room():
                return
            spec = self._encoders.serving.batches.encoder.spec.image  # how large a square is
            for content, one in pool.index(list(left.items()), spec, library):
                if isinstance(one, Decoded) and not one.is_kept and self._lacks_room():
                    return
                del left[content]
        except BadEncoder:  # it can't be read just now
            self._from_s = time.monotonic() + AWAY_S
        finally:
            leftovers.put_back(left)

    def _lacks_room(self) -> bool:
        """Whether the disk is full, so that thumbnails are made later. All clients hear of it."""
        db = self._store.db
        if db.is_full:
            self._from_s = time.monotonic() + ROOM_S
            db.lacks_room()
            return True
        db.has_room()
        return False
