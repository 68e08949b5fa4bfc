"""Turn a run into a folder that ships: `python -m training.export --run runs/NAME`.

Writes model/zoo/MODEL in the Hugging Face layout, in half precision, with a model card from RUN/evaluation.json. The
layout is Marian's, which is the architecture of Vaswani et al. (2017): post-norm, sinusoids, no final norm.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from model.transformer import Transformer
from training.card import card
from training.checkpoints import newest_checkpoint
from training.evaluate import trained
from training.measured import Measured
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tokenizer import END, PAD, START, piece_id, save_tokenizer

ZOO = Path(__file__).parent.parent / "model" / "zoo"
LARGEST = 16_000_000  # bytes

ATTENTION = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "out_proj"}
ENCODER_PARTS = {
    **{f"self_attn.{ours}": f"self_attn.{theirs}" for ours, theirs in ATTENTION.items()},
    "self_norm": "self_attn_layer_norm",
    "feed_forward.up": "fc1",
    "feed_forward.down": "fc2",
    "feed_forward_norm": "final_layer_norm",
}
DECODER_PARTS = {
    **ENCODER_PARTS,
    **{f"cross_attn.{ours}": f"encoder_attn.{theirs}" for ours, theirs in ATTENTION.items()},
    "cross_norm": "encoder_attn_layer_norm",
}


def marian_weights(net: Transformer) -> dict[str, Tensor]:
    """The weights under Marian's names, float16. Sinusoids are computed at load, tied weights stored once."""
    ours = net.state_dict()
    names = {"tokens.weight": "model.shared.weight"}
    for stack, parts, layers in (
        ("encoder", ENCODER_PARTS, net.config.encoder_layers),
        ("decoder", DECODER_PARTS, net.config.decoder_layers),
    ):
        for layer in range(layers):
            for part, theirs in parts.items():
                for kind in ("weight", "bias"):
                    names[f"{stack}.blocks.{layer}.{part}.{kind}"] = f"model.{stack}.layers.{layer}.{theirs}.{kind}"
    parameters = {name for name, _ in net.named_parameters()}
    if left := parameters - names.keys() - {"head.out.bias"}:
        raise ValueError(f"Marian has no place for {', '.join(sorted(left))}")
    weights = {theirs: ours[name].to(torch.float16).contiguous() for name, theirs in names.items()}
    weights["final_logits_bias"] = ours["head.out.bias"].to(torch.float16)[None]  # (1, vocab)
    return weights


def marian_config(recipe: Recipe, tokenizer: Tokenizer) -> dict[str, object]:
    """config.json as `transformers` reads it."""
    c = recipe.config
    pad, end, start = (piece_id(tokenizer, piece) for piece in (PAD, END, START))
    return {
        "activation_dropout": 0.0,
        "activation_function": c.activation,
        "add_final_layer_norm": False,
        "architectures": ["MarianMTModel"],
        "attention_dropout": 0.0,
        "bos_token_id": start,
        "d_model": c.d_model,
        "decoder_attention_heads": c.n_heads,
        "decoder_ffn_dim": c.d_ff,
        "decoder_layerdrop": 0.0,
        "decoder_layers": c.decoder_layers,
        "decoder_start_token_id": start,
        "decoder_vocab_size": c.vocab_size,
        "dropout": recipe.sublayer_dropout,
        "encoder_attention_heads": c.n_heads,
        "encoder_ffn_dim": c.d_ff,
        "encoder_layerdrop": 0.0,
        "encoder_layers": c.encoder_layers,
        "eos_token_id": end,
        "forced_eos_token_id": None,
        "init_std": 0.02,
        "is_encoder_decoder": True,
        "max_position_embeddings": c.max_positions,
        "model_type": "marian",
        "normalize_before": False,
        "normalize_embedding": False,
        "pad_token_id": pad,
        "scale_embedding": True,
        "share_encoder_decoder_embeddings": True,
        "static_position_embeddings": True,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "use_cache": True,
        "vocab_size": c.vocab_size,
    }


def generation_config(tokenizer: Tokenizer) -> dict[str, object]:
    """generation_config.json: which tokens start, end and pad a translation."""
    pad, end, start = (piece_id(tokenizer, piece) for piece in (PAD, END, START))
    return {
        "bos_token_id": start,
        "decoder_start_token_id": start,
        "eos_token_id": end,
        "max_length": 1_024,
        "num_beams": 1,
        "pad_token_id": pad,
    }


def write_json(content: dict[str, object], path: Path) -> None:
    """With an indent, so that a change is readable in a diff."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def export(name: str, recipe: Recipe, run: Path, folder: Path) -> None:
    """Write the folder anew from the newest checkpoint of a run."""
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise ValueError(f"{run} holds no checkpoint yet")
    net = trained(recipe, checkpoint, torch.device("cpu"))
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    shutil.rmtree(folder, ignore_errors=True)
    save_tokenizer(tokenizer, folder)
    save_file(marian_weights(net), folder / "model.safetensors", metadata={"format": "pt"})
    write_json(marian_config(recipe, tokenizer), folder / "config.json")
    write_json(generation_config(tokenizer), folder / "generation_config.json")
    evaluation = run / "evaluation.json"
    if evaluation.exists():
        parameters = sum(p.numel() for p in net.parameters())
        (folder / "README.md").write_text(card(name, recipe, Measured.read(evaluation), parameters), encoding="utf-8")
    size = sum(file.stat().st_size for file in folder.iterdir())
    if size > LARGEST:
        raise ValueError(f"{folder} takes {size:,} bytes, more than the {LARGEST:,} a shipped model may")
    missing = "" if evaluation.exists() else "; without a card, which training.evaluate gives it the figures for"
    print(f"{folder}: {size:,} bytes from {checkpoint.name}{missing}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), default="transformer-fr-en")
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--out", type=Path, help="where to write (default: model/zoo/MODEL)")
    args = parser.parse_args()
    export(args.model, RECIPES[args.model], args.run or Path("runs") / args.model, args.out or ZOO / args.model)


if __name__ == "__main__":
    main()
