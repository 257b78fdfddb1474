"""Who was moved, and who only looks like it."""

from collections.abc import Sequence

from indexer.moves import Gone, Moved, match
from indexer.scan import Found

BYTES = {"/new/1.jpg": b"one", "/new/2.jpg": b"two", "/new/3.jpg": b"one"}


def matched(new: Sequence[Found], gone: Sequence[Gone]) -> tuple[list[Moved], list[Found]]:
    return match(new, lambda _: gone, BYTES.get)


ONE, TWO, THREE = (Found(path, 3, 7) for path in BYTES)


def test_the_bytes_decide_where_size_and_time_agree() -> None:
    gone = [Gone(1, "/old/a.jpg", b"two"), Gone(2, "/old/b.jpg", b"one")]
    assert matched([ONE, TWO], gone) == ([Moved(2, ONE), Moved(1, TWO)], [])
    assert matched([ONE], [Gone(1, "/old/1.jpg", b"other")]) == ([], [ONE])


def test_of_copies_the_one_with_the_same_name_moves_and_each_only_once() -> None:
    gone = [Gone(1, "/old/3.jpg", b"one"), Gone(2, "/old/1.jpg", b"one")]
    assert matched([ONE, THREE], gone) == ([Moved(2, ONE), Moved(1, THREE)], [])
    assert matched([ONE, THREE], gone[:1]) == ([Moved(1, ONE)], [THREE])


def test_a_photo_that_nobody_has_looked_at_moves_unread() -> None:
    read: list[str] = []

    def content_hash(path: str) -> bytes:
        read.append(path)
        return b"one"

    gone = [Gone(1, "/old/1.jpg", None)]
    assert match([ONE], lambda _: gone, content_hash) == ([Moved(1, ONE)], [])
    assert match([ONE], lambda _: [], content_hash) == ([], [ONE])
    assert read == []


def test_a_file_that_can_not_be_read_is_new() -> None:
    assert match([ONE], lambda _: [Gone(1, "/old/1.jpg", b"one")], lambda _: None) == ([], [ONE])
