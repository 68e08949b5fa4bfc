"""Turn a run into a folder that ships: `python -m training.export --model NAME --corpus DIR`.

Writes model/zoo/MODEL in its family's Hugging Face layout, in half precision. Adds a model card with the figures of
RUN/evaluation.json, a picture of the training curve, and scores of what the heads do on held-out text.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

import model
from model.loading.checkpoint import ZOO
from training.converters import bart, bert, chat, decoders, lstm, marian, t5
from training.converters.converter import Json, Layout
from training.head_report.held_out_runs import held_out_traces
from training.head_report.report import describe_heads
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.registry import CARDS
from training.tasks.results import EVALUATION
from training.trainer.checkpoints import open_run
from training.trainer.curve import curve_svg

MEGABYTE = 1_000_000

LAYOUTS: dict[str, Layout] = {
    "transformer-fr-en": marian.LAYOUT,
    "transformer-ko-en": marian.LAYOUT,
    "t5-fr-en": t5.LAYOUT,
    "bart-denoise": bart.LAYOUT,
    "bert-stories": bert.LAYOUT,
    "gpt-stories": decoders.GPT2,
    "bloom-stories": decoders.BLOOM,
    "llama-stories": decoders.LLAMA,
    "palm-stories": decoders.PALM,
    "jurassic-stories": decoders.JURASSIC,
    "lstm-stories": lstm.LAYOUT,
    "gpt-chat-ko": chat.LAYOUT,
}
MOST_MEGABYTES = {"transformer-fr-en": 16, "transformer-ko-en": 15, "t5-fr-en": 10}
OTHERS_MOST_MEGABYTES = 5


def write_json(content: Json, path: Path) -> None:
    """Write JSON with an indent, so that a change is readable in a diff."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_folder(layout: Layout, recipe: Recipe, run: Path, folder: Path) -> int:
    """Replace the folder by weights, config and tokenizer of a run's newest checkpoint. Returns the number of weights."""
    trained = open_run(recipe, run, torch.device("cpu"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(run / file, folder / file)
    halves = {name: x.to(torch.float16).contiguous() for name, x in layout.weights(trained.net).items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(layout.config_json(recipe, trained.tokenizer), folder / "config.json")
    if (generation := layout.generation_json(recipe, trained.tokenizer)) is not None:
        write_json(generation, folder / "generation_config.json")
    return sum(p.numel() for p in trained.net.parameters())


def describe(name: str, recipe: Recipe, run: Path, folder: Path, corpus: Path, parameters: int) -> None:
    """Write the card and the curve. The heads are measured on the weights as they ship, in half precision."""
    text = CARDS[recipe.task](name, recipe, run, parameters)
    if (run / "curve.jsonl").exists():
        (folder / "curve.svg").write_text(curve_svg(run), encoding="utf-8")
    lm = model.load(folder, device="cpu", dtype="float32")
    if lm.kind != "recurrent":
        traces, about = held_out_traces(lm, recipe, corpus)
        text += "\n" + describe_heads(lm, traces, about, folder)
    (folder / "README.md").write_text(text, encoding="utf-8")


def check_size(name: str, folder: Path) -> int:
    """Bytes of the folder. Raises ValueError if it is larger than a shipped model may be."""
    size = sum(file.stat().st_size for file in folder.iterdir())
    most = MOST_MEGABYTES.get(name, OTHERS_MOST_MEGABYTES) * MEGABYTE
    if size > most:
        raise ValueError(f"{folder} takes {size:,} bytes, more than the {most:,} a shipped model may")
    return size


def export(name: str, recipe: Recipe, run: Path, folder: Path, corpus: Path | None = None) -> None:
    """Write the folder. It gets a card only if the run was measured and the corpus is given."""
    parameters = write_folder(LAYOUTS[name], recipe, run, folder)
    described = corpus is not None and (run / EVALUATION).exists()
    if corpus is not None and described:
        describe(name, recipe, run, folder, corpus, parameters)
    missing = "" if described else "; no card was written: it needs --corpus and the run's evaluation.json"
    print(f"{folder}: {check_size(name, folder):,} bytes{missing}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(LAYOUTS), default="transformer-fr-en")
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--out", type=Path, help="where to write (default: model/zoo/MODEL)")
    parser.add_argument("--corpus", type=Path, help="the folder of the corpus (needed for the card)")
    args = parser.parse_args()
    run = args.run or Path("runs") / args.model
    export(args.model, RECIPES[args.model], run, args.out or ZOO / args.model, args.corpus)


if __name__ == "__main__":
    main()
