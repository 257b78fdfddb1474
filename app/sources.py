"""What the window is fed from: the library, search, the indexer, full pictures.

Each is made by a function, on the thread that will use it, so that nothing heavy is imported
before the window is painted. Tests give fakes of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.library import Library

if TYPE_CHECKING:
    from indexer.events import Event
    from indexer.photo import Answer, Counts, Folder, Photo, Problem
    from indexer.query import Query
    from indexer.search import Results
    from indexer.view import PhotoTable


class Reads(Protocol):
    """`indexer.view.View` as the window uses it."""

    def table(self) -> "PhotoTable": ...
    def folders(self) -> "list[Folder]": ...
    def counts(self) -> "Counts": ...
    def photo(self, photo_id: int) -> "Photo | None": ...
    def problems(self) -> "list[Problem]": ...
    def close(self) -> None: ...


class Searches(Protocol):
    """`indexer.search.Searcher` as the window uses it."""

    def warm_up(self) -> None: ...
    def search(self, query: "Query") -> "Results": ...
    def close(self) -> None: ...


class Indexes(Protocol):
    """`indexer.client.Client` as the window uses it."""

    def add(self, folders: Sequence[Path], answer: "Answer | None" = None) -> object: ...
    def refresh(self) -> object: ...
    def pause(self) -> object: ...
    def resume(self) -> object: ...
    def try_again(self, photo_ids: Sequence[int] | None = None) -> object: ...
    def events(self) -> "Iterator[Event]": ...
    def close(self) -> None: ...
    def wait(self, timeout_s: float) -> bool: ...


class Decodes(Protocol):
    """`indexer.decode.Decoder` as the window uses it."""

    def picture(self, path: Path, fit: tuple[int, int]) -> NDArray[np.uint8]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """How to make each of them."""

    library: Library
    view: Callable[[], Reads]
    searcher: Callable[[], Searches]
    client: Callable[[Callable[[], bool]], Indexes]  # asks now and then whether to give up
    decoder: Callable[[], Decodes]


def real(library: Library, encoder: str | None) -> Sources:
    """The real ones, imported at their first use.

    With the name of an encoder the library switches to it, once: it goes on answering with its
    own until then.
    """
    wishes = [encoder] if encoder else []

    def view() -> Reads:
        from indexer.view import View

        return View(library)

    def searcher() -> Searches:
        from indexer.search import Searcher

        return Searcher(library)

    def client(is_cancelled: Callable[[], bool]) -> Indexes:
        from indexer.client import Client
        from models.installed import find

        folder = find(encoder, library.encoders)
        client = Client.connect(library, folder, is_cancelled)
        client.watch()  # as long as the window is open; before it asks for anything else
        if wishes:
            client.use(folder)
            wishes.clear()
        return client

    def decoder() -> Decodes:
        from indexer.decode import Decoder

        return Decoder()

    return Sources(library, view, searcher, client, decoder)
