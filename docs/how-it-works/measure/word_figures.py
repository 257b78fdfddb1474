"""What an encoder's words alone say: which jobs lie nearer to "a man", which to "a woman"."""

from models.encoder import Encoder

JOBS = (
    "a doctor",
    "a nurse",
    "an engineer",
    "a teacher",
    "a scientist",
    "a cleaner",
    "a pilot",
    "a dancer",
    "a cook",
    "a soldier",
    "a librarian",
    "a boss",
    "a secretary",
    "a firefighter",
    "a hairdresser",
    "a farmer",
)


def word_figures(encoder: Encoder) -> dict[str, float]:
    """For each job its cosine to "a woman" minus that to "a man", sorted.

    The idea of such tests: Caliskan et al. 2017, https://arxiv.org/abs/1608.07187.
    """
    woman, man = encoder.texts(["a photo of a woman", "a photo of a man"])
    jobs = encoder.texts([f"a photo of {job}" for job in JOBS])
    lean = dict(zip(JOBS, (jobs @ (woman - man)).tolist(), strict=True))
    return {job: round(lean[job], 3) for job in sorted(lean, key=lambda job: lean[job])}
