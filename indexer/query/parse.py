"""Read a typed line into the parts it is made of.

Whatever is no filter, quote, weight or "not" is what to see. Nothing that is typed is lost: every
word lies in a part, or in a note that says why not.
"""

from dataclasses import replace

from indexer.query import negation
from indexer.query.dates import read_date
from indexer.query.filters import mistyped, read_term
from indexer.query.here import Here
from indexer.query.kinds import FILLERS, asked, read_kind
from indexer.query.lexer import Sort, Token, speaks, tokens
from indexer.query.names import read_camera, read_place
from indexer.query.parts import DateIs, Exact, Note, Part, Words
from indexer.query.question import Query
from indexer.query.when import is_list

WEIGHTS = (0.05, 20.0)
LONGEST = 12  # tokens that a date may have


def parse(line: str, here: Here) -> Query:
    """What the line asks. Raises nothing, whatever is typed.

    >>> from datetime import date
    >>> query = parse('dog "Rex" -leash last summer', Here(date(2025, 10, 15)))
    >>> [query.source(part) for part in query.parts]
    ['dog', '"Rex"', '-leash', 'last summer']
    """
    reading = _Reading(line, here)
    reading.read()
    return Query(words=line, parts=tuple(reading.parts), notes=tuple(reading.notes))


class _Reading:
    """One walk along a line, with what was found so far."""

    def __init__(self, line: str, here: Here) -> None:
        self.parts: list[Part] = []
        self.notes: list[Note] = []
        self._line = line
        self._here = here
        self._tokens = tokens(line)
        self._loose: list[Token] = []  # words and stops since the last part
        self._fillers: list[Token] = []  # words before the next filter that belong to it

    def read(self) -> None:
        at = 0
        while at < len(self._tokens):
            at = self._marked(at) or self._denied(at) or self._plain(at) or self._keep(at)
        self._settle(None)

    def _keep(self, at: int) -> int:
        """Hold a word back: it is something to see, together with its neighbours."""
        token = self._tokens[at]
        if token.sort is Sort.WORD and not token.minus and (note := mistyped(token)):
            self._note(note, token)
        if token.sort is not Sort.QUOTE:
            self._loose.append(token)
        return at + 1

    def _marked(self, at: int) -> int | None:
        """A quote, a key, or a word with a dash or a weight."""
        token = self._tokens[at]
        if token.is_plain or token.sort is Sort.STOP:
            return None
        found: Part | Note
        if token.weight is not None and not WEIGHTS[0] <= token.weight <= WEIGHTS[1]:
            self._note(Note(f"A weight lies between 0.05 and 20, not at {token.weight:g}."), token)
            self._loose.append(token)
            return at + 1
        if token.sort is Sort.TERM:
            found = read_term(token, self._here)
        elif not speaks(token.text):
            return None
        elif token.sort is Sort.WORD and token.weight is None:
            if stop := self._denied_filter(at):
                return stop
            found = Words(token.text)
        elif token.weight is not None:
            found = Words(token.text, token.weight)
        else:
            found = Exact(token.text)
        if isinstance(found, Note):
            self._note(found, token)
            if token.values and token.minus:
                self._add(Words(token.text), at, at + 1, negated=True)
            elif token.values:
                self._loose.append(token)
            return at + 1
        self._add(found, at, at + 1, negated=token.minus)
        return at + 1

    def _denied_filter(self, at: int) -> int | None:
        """Add the filter behind a dash: -2019, -screenshots, -in Lisbon; where it stops."""
        denied = self._tokens[at]
        self._tokens[at] = replace(denied, minus=False)
        found = self._filter(at, fresh=True)
        if found is None:
            self._tokens[at] = denied
            return None
        self._add(found[0], at, found[1], negated=True)
        return found[1]

    def _plain(self, at: int) -> int | None:
        """A filter in plain words."""
        found = self._filter(at, fresh=self._is_fresh())
        if found is None:
            return None
        self._add(found[0], at, found[1])
        return found[1]

    def _filter(self, at: int, *, fresh: bool) -> tuple[Part, int] | None:
        """The filter that begins at `at` in plain words, and the index behind it."""
        if not self._tokens[at].is_plain:
            return None
        return (
            self._date(at, fresh=fresh)
            or read_camera(self._line, self._tokens, at, self._here)
            or self._place(at)
            or read_kind(self._tokens, at, fresh=fresh)
        )

    def _place(self, at: int) -> tuple[Part, int] | None:
        first = at + (self._tokens[at].normal in ("taken", "shot", "made"))
        return (
            read_place(self._line, self._tokens, first, self._here)
            if (first < len(self._tokens))
            else None
        )

    def _date(self, at: int, *, fresh: bool) -> tuple[DateIs, int] | None:
        text, ends = "", {}
        for index in range(at, min(at + LONGEST, len(self._tokens))):
            token = self._tokens[index]
            if not (token.is_plain or (token.is_comma and text)):
                break
            text += (" " if text else "") + token.normal
            ends[len(text)] = index + 1
        found = read_date(text, self._here, alone=fresh)
        if found is None or found[1] not in ends:
            return None
        part, stop = DateIs((found[0],)), ends[found[1]]
        if stop + 1 < len(self._tokens) and self._lists(stop):  # "2019, 2020 and 2022"
            more = self._date(stop + 1, fresh=False)
            if more is not None and is_list(part.whens + more[0].whens):
                return DateIs(part.whens + more[0].whens), more[1]
        return part, stop

    def _lists(self, at: int) -> bool:
        """Whether the token can stand between things of which any will do."""
        token = self._tokens[at]
        return token.is_comma or (token.is_plain and token.normal in ("and", "or"))

    def _is_fresh(self) -> bool:
        """Whether a thought begins here: no word is held back since the last stop or part."""
        for token in reversed(self._loose):
            if token.sort is Sort.STOP:
                return True
            if token.normal not in FILLERS:
                return False
        return True

    def _denied(self, at: int) -> int | None:
        """A "not" in plain words with all that it denies."""
        if stop := negation.nobody(self._tokens, at):
            self._add(Words("people"), at, stop, negated=True)
            return stop
        first = negation.denial(self._tokens, at)
        if first is None:
            return None
        start = at
        while True:
            stop = self._deny(start, first)
            if stop is None:
                return None if start == at else start
            if not negation.goes_on(self._tokens, stop):
                return stop
            start, first = stop, stop + 1

    def _deny(self, start: int, first: int) -> int | None:
        """Add the one thing that begins at `first` and is denied from `start`; where it stops."""
        inner = negation.articles(self._tokens, first)
        for at in dict.fromkeys((first, inner)):
            token = self._tokens[at]
            if token.sort is Sort.QUOTE and token.weight is None and speaks(token.text):
                self._add(Exact(token.text), start, at + 1, negated=True)
                return at + 1
            if token.sort is Sort.TERM and not token.minus:
                found = read_term(token, self._here)
                if isinstance(found, Part):
                    self._add(found, start, at + 1, negated=True)
                    return at + 1
                return None
            if named := self._filter(at, fresh=True):
                self._add(named[0], start, named[1], negated=True)
                return named[1]
        stop = negation.reach(self._tokens, inner)
        for at in range(inner + 1, stop):
            if self._filter(at, fresh=False):
                stop = at
                break
        text = self._slice(inner, stop)
        if not speaks(text):
            return None
        self._add(Words(text), start, stop, negated=True)
        return stop

    def _slice(self, first: int, stop: int) -> str:
        if stop <= first:
            return ""
        return self._line[self._tokens[first].start : self._tokens[stop - 1].end]

    def _add(self, part: Part, first: int, stop: int, *, negated: bool = False) -> None:
        """Add a part over the tokens from `first` to before `stop`."""
        start, end = self._tokens[first].start, self._tokens[stop - 1].end
        part = replace(part, negated=negated, start=start, end=end)
        self._settle(part)
        if self._fillers and not isinstance(part, Words):
            part = replace(part, start=self._fillers[0].start)
        self._fillers = []
        self.parts.append(part)

    def _settle(self, following: Part | None) -> None:
        """Make one part of the words held back, or give them to a filter beside them."""
        said = [token for token in self._loose if speaks(token.text)]
        self._loose = []
        if not said:
            return
        before = self.parts[-1] if self.parts else None
        empty = all(token.sort is Sort.WORD and token.normal in FILLERS for token in said)
        if empty and following is not None and not isinstance(following, Words):
            self._fillers = said
        elif empty and before is not None and not isinstance(before, Words):
            self.parts[-1] = replace(before, end=said[-1].end)
        else:
            start, end = said[0].start, said[-1].end
            first = said[0 if self.parts else asked(said)].start
            self.parts.append(Words(self._line[first:end], start=start, end=end))

    def _note(self, note: Note, token: Token) -> None:
        self.notes.append(replace(note, start=token.start, end=token.end))
