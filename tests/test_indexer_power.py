"""Running on a battery is told from the files of Linux, as folders that we make."""

from pathlib import Path

import pytest

from indexer.power import on_battery, runs_down


def supply(home: Path, name: str, **files: str) -> None:
    """One supply with what its files say."""
    (home / name).mkdir(parents=True)
    for file, word in files.items():
        (home / name / file).write_text(f"{word}\n")


@pytest.mark.parametrize(
    ("status", "online", "expected"),
    [("Discharging", "0", True), ("Discharging", "1", False), ("Charging", "1", False)],
)
def test_a_laptop_is_on_battery_while_nothing_feeds_it(
    tmp_path: Path, status: str, online: str, expected: bool
) -> None:
    supply(tmp_path, "AC", type="Mains", online=online)
    supply(tmp_path, "BAT0", type="Battery", scope="System", status=status)
    assert runs_down(tmp_path) is expected


def test_a_mouse_with_a_battery_leaves_a_desktop_a_desktop(tmp_path: Path) -> None:
    supply(tmp_path, "hidpp_battery_0", type="Battery", scope="Device", status="Discharging")
    assert not runs_down(tmp_path)


def test_a_battery_that_has_no_say_does_not_run_down(tmp_path: Path) -> None:
    supply(tmp_path, "BAT0", type="Battery")
    assert not runs_down(tmp_path)


def test_a_machine_that_tells_nothing_of_its_power_is_not_on_battery(tmp_path: Path) -> None:
    assert not runs_down(tmp_path / "nowhere")
    assert on_battery() in (True, False)
