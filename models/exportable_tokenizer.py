"""Say which tokenizer an open_clip architecture wants, and find its file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tokenizers

from models.errors import BadEncoder
from models.exportable_recipe import Recipe
from models.pretrained import clip_table
from models.spec import ANY_SCRIPT, TextSpec

CLEAN = {"lower", "canonicalize", "whitespace"}
MANY_LANGUAGES = ("siglip2", "i18n", "worldwide", "xlm", "nllb", "mt5")  # in an architecture's name
PADS = ("<pad>", "[PAD]")  # what tokenizers call it
END_OF_T5 = "</s>"  # of T5's tokens, with which SigLIP's first version fills its rows

END, UNKNOWN = "<eos>", "<unk>"  # of a tokenizer that we make; Gemma's names


def text_of(
    recipe: Recipe, takes_any_length: bool, tokenizer: Path | None
) -> tuple[TextSpec, Path]:
    """What the text tower wants, and the file of its tokenizer.

    `tokenizer` is a tokenizer.json where the architecture does not use CLIP's own table. Raises
    BadEncoder: it is missing, or has tokens that the tower does not know.
    """
    config = recipe.config["text_cfg"]
    options = config.get("tokenizer_kwargs", {})
    length = config.get("context_length", 77)
    lower = recipe.architecture.lower()
    scripts = (ANY_SCRIPT,) if any(word in lower for word in MANY_LANGUAGES) else ("LATIN",)
    clean = options.get("clean", "whitespace" if "hf_tokenizer_name" in config else "lower")
    strange = set(options) - {"clean"} or config.get("tokenizer_mode") or clean not in CLEAN
    if strange:
        raise BadEncoder(
            f"{recipe.architecture} cuts sentences in a way that we can not ({options}). "
            "Choose another architecture."
        )
    fixed = not takes_any_length
    if "hf_tokenizer_name" not in config:
        if clean != "lower":
            raise BadEncoder(
                f"{recipe.architecture} cleans sentences by {clean!r}, and CLIP's table by 'lower' "
                "alone. Choose another architecture."
            )
        text = TextSpec(length, "", "", "", scripts, kind="clip", fixed=fixed)
        return text, clip_table()
    if tokenizer is None:
        raise BadEncoder(
            f"{recipe.architecture} needs the tokenizer of {config['hf_tokenizer_name']}: name its "
            "tokenizer.json too."
        )
    is_first_siglip = "siglip" in lower and "siglip2" not in lower  # open_clip's SigLipTokenizer
    fills_with, otherwise = (END_OF_T5, 1) if is_first_siglip else ("", config.get("pad_id", 0))
    pad = pad_of(tokenizer, config["vocab_size"], otherwise, fills_with)
    text = TextSpec(
        length, "", "", "", scripts, kind="tokenizers", pad=pad, fixed=fixed, clean=clean
    )
    return text, tokenizer


def pad_of(tokenizer: Path, vocabulary: int, otherwise: int, fills_with: str = "") -> int:
    """The number that a tokenizer.json fills rows with: that of the token `fills_with`, if named.

    Raises BadEncoder: it is none, or has more than the `vocabulary` tokens of the tower.
    """
    try:
        content: Any = json.loads(tokenizer.read_text(encoding="utf-8"))
        numbers = numbers_of(content)
        padding = content.get("padding") or {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadEncoder(
            f"{tokenizer} is no tokenizer.json ({error}). Bring it anew from where its weights are."
        ) from error
    last = max(numbers.values(), default=vocabulary)
    if last >= vocabulary:
        raise BadEncoder(
            f"{tokenizer} numbers its tokens up to {last}, and these towers know {vocabulary}. "
            "Name the tokenizer that belongs to them."
        )
    if fills_with:
        return numbers.get(fills_with, otherwise)
    if "pad_id" in padding:
        return int(padding["pad_id"])
    return next((numbers[name] for name in PADS if name in numbers), otherwise)


def numbers_of(content: dict[str, Any]) -> dict[str, int]:
    """Each token of a parsed tokenizer.json with its number. KeyError, TypeError on nonsense.

    >>> numbers_of({"model": {"vocab": [["<pad>", 0.0], ["a", -1.5]]}, "added_tokens": []})
    {'<pad>': 0, 'a': 1}
    """
    vocabulary = content["model"]["vocab"]
    if isinstance(vocabulary, list):  # a unigram model lists tokens with their weights
        vocabulary = {token: number for number, (token, _) in enumerate(vocabulary)}
    added = {token["content"]: token["id"] for token in content.get("added_tokens", [])}
    return {**vocabulary, **added}


def learn_tokenizer(sentences: Iterable[str], path: Path, vocabulary: int = 1000) -> None:
    """Write a small tokenizer.json in SigLIP's manner: for towers whose own can not be had.

    Padding is token 0 and the end, which closes each sentence, is token 1.
    """
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token=UNKNOWN, byte_fallback=True))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, 1)]
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[PADS[0], END, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(sentences, trainer)
    tokenizer.save(str(path))
