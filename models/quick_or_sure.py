"""Use a quick encoder as soon as it is ready and as long as it works, and a sure one otherwise.

Both give the same vectors, so they may take turns. Nobody waits while the quick one is got ready,
and what goes wrong with it costs one line in the log.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from models.encoder import Encoder, Images, Vectors
from models.errors import BadEncoder
from models.spec import EncoderSpec

WORTH = 64  # photos: a question or a few new ones are done before a quick encoder is ready

log = logging.getLogger(__name__)


def in_background(work: Callable[[], None]) -> None:
    """Do it on a thread that ends with the process."""
    threading.Thread(target=work, name="quick encoder", daemon=True).start()


class QuickOrSure:
    """The encoder `sure`, and for photos what `prepare` gives, once there are many.

    Sentences are always left to `sure`: one by one it is quick enough.
    """

    def __init__(
        self,
        sure: Encoder,
        prepare: Callable[[], Encoder],
        start: Callable[[Callable[[], None]], None] = in_background,
        worth: int = WORTH,
    ) -> None:
        self._sure = sure
        self._prepare = prepare
        self._start = start
        self._until_worth = worth
        self._quick: Encoder | None = None
        self._closed = False
        self._lock = threading.Lock()

    @property
    def spec(self) -> EncoderSpec:
        """The recipe: one for both."""
        return self._sure.spec

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows."""
        quick = self._quick
        if quick is not None:
            try:
                return quick.images(batch)
            except BadEncoder as error:
                self._give_up(quick, error)
        elif self._is_now_worth_it(len(batch)):
            self._start(self._get_ready)
        return self._sure.images(batch)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows."""
        return self._sure.texts(sentences)

    def close(self) -> None:
        """End the quick one; one that is still being got ready is ended when it is."""
        with self._lock:
            quick, self._quick, self._closed = self._quick, None, True
        if quick is not None:
            quick.close()
        self._sure.close()

    def _is_now_worth_it(self, photos: int) -> bool:
        """True once: when so many photos came that more will."""
        with self._lock:
            before = self._until_worth
            self._until_worth -= photos
            return before > 0 >= self._until_worth and not self._closed

    def _get_ready(self) -> None:
        try:
            quick = self._prepare()
            with self._lock:
                self._quick = None if self._closed else quick
            if self._quick is quick:
                log.info("photos of %s are left to Core ML from now on", self.spec.name)
            else:
                quick.close()
        except BadEncoder as error:
            log.warning("photos of %s are left to ONNX Runtime: %s", self.spec.name, error)
        except Exception:
            log.exception("a bug of ours: photos of %s are left to ONNX Runtime", self.spec.name)

    def _give_up(self, quick: Encoder, error: BadEncoder) -> None:
        """Say it once, however many threads find it out."""
        with self._lock:
            first = self._quick is quick
            self._quick = None
        if first:
            log.warning("photos of %s are left to ONNX Runtime: %s", self.spec.name, error)
            quick.close()
