"""Search a library all the time from a thread, and tell whether any answer mixed two spaces."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from indexer.library import Library
from indexer.query import Query
from indexer.search import Results, Searcher
from indexer.view import View
from models.encoder import Encoder

NEAR = 2e-3  # scores travel as float16


@dataclass(frozen=True, slots=True)
class Answer:
    """One search and how long it took."""

    words: str
    results: Results
    seconds: float


@dataclass(slots=True)
class Seeker:
    """One long-living `Searcher` that is asked without a pause, as if somebody never stopped."""

    library: Library
    words: Sequence[str]
    limit: int
    pause_s: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="seeker")
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the last answer."""
        self._ended.set()
        assert self._thread is not None
        self._thread.join()

    def answered_by(self, digest: str) -> bool:
        """Whether the newest answer is of the encoder with this digest."""
        return bool(self.answers) and self.answers[-1].results.digest == digest

    def _run(self) -> None:
        searcher = Searcher(self.library)
        try:
            searcher.warm_up()
            while not self._ended.wait(self.pause_s):
                words = self.words[len(self.answers) % len(self.words)]
                began_s = time.monotonic()
                results = searcher.search(Query(words, limit=self.limit, everything=True))
                self.answers.append(Answer(words, results, time.monotonic() - began_s))
        except Exception as error:  # the edge of a thread: the test looks at what it was
            self.failures.append(error)
        finally:
            searcher.close()


def mixed(library: Library, encoders: Sequence[Encoder], answers: Sequence[Answer]) -> list[Answer]:
    """The answers that hold a score which their encoder alone would not give."""
    vectors: dict[str, dict[int, np.ndarray]] = {}
    with View(library) as view:
        shown = dict(view.rows("SELECT id, content_id FROM photo"))
        for encoder in encoders:
            digest = encoder.spec.digest
            vectors[digest] = {
                content: np.frombuffer(row, np.float16).astype(np.float32)
                for _, content, row in view.vectors_since(0, digest)
            }
    texts = {
        (encoder.spec.digest, words): encoder.texts([words])[0]
        for encoder in encoders
        for words in {answer.words for answer in answers}
    }

    def is_mixed(answer: Answer) -> bool:
        digest = answer.results.digest
        if digest not in vectors:
            return True
        text = texts[digest, answer.words]
        return any(
            abs(float(vectors[digest][shown[hit.photo_id]] @ text) - hit.score) > NEAR
            for hit in answer.results.hits
        )

    return [answer for answer in answers if is_mixed(answer)]
