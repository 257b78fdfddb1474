"""Clean a sentence before it is cut into tokens, as the tokenizers of open_clip do.

Weights learnt from sentences that were cleaned so; another way gives other tokens. The four ways
are open_clip's (`get_clean_fn` in its tokenizer.py); `canonicalize` comes from big_vision, where
SigLIP was trained.
"""

import html
import string
from typing import Literal

import ftfy

Way = Literal["none", "lower", "canonicalize", "whitespace"]

NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def mend(text: str) -> str:
    """Wrong encodings and HTML set right, white space single, and none at the ends.

    >>> mend("Caf\\u00c3\\u00a9 &amp;amp;  BAR ")
    'Café & BAR'
    """
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())


def cleaned(text: str, way: Way) -> str:
    """`text` as a tokenizer wants it that was trained on text cleaned that `way`.

    >>> [cleaned(" A_b  &amp; C! ", way) for way in ("none", "whitespace", "lower", "canonicalize")]
    [' A_b  &amp; C! ', 'A_b & C!', 'a_b & c!', 'a b c']
    """
    if way == "none":
        return text
    if way == "whitespace":
        return mend(text)
    if way == "lower":
        return mend(text).lower()
    bare = mend(text).replace("_", " ").translate(NO_PUNCTUATION)
    return " ".join(bare.lower().split())
