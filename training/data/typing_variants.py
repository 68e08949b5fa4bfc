"""Forms of a pair as in unfinished typing: without final punctuation, in lower case, or both.

Each epoch draws one form for each pair, so the number of examples stays the same. Both sides change in the same way.
"""

import re
from typing import Literal, get_args

import numpy as np

from training.data.translation_pairs import Pair

Form = Literal["as is", "no final punctuation", "lower case", "both"]
FORMS: tuple[Form, ...] = get_args(Form)
SHARES = (0.62, 0.13, 0.12, 0.13)  # of the examples of an epoch, in the order of FORMS
UN_ELIDED_SHARE = 0.12  # of the sentences that begin with J' and a vowel, which are about 1% of all

_FINAL = re.compile(r"[\s.!?…]+$")
_ELIDED_START = re.compile(r"^([Jj])['’](?=[aeiouyhàâéèêëîïôûœ])")


def in_form(pair: Pair, form: Form) -> Pair:
    """The pair in one form. If a side is only punctuation, both sides keep theirs."""
    english, french = pair.english, pair.french
    if form in ("no final punctuation", "both"):
        stripped = _FINAL.sub("", english), _FINAL.sub("", french)
        english, french = stripped if all(stripped) else (english, french)
    if form in ("lower case", "both"):
        english, french = english.lower(), french.lower()
    return Pair(english=english, french=french)


def starts_elided(french: str) -> bool:
    """Whether the sentence begins with J' and a vowel or h."""
    return _ELIDED_START.match(french) is not None


def with_je(french: str) -> str:
    """The sentence as a learner might write it: Je adore for J'adore. Other sentences do not change."""
    return _ELIDED_START.sub(r"\1e ", french)


def draw_forms(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(index of the form in FORMS, whether an elided start is written out), each (count,)."""
    forms = generator.choice(len(FORMS), size=count, p=SHARES)
    return forms, generator.random(count) < UN_ELIDED_SHARE
