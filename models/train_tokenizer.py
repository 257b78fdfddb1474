"""Learn the merges of a tokenizer from files of sentences.

    python -m models.train_tokenizer --out tokenizer.bpe --size 8192 captions.txt.gz flickr8k.tsv

Files are plain or gzipped text with a sentence a line; of a .tsv only rows of split `train` are
read (file<TAB>split<TAB>caption). The same files give the same table, byte for byte.
"""

import argparse
import gzip
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from models.errors import BadData
from models.script import as_script
from models.tokenizer import Pair, Tokenizer, merge, spell, words


def sentences(path: Path) -> Iterator[str]:
    """The sentences of one file. Raises BadData."""
    open_text = gzip.open if path.suffix == ".gz" else open
    try:
        with open_text(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if path.suffix != ".tsv":
                    yield line
                    continue
                _, split, caption = line.rstrip("\n").split("\t", 2)
                if split == "train":
                    yield caption
    except (OSError, ValueError, EOFError) as error:
        raise BadData(f"{path} can not be read as sentences: {error}") from error


def learn(texts: Iterable[str], merges: int) -> list[Pair]:
    """The `merges` most useful pairs: again and again the most frequent neighbours are joined.

    Counts are kept up to date word by word; a heap holds candidates, some of them stale, and a
    stale one is put back with its true count when it comes up. Ties go to the smaller bytes.
    """
    counts = Counter(word for text in texts for word in words(text))
    spelled = [spell(word) for word in counts]
    often = list(counts.values())
    pair_count: Counter[Pair] = Counter()
    found_in: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, parts in enumerate(spelled):
        for pair in pairwise(parts):
            pair_count[pair] += often[index]
            found_in[pair].add(index)
    heap = [(-count, pair) for pair, count in pair_count.items()]
    heapq.heapify(heap)
    learnt: list[Pair] = []
    while len(learnt) < merges and heap:
        negative, best = heapq.heappop(heap)
        if -negative != pair_count[best]:
            if pair_count[best] > 0:
                heapq.heappush(heap, (-pair_count[best], best))
            continue
        learnt.append(best)
        changed: set[Pair] = set()
        for index in found_in.pop(best):
            before = spelled[index]
            after = spelled[index] = merge(before, best)
            for pair in pairwise(before):
                pair_count[pair] -= often[index]
            for pair in pairwise(after):
                pair_count[pair] += often[index]
                found_in[pair].add(index)
                changed.add(pair)
        for pair in changed:
            heapq.heappush(heap, (-pair_count[pair], pair))
    return learnt


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument(
        "--size", type=int, default=8192, help="tokens, bytes and start/end included"
    )
    options = parser.parse_args()
    texts = (text for path in options.files for text in sentences(path))
    Tokenizer(learn(texts, options.size - 514)).write(options.out)


if __name__ == "__main__":
    as_script(main)
