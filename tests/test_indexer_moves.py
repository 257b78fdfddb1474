"""Who was moved, and who only looks like it."""

import time
from collections.abc import Callable, Sequence

from indexer.moves import Gone, Lost, Moved, match
from indexer.scan import Found

BYTES = {"/new/1.jpg": b"one", "/new/2.jpg": b"two", "/new/3.jpg": b"one"}


def matched(
    new: Sequence[Found],
    gone: Sequence[Gone],
    hash_of: Callable[[str], bytes | None] = BYTES.get,
) -> list[Moved]:
    return match(new, {(3, 7): Lost(gone)}, lambda paths: [hash_of(path) for path in paths])


ONE, TWO, THREE = (Found(path, 3, 7) for path in BYTES)


def test_the_bytes_decide_where_size_and_time_agree() -> None:
    gone = [Gone(1, "/old/a.jpg", b"two"), Gone(2, "/old/b.jpg", b"one")]
    assert matched([ONE, TWO], gone) == [Moved(2, ONE), Moved(1, TWO)]
    assert matched([ONE], [Gone(1, "/old/1.jpg", b"other")]) == []


def test_of_copies_the_one_with_the_same_name_moves_and_each_only_once() -> None:
    gone = [Gone(1, "/old/3.jpg", b"one"), Gone(2, "/old/1.jpg", b"one")]
    assert matched([ONE, THREE], gone) == [Moved(2, ONE), Moved(1, THREE)]
    assert matched([ONE, THREE], gone[:1]) == [Moved(1, ONE)]


def test_a_photo_that_nobody_has_looked_at_moves_unread() -> None:
    read: list[str] = []

    def content_hash(path: str) -> bytes:
        read.append(path)
        return b"one"

    gone = [Gone(1, "/old/1.jpg", None)]
    assert matched([ONE], gone, content_hash) == [Moved(1, ONE)]
    assert match([ONE], {}, lambda paths: map(content_hash, paths)) == []
    assert read == []


def test_a_file_that_can_not_be_read_is_new() -> None:
    assert matched([ONE], [Gone(1, "/old/1.jpg", b"one")], lambda _: None) == []


def test_thousands_that_agree_in_all_but_their_names_are_no_trouble() -> None:
    names = [f"{number:05}.jpg" for number in range(20_000)]
    gone = [Gone(number, f"/old/{name}", b"same") for number, name in enumerate(names)]
    new = [Found(f"/new/{name}", 3, 7) for name in reversed(names)]
    began_s = time.process_time()
    moved = matched(new, gone, lambda _: b"same")
    assert sorted((one.id, one.found.path) for one in moved) == [
        (number, f"/new/{name}") for number, name in enumerate(names)
    ]
    assert time.process_time() - began_s < 5
