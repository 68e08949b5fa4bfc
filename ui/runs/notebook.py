"""Lines of Python that load the model on screen and repeat its run."""

from ui.runs.runner import given, source_of
from ui.runs.store import Run

TOP = "# In a notebook of Regard's folder, or with that folder on sys.path.\nimport model"


def of_run(run: Run, trace: str = "trace", lm: str = "lm") -> list[str]:
    """Lines that load the model and read what this run read: ids where a model wrote them. `trace` and `lm` are variable names."""
    return [of_model(run, lm), *of_trace(run, trace, lm)]


def of_model(run: Run, lm: str = "lm") -> str:
    return f"{lm} = model.load({run.spec.model!r}, device={run.spec.device!r})"


def of_trace(run: Run, trace: str = "trace", lm: str = "lm") -> list[str]:
    """Lines that read what this run read."""
    spec = run.spec
    text = source_of(spec, run.lm)
    edits = f", edits={of_edits(run)}" if spec.edits else ""
    if run.lm.kind == "encoder-decoder":
        target = [token.id for token in run.trace.tokens("decoder")]
        return [f"{trace} = {lm}.run({text!r}, target={target}{edits})"]
    if run.lm.kind == "decoder":
        return [f"{trace} = {lm}.run({[token.id for token in run.trace.tokens('decoder')]}{edits})"]
    pair = "" if spec.pair is None else f", pair={given(run.lm, spec.pair)!r}"
    if not spec.masks:
        return [f"{trace} = {lm}.run({text!r}{pair}{edits})"]
    return [
        f"reading = {lm}.reading({of_text(run)})",
        f"ids = [{lm}.special.mask if i in {spec.masks} else id for i, id in enumerate(reading.ids)]",
        f"{trace} = {lm}.run(ids, segments=reading.segments{edits})",
    ]


def of_edits(run: Run) -> str:
    """The edits of a run, as a list."""
    return f"[{', '.join(f'model.{edit!r}' for edit in run.spec.edits)}]"


def of_text(run: Run) -> str:
    pair = "" if run.spec.pair is None else f", {given(run.lm, run.spec.pair)!r}"
    return f"{source_of(run.spec, run.lm)!r}{pair}"


def call(function: str, arguments: list[str]) -> str:
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"fig = {function}(\n{inner})"


def whole(imports: list[str], lines: list[str]) -> str:
    """The source of a notebook cell whose last line is the figure."""
    used = [line for line in imports if line != "import numpy as np" or any("np." in line for line in lines)]
    return "\n".join([TOP, *used, "from viz.theme import LIGHT", "", *lines, "fig", ""])
