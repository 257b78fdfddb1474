"""How bursts of changes settle. No test waits: time is an argument."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.settle import Settled, Settler, Touch


def settler() -> Settler:
    return Settler(quiet_s=0.5, open_s=10.0, longest_s=30.0)


def files(*paths: str) -> Settled:
    return Settled(files=frozenset(paths))


def test_a_file_that_was_closed_is_given_out_after_a_short_quiet() -> None:
    one = settler()
    one.touch("/p/a.jpg", Touch.WHOLE, 1.0)
    assert not one.take(1.4)
    assert one.take(1.5) == files("/p/a.jpg")
    assert not one.take(99.0)
    assert one.next_deadline_s() is None


def test_a_file_that_is_being_written_waits_until_it_is_closed() -> None:
    one = settler()
    one.touch("/p/a.jpg", Touch.NOTED, 0.0)
    for tenth in range(80):
        one.touch("/p/a.jpg", Touch.WRITING, tenth / 10)
        assert not one.take(tenth / 10)
    assert not one.take(9.0)
    assert one.holds("/p/a.jpg")
    one.touch("/p/a.jpg", Touch.NOTED, 9.0)  # its time is set before it is closed
    assert not one.take(9.9)
    one.touch("/p/a.jpg", Touch.WHOLE, 10.0)
    assert one.take(10.5) == files("/p/a.jpg")
    assert not one.holds("/p/a.jpg")


def test_a_writer_that_falls_silent_is_not_waited_for_for_ever() -> None:
    one = settler()
    one.touch("/p/a.jpg", Touch.WRITING, 0.0)
    assert one.next_deadline_s() == 10.0
    assert not one.take(9.9)
    assert one.take(10.0) == files("/p/a.jpg")


def test_a_file_that_never_stops_changing_is_still_given_out() -> None:
    one = settler()
    for second in range(30):
        one.touch("/p/a.jpg", Touch.WRITING, second)
        assert not one.take(second)
    assert one.take(30.0) == files("/p/a.jpg")


def test_a_folder_stands_for_what_lies_below_it() -> None:
    one = settler()
    for path in ("/p/in", "/p/in/deep", "/p/inner"):
        one.touch(path, Touch.FOLDER, 0.0)
    for path in ("/p/in/deep/a.jpg", "/p/b.jpg"):
        one.touch(path, Touch.WHOLE, 0.0)
    settled = one.take(1.0)
    assert settled == Settled(frozenset({"/p/b.jpg"}), frozenset({"/p/in", "/p/inner"}))


def test_a_file_that_is_still_written_in_a_folder_that_is_due_is_held_alone() -> None:
    one = settler()
    one.touch("/p/in", Touch.FOLDER, 0.0)
    one.touch("/p/in/a.jpg", Touch.WRITING, 0.4)
    assert one.take(0.5) == Settled(folders=frozenset({"/p/in"}))
    assert one.holds("/p/in/a.jpg")


def test_what_nobody_watches_any_more_is_forgotten() -> None:
    one = settler()
    one.touch("/p/a.jpg", Touch.WHOLE, 0.0)
    one.touch("/p", Touch.FOLDER, 0.0)
    one.touch("/q/a.jpg", Touch.WHOLE, 0.0)
    one.forget_below("/p")
    assert one.take(1.0) == files("/q/a.jpg")


def test_the_two_sides_of_a_move_are_given_out_together() -> None:
    one = Settler(quiet_s=0.5, open_s=10.0, longest_s=30.0, together_s=0.25)
    one.touch("/p/old", Touch.FOLDER, 0.0)
    one.touch("/p/new", Touch.FOLDER, 0.2)
    one.touch("/p/a.jpg", Touch.WRITING, 0.2)
    assert not one.take(0.49)
    assert one.take(0.5) == Settled(folders=frozenset({"/p/old", "/p/new"}))
    assert one.holds("/p/a.jpg")


PATHS = st.sampled_from(["/p", "/p/in", "/p/in/a.jpg", "/p/b.jpg", "/q/c.jpg"])
STEPS = st.tuples(st.floats(0, 5), PATHS, st.sampled_from(Touch))


@given(st.lists(STEPS))
def test_every_touch_is_answered_no_sooner_than_quiet_and_no_later_than_the_bound(
    steps: list[tuple[float, str, Touch]],
) -> None:
    one, now_s = settler(), 0.0
    owed: dict[str, float] = {}  # path -> its first touch that is not answered yet

    def take() -> None:
        settled = one.take(now_s)
        for path in list(owed):
            folders = tuple(f"{folder}/" for folder in settled.folders)
            if path in settled.files | settled.folders or (
                path.startswith(folders) and not one.holds(path) and path not in one._held
            ):
                assert now_s >= owed.pop(path) + 0.5
        assert all(now_s < first_s + 30.0 for first_s in owed.values())

    for pause_s, path, touch in steps:
        now_s += pause_s
        take()
        one.touch(path, touch, now_s)
        owed.setdefault(path, now_s)
    now_s += 30.0
    take()
    assert not owed
