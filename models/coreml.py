"""Run an encoder's two towers with Core ML, which knows the GPU and the Neural Engine of a Mac.

Core ML itself lies in a process of its own (`coreml_process`). Here is what surrounds it: batches
of one size, padded and cut; packages compiled once; and the compute units that a short trial found
best. Everything raises BadEncoder where Core ML fails; `quick_or_sure` knows what to do then.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.coreml_cache import cache_of, compiled
from models.coreml_link import PREPARE_S, Link
from models.coreml_plan import TowerPlan
from models.coreml_trial import UNITS, Trial, Tried, best, remembered, this_machine
from models.drawn import draw_varied
from models.encoder import Encoder, Images, Vectors, unit_rows
from models.errors import BadEncoder
from models.framed import Array
from models.gathered import Gathered
from models.once import Once
from models.preprocess import preprocess
from models.spec import CoreMLSpec, EncoderSpec
from models.tokenizer_choice import tokenizer_of

IMAGES, TOKENS, VECTORS = "images", "tokens", "vectors"  # the names in every package of ours
TRIAL_S, TRIAL_RUNS = 0.5, 50  # how long each choice of units runs, and how many batches at most


class CoreMLEncoder:
    """An encoder from a folder whose manifest names packages. Any number of threads may use it.

    `cache` is where compiled models and the trial are kept. `right` gives the rows that a trial
    compares with. `units` skips the trial: one of `coreml_trial.UNITS`.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        right: Encoder,
        units: str | None = None,
        link: Link | None = None,
    ) -> None:
        """Read the manifest; nothing is started yet. Raises BadEncoder."""
        self.spec = EncoderSpec.read(folder)
        if self.spec.coreml is None:
            raise BadEncoder(f"{folder} has no packages for Core ML. Export it anew.")
        self.packages: CoreMLSpec = self.spec.coreml
        self._folder, self._cache, self._right, self._units = folder, cache, right, units
        self.link = link or Link()
        self._trial = Once(self._find_trial)
        self._image = Once(partial(self._open, "image"))
        self._text = Once(partial(self._open, "text"))
        self._tokenizer = Once(partial(tokenizer_of, folder, self.spec.text))
        self._gathered = Gathered(self._run_images)

    def prepare(self) -> "CoreMLEncoder":
        """Compile, try and load the image tower now. What can not is closed, and BadEncoder."""
        try:
            self._image.get()
        except BadEncoder:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End Core ML's process."""
        self.link.close()

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows."""
        return self._gathered.run(batch)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows."""
        tokens = self._tokenizer.get().batch(sentences, self.spec.text.context_length)
        return self._batches(self._text, TOKENS, tokens.astype(np.int32), self.packages.text_batch)

    def units(self) -> str:
        """The compute units in use. Raises BadEncoder where none gives the right vectors."""
        chosen = self._units or self._trial.get().chosen
        if not chosen:
            why = "; ".join(
                f"{one.units}: {one.trouble or f'least cosine {one.cosine:.3f}'}"
                for one in self._trial.get().tried
            )
            raise BadEncoder(f"No compute units of Core ML run this encoder rightly ({why}).")
        return chosen

    def trial(self) -> Trial:
        """What each choice of units did here: remembered, or tried now."""
        return self._trial.get()

    def compiled(self, tower: str) -> Path:
        """Where the compiled model of `tower`, "image" or "text", lies."""
        of = self.packages
        name, sha256 = {
            "image": (of.image, of.image_sha256),
            "text": (of.text, of.text_sha256),
        }[tower]
        return compiled(self.link, self._folder / name, sha256, self._cache)

    def plan(self, tower: str) -> TowerPlan:
        """Where Core ML means to run each operation of `tower`, and how quick it is."""
        units, path = self.units(), str(self.compiled(tower))
        asked = {"do": "plan", "compiled": path, "units": units}
        answer, _ = self.link.ask(asked, None, PREPARE_S)
        of_image = self.trial().of_chosen() if tower == "image" and not self._units else None
        load_s, rows_per_s = (
            (of_image.first_load_s, of_image.photos_per_s) if of_image else self._time(tower, units)
        )
        return TowerPlan(
            tower, units, answer["operations"], answer["costs"], load_s, round(rows_per_s, 1)
        )

    def _run_images(self, batch: Images) -> Vectors:
        return self._batches(self._image, IMAGES, batch, self.packages.image_batch)

    def _batches(self, tower: Once[str], source: str, rows: Array, size: int) -> Vectors:
        """Run `rows` in batches of exactly `size`; the last is filled up with its last row."""
        vectors = np.zeros((len(rows), self.spec.dimension), np.float32)
        for at in range(0, len(rows), size):
            some = rows[at : at + size]
            full = np.concatenate([some, np.repeat(some[-1:], size - len(some), axis=0)])
            found, _ = self._predict(tower.get(), source, full)
            if not np.isfinite(found).all():  # a photo that half precision could not hold
                raise BadEncoder("Core ML gives numbers that are none for some of these rows.")
            vectors[at : at + size] = found[: len(some)]
        return vectors

    def _predict(self, model: str, source: str, rows: Array) -> tuple[Vectors, float]:
        """One full batch: (n, d) unit rows, and the seconds that it took."""
        fed = rows.astype(np.float32) if source == IMAGES else rows
        request = {"do": "predict", "model": model, "input": source, "output": VECTORS}
        answer, found = self.link.ask(request, fed)
        if found is None or found.shape != (len(rows), self.spec.dimension):
            shape = None if found is None else found.shape
            raise BadEncoder(f"Core ML gives {shape} for {len(rows)} rows of this encoder.")
        return unit_rows(found), float(answer["predict_s"])

    def _open(self, tower: str) -> str:
        """The name under which Core ML's process knows the loaded tower."""
        return self._load(tower, self.units())[0]

    def _load(self, tower: str, units: str) -> tuple[str, float]:
        path = str(self.compiled(tower))
        answer, _ = self.link.ask({"do": "load", "compiled": path, "units": units}, None, PREPARE_S)
        return str(answer["model"]), float(answer["load_s"])

    def _find_trial(self) -> Trial:
        """The trial of this machine with this package, made if it was never made."""
        machine, package = this_machine(), self.packages.image_sha256
        known = remembered(self._cache, machine, package)
        if known is not None:
            return known
        self.compiled("image")  # what fails here is no fault of any units
        size = (self.spec.image.side, self.spec.image.side)
        drawn = draw_varied(self.packages.image_batch, size)
        pictures = np.stack([preprocess(one.picture, self.spec.image) for one in drawn])
        right = self._right.images(pictures)
        tried = tuple(self._try(units, pictures, right) for units in UNITS)
        trial = Trial(machine, package, tried, best(tried))
        trial.write(self._cache)
        return trial

    def _time(self, tower: str, units: str) -> tuple[float, float]:
        """Seconds to load a tower, and rows a second."""
        side, length = self.spec.image.side, self.spec.text.context_length
        shape = (self.packages.image_batch, 3, side, side)
        rows = np.zeros(shape, np.uint8)
        if tower == "text":
            rows = np.ones((self.packages.text_batch, length), np.int32)
        model, load_s = self._load(tower, units)
        return load_s, self._rate(model, IMAGES if tower == "image" else TOKENS, rows)

    def _rate(self, model: str, source: str, rows: Array) -> float:
        """Rows a second of a loaded tower, after a first batch that warms it up."""
        self._predict(model, source, rows)
        runs, took_s = 0, 0.0
        while took_s < TRIAL_S and runs < TRIAL_RUNS:
            took_s += self._predict(model, source, rows)[1]
            runs += 1
        self.link.ask({"do": "drop", "model": model})
        return runs * len(rows) / max(took_s, 1e-9)

    def _try(self, units: str, pictures: Images, right: Vectors) -> Tried:
        """How `units` do with one batch of pictures, again and again."""
        try:
            model, load_s = self._load("image", units)
            rows, _ = self._predict(model, IMAGES, pictures)
            photos_per_s = self._rate(model, IMAGES, pictures)
        except BadEncoder as error:
            return Tried(units, trouble=str(error))
        cosine = float(np.nan_to_num((rows * right).sum(axis=1), nan=-1.0).min())
        return Tried(units, load_s, photos_per_s, cosine)


def compute_plan(
    folder: Path, cache: Path | None = None, link: Link | None = None
) -> tuple[TowerPlan, TowerPlan]:
    """Where Core ML means to run the two towers of the encoder in `folder`, and how quick they are.

    It asks Core ML's own plan (macOS 14.4 and later) for the units that the trial chose, which is
    made now if it never was: up to minutes. Raises BadEncoder, with the reason, where there is no
    Core ML, no package, or no plan.
    """
    from models.onnx import OnnxEncoder

    encoder = CoreMLEncoder(folder, cache or cache_of(folder), OnnxEncoder(folder), link=link)
    try:
        return encoder.plan("image"), encoder.plan("text")
    finally:
        encoder.close()
