"""Make the default encoder from a folder of data, stage by stage, and go on after a stop.

    python -m models.train_default --data data --out made

    data/captions.tsv     file<TAB>split<TAB>caption, splits train and dev
    data/photos.zip       the photos that it names; a folder data/photos does as well
    data/packs/*.bin      optional: packs to learn from (`data.py`), captioned or not;
                          without them the captioned photos are packed, and are all there is
    data/sentences/*.txt  optional: more sentences, a line each
    data/*.tflite         the image teacher, MobileNetV2; not needed where all packs have features
    data/labels.txt       optional, with the teacher: a line a class of it, its names
    data/real_clip.npz    optional: text vectors of a real CLIP (`real_clip.py`)

Seed and numbers are those of MODEL_CARD.md in resources/encoders/sightword-small. Each stage is one
command, printed before it runs. What is done is skipped; a tower that was stopped goes on from its
last checkpoint. `made/recipe.txt` holds the commands: other ones need another `--out`.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadData, KnownError
from models.script import as_script

Run = Callable[[Sequence[str]], int]  # the arguments behind `python -m` -> exit status


@dataclass(frozen=True, slots=True)
class Data:
    """What lies in the folder of data."""

    captions: Path
    photos: Path
    packs: tuple[Path, ...]  # may be none
    sentences: tuple[Path, ...]
    network: Path | None
    labels: Path | None
    real_clip: Path | None

    @classmethod
    def of(cls, folder: Path) -> "Data":
        """Look around. Raises BadData, which says what is missing."""
        captions, archive = folder / "captions.tsv", folder / "photos.zip"
        photos = archive if archive.exists() else folder / "photos"
        for path, what in ((captions, "captions.tsv"), (photos, "photos.zip or photos")):
            if not path.exists():
                raise BadData(f"{folder} holds no {what}. See python -m models.train_default -h")
        packs = tuple(sorted((folder / "packs").glob("*.bin")))
        network = next(iter(sorted(folder.glob("*.tflite"))), None)
        bare = [path.name for path in packs if not path.with_suffix(".teacher.npy").exists()]
        if network is None and (bare or not packs):
            raise BadData(f"{folder} holds no .tflite to teach {', '.join(bare) or 'its photos'}.")
        labels, real_clip = folder / "labels.txt", folder / "real_clip.npz"
        return cls(
            captions=captions,
            photos=photos,
            packs=packs,
            sentences=tuple(sorted((folder / "sentences").glob("*.txt"))),
            network=network,
            labels=labels if network is not None and labels.exists() else None,
            real_clip=real_clip if real_clip.exists() else None,
        )


@dataclass(frozen=True, slots=True)
class Amount:
    """How much to learn; as it stands, what the default encoder learnt."""

    image_steps: int = 5700
    text_steps: int = 1550
    both_steps: int = 2800
    seed: int = 0
    threads: int = 2


Stages = dict[str, list[str]]  # name -> the arguments behind `python -m`


def stages(data: Data, out: Path, amount: Amount) -> Stages:
    """All commands in their order."""
    prepared, packs, sentences = preparation(data, out)
    space, tokenizer = ["--space", f"{out}/space.npz"], ["--tokenizer", f"{out}/tokenizer.bpe"]
    captions = ["--captions", f"{data.captions}"]
    told = [f"{out}/told.txt", *([f"{out}/classes.txt"] if data.labels else [])]
    photos = ["--packs", *packs, *captions]
    how = ["--seed", f"{amount.seed}", "--threads", f"{amount.threads}"]
    real_clip = ["--real_clip", f"{data.real_clip}"] if data.real_clip else []
    image, text, both = (["--run", f"{out}/{name}"] for name in ("image", "text", "both"))
    return prepared | {
        "space": [
            *("models.space", "--out", f"{out}/space.npz", *photos),
            *("--sentences", *told, "--seed", f"{amount.seed}"),
        ],
        # Small batches: a step of Muon teaches as much from 64 photos as from 192.
        "image": [
            *("models.distill", "image", *image, *space, *photos, "--sentences", *told),
            *("--batch", "64", "--rate", "0.002", "--muon_rate", "0.02", "--warmup_steps", "100"),
            *("--early_share", "1", "--decay_share", "0", "--steps", f"{amount.image_steps}", *how),
        ],
        "text": [
            *("models.distill", "text", *text, *space, *tokenizer, "--sentences", *sentences),
            *(*real_clip, "--batch", "256", "--rate", "0.001"),
            *("--steps", f"{amount.text_steps}", *how),
        ],
        "both": [
            *("models.distill", "both", *both, "--start", text[1], image[1], *space, *tokenizer),
            *(*photos, "--sentences", *sentences, *real_clip, "--batch", "96", "--rate", "0.001"),
            *("--muon_rate", "0.01", "--warmup_steps", "50", "--decay_share", "0.4"),
            *("--early_share", "0.25", "--steps", f"{amount.both_steps}", *how),
        ],
        "export": [
            *("models.export", *both, *tokenizer, "--out", f"{out}/sightword-small"),
            *("--photos", f"{data.photos}", *photos),
        ],
    }


def preparation(data: Data, out: Path) -> tuple[Stages, list[str], list[str]]:
    """The commands before the first training, the packs, and all sentences."""
    captions, more = f"{data.captions}", [f"{path}" for path in data.sentences]
    packs = [f"{path}" for path in data.packs] or [f"{out}/packs/captioned.bin"]
    sentences = [f"{out}/told.txt", *more, f"{out}/phrases.txt"]
    commands: Stages = {}
    if not data.packs:
        photos = ["--photos", f"{data.photos}", "--captions", captions]
        commands["pack"] = ["models.pack", *photos, "--split", "train", "--out", packs[0]]
    tokenizer = ["models.train_tokenizer", "--out", f"{out}/tokenizer.bpe", "--size", "8192"]
    commands |= {
        "tokenizer": [*tokenizer, *more, captions],
        "phrases": ["models.phrases", "--out", f"{out}/phrases.txt", *more, captions],
        "told": [
            *("models.photo_sentences", "--out", f"{out}/told.txt"),
            *("--captions", captions, *packs),
        ],
    }
    if data.network is not None:
        originals = [] if data.packs else ["--originals", f"{data.photos}"]
        network = ["--network", f"{data.network}"]
        commands["features"] = ["models.teacher", "photos", "--missing", *network, *originals]
        commands["features"] += ["--", *packs]
    if data.labels is not None:
        sentences.append(f"{out}/classes.txt")
        commands["guesses"] = [
            *("models.guesses", "--network", f"{data.network}", "--labels", f"{data.labels}"),
            *("--sentences", sentences[-1], *packs),
        ]
    commands["vectors"] = ["models.teacher", "sentences", "--missing", *sentences]
    return commands, packs, sentences


def make(commands: Stages, out: Path, run: Run) -> None:
    """Run what is not yet done. Raises KnownError where a stage stops."""
    out.mkdir(parents=True, exist_ok=True)
    recipe, lines = out / "recipe.txt", "".join(f"{' '.join(c)}\n" for c in commands.values())
    if recipe.exists() and recipe.read_text(encoding="utf-8") != lines:
        raise BadData(f"{out} was begun with other commands: see {recipe}. Choose another --out.")
    recipe.write_text(lines, encoding="utf-8")
    for name, command in commands.items():
        done = out / f"{name}.done"
        if done.exists():
            print(f"== {name}: done before", flush=True)
            continue
        print(f"== {name}: python -m {' '.join(command)}", flush=True)
        if status := run(command):
            raise KnownError(f"{name} ended with status {status}. The same command goes on there.")
        done.touch()


def python(arguments: Sequence[str]) -> int:
    """Run a module of ours in a process of its own, which gives all memory back at its end."""
    return subprocess.run([sys.executable, "-m", *arguments], check=False).returncode


def main() -> None:
    """Make the encoder."""
    usual = Amount()
    parser = argparse.ArgumentParser(
        prog="python -m models.train_default",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    for name in Amount.__dataclass_fields__:
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    options = parser.parse_args()
    amount = Amount(**{name: getattr(options, name) for name in Amount.__dataclass_fields__})
    make(stages(Data.of(options.data), options.out, amount), options.out, python)


if __name__ == "__main__":
    as_script(main)
