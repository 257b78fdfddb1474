"""One line on a terminal that says how indexing goes; nothing but notes where it is no terminal."""

import shutil
from typing import TextIO

from indexer.events import Progress, Switching


class ProgressLine:
    """Draws progress over itself on `stream`."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._live = stream.isatty()
        self._drawn = False

    def show(self, progress: Progress | Switching) -> None:
        """Draw the line anew."""
        if self._live:
            words = learning(progress) if isinstance(progress, Switching) else sentence(progress)
            columns = shutil.get_terminal_size().columns
            self.stream.write("\r\x1b[K" + words[: columns - 1])
            self.stream.flush()
            self._drawn = True

    def note(self, words: str) -> None:
        """Say something that stays."""
        self.end()
        print(words, file=self.stream, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._drawn:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._drawn = False


def sentence(progress: Progress) -> str:
    """Counts, rate and time left.

    >>> sentence(Progress(found=18302, indexed=1240, unchanged=0, failed=2, rate_per_s=12.0,
    ...                   left_s=1421.0, folder="/Users/me/Pictures/2024"))
    '1,242 of 18,302 photos, 2 unreadable, 12 a second, about 24 minutes left, in 2024'
    """
    done = progress.indexed + progress.unchanged + progress.failed
    if done >= progress.found and progress.told < progress.to_tell:
        words = [f"asking old files again: {progress.told:,} of {progress.to_tell:,}"]
        return ", ".join(words + pace(progress.rate_per_s, progress.left_s))
    words = [f"{done:,} of {photos(progress.found)}"]
    if progress.failed:
        words.append(f"{progress.failed:,} unreadable")
    words += pace(progress.rate_per_s, progress.left_s if done < progress.found else None)
    if progress.folder:
        words.append(f"in {progress.folder.rstrip('/').rpartition('/')[2]}")
    return ", ".join(words)


def learning(switching: Switching) -> str:
    """The same while another encoder sees the photos anew.

    >>> learning(Switching("mobileclip2-s0", "1a2b", seen=1240, total=18302, rate_per_s=12.0,
    ...                    left_s=1421.0))
    'Learning to see better: 1,240 of 18,302, 12 a second, about 24 minutes left'
    """
    words = [f"Learning to see better: {switching.seen:,} of {switching.total:,}"]
    return ", ".join(words + pace(switching.rate_per_s, switching.left_s))


def pace(rate_per_s: float, left_s: float | None) -> list[str]:
    """How fast it goes and how long it will take, as far as that is known.

    >>> pace(0.0, None), pace(2.5, 59)
    ([], ['2.5 a second', 'about 59 seconds left'])
    """
    words = []
    if rate_per_s:
        words.append(
            f"{rate_per_s:,.0f} a second" if rate_per_s >= 10 else f"{rate_per_s:.1f} a second"
        )
    if left_s is not None:
        words.append(f"about {duration(left_s)} left")
    return words


def photos(n: int) -> str:
    """A count with its noun.

    >>> photos(1), photos(18302)
    ('1 photo', '18,302 photos')
    """
    return f"{n:,} photo{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time in words, coarse as an estimate should be.

    >>> [duration(seconds) for seconds in (0.4, 59, 90, 3700, 90000)]
    ['1 second', '59 seconds', '2 minutes', '1 hour', '25 hours']
    """
    for limit, unit in ((60, "second"), (3600, "minute")):
        if seconds < limit:
            number = max(1, round(seconds / (limit / 60)))
            return f"{number} {unit}{'' if number == 1 else 's'}"
    number = round(seconds / 3600)
    return f"{number} hour{'' if number == 1 else 's'}"
