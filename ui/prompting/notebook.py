"""Python that makes the numbers and figures of the prompting page in a notebook."""

import re

from analysis.prompting_shares import Length
from ui.prompting.own_answers import given
from ui.prompting.scores import Measured
from ui.runs.notebook import call, whole

IMPORTS = [
    "import numpy as np",
    "from analysis.prompting import PARTS, Prompt, pose",
    "from analysis.prompting_shares import BITS, attention_shares, influence_shares, log_probabilities, per_length, shares_among",
    "from viz.prompting import Named, answer_bars, bits_words, share_words, surprisal_bars",
    "from viz.prompting_parts import PartRow, part_bars",
]


def of_prompts(found: Measured) -> list[str]:
    """Lines that load the model and define the prompts and answers."""
    spec = found.run.spec
    prompts = "".join(f"    {found.prompt(i)!r},\n" for i in range(len(found.prompts)))
    named = ", ".join(f"Named({one.number}, {one.kind!r})" for one in found.prompts)
    return [
        f"lm = model.load({spec.model!r}, device={spec.device!r})",
        f"given, joint = {given(found.run)!r}, {found.draft.joint!r}",
        f"prompts = [\n{prompts}]",
        f"names = [{named}]",
        f"answers = {list(found.answers)!r}",
    ]


def used(lines: list[str]) -> list[str]:
    """The imports that the lines use."""
    text = "\n".join(lines)
    kept = []
    for line in IMPORTS:
        first, _, names = line.partition(" import ")
        if not first.startswith("from"):
            kept.append(line)
            continue
        wanted = [name for name in names.split(", ") if re.search(rf"\b{name}\b", text)]
        if wanted:
            kept.append(f"{first} import {', '.join(wanted)}")
    return kept


def of_scores(found: Measured, length: Length, which: str) -> str:
    """Code for each answer's share ("among") or its surprisal ("absolute")."""
    made, words, axis, top = {
        "among": ("shares_among(scores)", "share_words(values)", "share", ["top=1"]),
        "absolute": ("-scores * BITS", f"bits_words(values, whole={length == 'whole'})", "bits", []),
    }[which]
    lines = [
        *of_prompts(found),
        "scores = np.zeros((len(prompts), len(answers)))",
        "for i, prompt in enumerate(prompts):",
        "    for j, answer in enumerate(answers):",
        "        logs = log_probabilities(lm, pose(lm, prompt, given, answer, joint))",
        f"        scores[i, j] = per_length(logs.sum(), {length!r}, tokens=len(logs), answer=answer)",
        f"values = {made}",
        f"words = {words}",
        call(
            "answer_bars",
            ["values, names, answers", "theme=LIGHT", "text=words", "hover=words", 'said=""', f"axis={axis!r}", *top],
        ),
    ]
    return whole(used(lines), lines)


def of_tokens(found: Measured, answer: int) -> str:
    """Code for the surprisal of one answer, token by token."""
    lines = [
        *of_prompts(found),
        f"posed = [pose(lm, prompt, given, answers[{answer}], joint) for prompt in prompts]",
        "bits = np.array([-log_probabilities(lm, one) * BITS for one in posed])",
        call("surprisal_bars", ["bits, names, [token.label for token in posed[0].answer]", "theme=LIGHT"]),
    ]
    return whole(used(lines), lines)


def of_parts(found: Measured, answer: int, layer: int | None, head: int | None) -> str:
    """Code for the shares of the prompt's parts in one answer."""
    place = ", ".join(":" if at is None else f"{at}:{at + 1}" for at in (layer, head))
    lines = [*of_prompts(found), "rows = []", "for name, prompt in zip(names, prompts):"]
    lines.append(f"    posed = pose(lm, prompt, given, answers[{answer}], joint)")
    if found.run.lm.kind != "recurrent":
        lines.append(f"    attention = attention_shares(lm, posed)[{place}].mean(axis=(0, 1))")
        lines.append('    rows.append(PartRow(name, "attention", attention))')
    lines.append('    rows.append(PartRow(name, "influence", influence_shares(lm, posed)))')
    lines.append(call("part_bars", ["rows, PARTS, PARTS", "theme=LIGHT"]))
    return whole(used(lines), lines)
