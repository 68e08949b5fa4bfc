"""Whether a text is in a language that a shipped model never learned, and which shipped model reads it.

Two signs, both with thresholds measured on French, English, German and Spanish sentences with every shipped model. A language
that the tokenizer was not trained on falls into small pieces: the models' own languages need 1.0 to 1.75 pieces a word, others
1.8 to 3.5. A translator reads its own output language in whole pieces too; there its decoder, which learned that language,
finds the text itself far more probable as output than any sentence of the language it reads, and is unsure of its translation.
"""

import math
import re
from dataclasses import dataclass

from model.errors import CheckpointError, InputError
from ui.runs import model_pool, runner
from ui.runs.examples import DEFAULT_MODEL, READS
from ui.runs.on_demand import kept
from ui.runs.store import Run, RunSpec

LN2 = math.log(2)
WORD = re.compile(r"[^\W\d_]+")
PIECES_A_WORD = 1.75
FEW_WORDS, PIECES_OF_FEW = 2, 2.0  # of so few words one may be rare: 2 pieces each, and 1 more
TRANSLATES = {DEFAULT_MODEL: ("French", "English")}
"""What a translator reads and what it writes."""

UNSURE_BITS = 1.0  # a token, of its own translation; French has 0.2 to 0.9
OWN_OUTPUT_BITS = 8.5  # a token, of the text as output; English has 2 to 8, French 8 to 15
CANDIDATES = (DEFAULT_MODEL, "gpt-stories")
"""A shipped model for each language that one of them reads."""

MOSTLY_BYTES = 0.5


@dataclass(frozen=True)
class Verdict:
    """Why the text is none for this model, "" where it is one, and the shipped model that reads it, "" where there is none."""

    why: str
    fits: str = ""


def verdict(run: Run) -> Verdict:
    """What is to be said about the language of a text; nothing of a model that Regard does not ship."""
    return kept(run, ("familiarity",), Verdict, lambda: _judged(run))


def _judged(run: Run) -> Verdict:
    why = unfamiliar(run)
    return Verdict(why, fitting(run) if why else "")


def unfamiliar(run: Run) -> str:
    """Why a text is in no language that the model learned, in a sentence; "" where nothing says so."""
    name = model_pool.parts(run.spec.model)[0]
    if byte_share(run) > MOSTLY_BYTES:
        read = READS.get(name, "another kind of text")
        return (
            "Most pieces here are single bytes of characters this model hardly saw in training: it was trained on "
            f"{read}. Its numbers are real, its answer is a guess."
        )
    if name not in READS:
        return ""
    pieces, words = lettered_pieces(run), len(WORD.findall(run.spec.text))
    if pieces > (PIECES_A_WORD * words if words > FEW_WORDS else PIECES_OF_FEW * words + 1):
        return (
            f"This text falls into {pieces} pieces for {words} {'word' if words == 1 else 'words'}, so it is in a language or on a "
            f"subject that this model hardly saw: it was trained on {READS[name]}. Its numbers are real, its answer is a guess."
        )
    if name in TRANSLATES and words > 1 and reads_own_output(run):
        reads, writes = TRANSLATES[name]
        return (
            f"This looks like {writes}, which this model writes; it was trained on reading {reads} only. Its numbers are real, its "
            "answer is a guess."
        )
    return ""


def byte_share(run: Run) -> float:
    """The share of a text's tokens that are only parts of characters, without special tokens."""
    tokenizer = run.lm.tokenizer
    own = [token for token in run.source if not token.special]
    if tokenizer is None or not own:
        return 0.0
    return sum(tokenizer.is_partial(token.id) for token in own) / len(own)


def lettered_pieces(run: Run) -> int:
    """How many pieces of the first sentence hold a letter or a part of one."""
    first = run.original if run.segments is None else run.original[: run.segments.index(1)]
    text = run.spec.text
    spans = [token.span for token in first if token.span is not None and not token.special]
    return sum(any(character.isalpha() for character in text[start:end]) for start, end in spans)


def reads_own_output(run: Run) -> bool:
    """Whether a translator is unsure of its translation and finds the text itself probable as output."""
    if not run.steps or run.spec.choices:
        return False
    unsure = sum(-float(step.probabilities[step.token.id].log2()) for step in run.steps) / len(run.steps)
    if unsure < UNSURE_BITS:
        return False
    spec = RunSpec(run.spec.model, run.spec.device, run.spec.text, target=run.spec.text)
    trace = runner.get(spec).trace
    written = [token.id for token in trace.tokens("decoder")[1:]]
    logs = trace.logits[: len(written)].log_softmax(dim=-1)
    bits = [-float(logs[at, id]) / LN2 for at, id in enumerate(written)]
    return bool(bits) and sum(bits) / len(bits) < OWN_OUTPUT_BITS


def fitting(run: Run) -> str:
    """The first shipped model of another language to which the text is familiar."""
    here = model_pool.parts(run.spec.model)[0]
    for name in CANDIDATES:
        if name != here and name in runner.offered():
            try:
                other = runner.get(RunSpec(name, run.spec.device, run.spec.text))
            except (InputError, CheckpointError):
                continue  # a text it cannot read at all is none for it
            if not unfamiliar(other):
                return name
    return ""
