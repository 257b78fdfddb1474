"""What the window does with the indexer's news: ring, pop-over, status line, strip, problems."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import words
from app.bridge import Bridge
from app.problems import Problems
from app.progress import SAID_S, Run
from app.progress_panel import ProgressPanel
from app.reading import Reader
from app.ring import Ring
from app.searching import Search
from app.showing import Showing
from app.status import StatusLine
from app.strip import Strip
from indexer.events import (
    Committed,
    Done,
    Doubt,
    Event,
    FoldersChanged,
    Manners,
    Switched,
    Trouble,
)
from indexer.photo import Answer

RESTARTED_S = 6.0


class Indexing(QObject):
    """Follows one indexer. The parts that it speaks through are the window's."""

    changed = Signal()

    def __init__(
        self,
        bridge: Bridge,
        reader: Reader,
        search: Search,
        showing: Showing,
        strip: Strip,
        status: StatusLine,
    ) -> None:
        super().__init__(bridge.parent())
        self.run = Run()
        self._bridge, self._reader, self._search = bridge, reader, search
        self._showing, self._strip, self._status = showing, strip, status
        bridge.happened.connect(self._happened)
        bridge.restarted.connect(self._restarted)
        bridge.gave_up.connect(lambda: self._stopped(words.STOPPED))
        bridge.troubled.connect(self._stopped)
        strip.pressed.connect(self._look_again)

    @property
    def searchable(self) -> int:
        """Photos of the library that can be searched."""
        return len(self._showing.library)

    @property
    def failed(self) -> int:
        """Photos of the library that could not be read."""
        reading = self._showing.reading
        return reading.counts.failed if reading else 0

    def serve(self, ring: Ring, panel: ProgressPanel, problems: Problems) -> None:
        """Let these show how it stands, and be pressed."""
        panel.pause_pressed.connect(self._bridge.pause)
        panel.problems_pressed.connect(panel.close_it)
        panel.problems_pressed.connect(problems.show)
        problems.tried_again.connect(self._try_again)
        self._showing.changed.connect(problems.look)
        self._status.pressed.connect(problems.show)

        def press() -> None:
            if panel.isVisible():
                panel.close_it()
            else:
                panel.open(ring)
                panel.button.setFocus()

        ring.clicked.connect(press)

    def show_on(self, ring: Ring, panel: ProgressPanel) -> None:
        """Bring ring and pop-over up to date."""
        run = self.run
        ring.setVisible(run.is_seen)
        account = [run.headline(self.searchable), run.account(self.searchable), *run.details()]
        ring.go(run.share, run.manners.is_paused, "\n".join(account))
        panel.say(run, self.searchable, self.failed)
        if not run.is_seen:
            panel.close_it()

    def toggle_pause(self) -> None:
        """Rest, or go on."""
        self._bridge.pause(not self.run.manners.is_paused)

    def begin(self) -> None:
        """A person has added folders: show it before the indexer says so."""
        self.run = Run(is_on=True, manners=self.run.manners)
        self._go_on()

    def _happened(self, event: Event) -> None:
        was, self.run = self.run, self.run.after(event)
        if isinstance(event, Committed | FoldersChanged | Done | Switched):
            self._reader.look()
        if isinstance(event, Switched):
            self._search.warm_up()  # it begins to load the encoder that serves now
            if was.to_see:
                self._status.say(words.SWITCHED, SAID_S)
        nothing = isinstance(event, Done) and not (event.found or event.missing)
        if isinstance(event, Done) and (event.indexed or nothing):
            self._status.say(words.all_searchable(event.indexed + event.unchanged), SAID_S)
        if isinstance(event, Trouble):
            self._strip.say(event.message)
        if isinstance(event, Doubt):
            self._ask(event)
        self.changed.emit()

    def _try_again(self, photo_ids: list[int] | None) -> None:
        count = self.failed if photo_ids is None else len(photo_ids)
        self._status.say(words.trying_again(count), SAID_S)
        self._go_on()
        self._bridge.try_again(photo_ids)

    def _go_on(self) -> None:
        """What a person asks for by hand is not to wait for a pause that they forgot."""
        if self.run.manners.is_paused:
            self._bridge.pause(False)

    def _ask(self, doubt: Doubt) -> None:
        """Many photos are gone from a folder: are they to be forgotten?"""
        folder = Path(doubt.folder)
        self._strip.ask(
            words.many_gone(doubt.missing, doubt.photos, folder.name or doubt.folder),
            [
                (words.KEEP, lambda: self._bridge.answer(folder, Answer.KEEP)),
                (words.FORGET, lambda: self._bridge.answer(folder, Answer.FORGET)),
            ],
        )

    def _restarted(self) -> None:
        self.run = replace(self.run, manners=Manners())  # the next one says how it behaves
        self._status.say(words.RESTARTED, RESTARTED_S)

    def _stopped(self, sentence: str) -> None:
        self.run = self.run.stopped()
        self._strip.say(sentence, words.TRY_AGAIN)
        self.changed.emit()

    def _look_again(self) -> None:
        self._strip.hush()
        self._bridge.refresh()
