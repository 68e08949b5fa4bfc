"""What is typed on the prompting page, as it is kept in the session and in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.prompting import JOINTS, Joint, Prompt

MOST_PROMPTS = 4
MOST_ANSWERS = 6
LONGEST_FIELD = 20_000  # characters of one field that are taken from an address or kept


@dataclass(frozen=True)
class Fields:
    """One prompt as it is typed: an instruction, and examples, one a line."""

    instruction: str = ""
    examples: str = ""

    @property
    def prompt(self) -> Prompt:
        return Prompt(self.instruction, tuple(line for line in self.examples.splitlines() if line.strip()))

    @property
    def kind(self) -> str:
        """The usual name of such a prompt: zero-shot, one-shot or few-shot (Brown et al. 2020)."""
        shots = self.prompt.shots
        many = {0: "zero-shot", 1: "one-shot"}.get(shots, f"few-shot ({shots})")
        return f"{many}, instruction" if self.instruction.strip() else many


@dataclass(frozen=True)
class Draft:
    """All fields of the page; the input is the text above."""

    prompts: tuple[Fields, ...] = (Fields(), Fields())
    answers: str = ""  # one a line
    joint: Joint = "space"

    @property
    def size(self) -> int:
        """Characters in all fields."""
        return len(self.answers) + sum(len(one.instruction) + len(one.examples) for one in self.prompts)

    def without(self, place: int) -> "Draft":
        return replace(self, prompts=self.prompts[:place] + self.prompts[place + 1 :])

    def with_one_more(self) -> "Draft":
        """The draft with a copy of its last prompt added."""
        return replace(self, prompts=(*self.prompts, self.prompts[-1])[:MOST_PROMPTS])


def typed_answers(text: str) -> tuple[list[str], list[str]]:
    """(answers, sentences about lines that are left out): each line once, MOST_ANSWERS at most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    once = list(dict.fromkeys(lines))
    said = []
    if len(once) < len(lines):
        said.append("The same answer stands there twice; it counts once.")
    if len(once) > MOST_ANSWERS:
        said.append(f"The first {MOST_ANSWERS} answers are compared; {len(once) - MOST_ANSWERS} more are left out.")
    return once[:MOST_ANSWERS], said


def as_address(draft: Draft) -> dict[str, str]:
    """The parameters of the address for a draft; those with an empty value are left out of the address."""
    parts = {"prompts": str(len(draft.prompts)), "answers": draft.answers}
    parts["joint"] = "" if draft.joint == "space" else draft.joint
    for place in range(MOST_PROMPTS):
        fields = draft.prompts[place] if place < len(draft.prompts) else Fields()
        parts[f"instruction_{place + 1}"] = fields.instruction
        parts[f"examples_{place + 1}"] = fields.examples
    return parts


def from_address(query: Mapping[str, str]) -> Draft | None:
    """The draft in an address; None where there is none. Values that are not valid are ignored."""
    asked = query.get("prompts", "")
    written = [n for n in range(1, MOST_PROMPTS + 1) if query.get(f"instruction_{n}") or query.get(f"examples_{n}")]
    if not (asked.isdecimal() and len(asked) < 4):
        if not written and not query.get("answers"):
            return None
        asked = str(max([2, *written]))
    count = max(1, min(int(asked), MOST_PROMPTS))
    prompts = tuple(
        Fields(query.get(f"instruction_{n}", "")[:LONGEST_FIELD], query.get(f"examples_{n}", "")[:LONGEST_FIELD])
        for n in range(1, count + 1)
    )
    joint: Joint = next((name for name in JOINTS if name == query.get("joint")), "space")
    return Draft(prompts, query.get("answers", "")[:LONGEST_FIELD], joint)
