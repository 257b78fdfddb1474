"""Stand in for an encoder that can't be read just now, and let the real one work once it can.

The library keeps it as the one that serves or is wanted. Whatever needs it is told what is the
matter, and whoever can wait asks first.
"""

import logging
from collections.abc import Callable, Sequence

from models.encoder import Encoder, Images, Vectors
from models.errors import BadEncoder
from models.once import Once
from models.spec import EncoderSpec

log = logging.getLogger(__name__)


class Awaited:
    """The encoder that `find` gives, which is asked again at each use until it does."""

    def __init__(self, find: Callable[[], Encoder]) -> None:
        self._found = Once(find)

    def why_not(self) -> str | None:
        """What keeps it away, for a person; None where it can be used now."""
        try:
            self._found.get()
        except BadEncoder as error:
            return str(error)
        return None

    @property
    def spec(self) -> EncoderSpec:
        """The recipe. Raises BadEncoder where it still can't be read, as the others do."""
        return self._found.get().spec

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows."""
        return self._found.get().images(batch)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows."""
        return self._found.get().texts(sentences)

    def close(self) -> None:
        """Let go of the encoder, if it was found."""
        found = self._found.made
        if found is not None:
            found.close()
