"""Tiny transformers with random weights, in every shape, order and position scheme, and a tokenizer to go with them."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import tokenizers
import torch
import transformers
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors

import model
from model.config import Kind, Order, Scheme, TransformerConfig
from model.language_model import LanguageModel
from model.pretrained import Constraints, Source, SpecialIds
from model.tap import SITES, Place, Site, StackName
from model.tokenizers.tokens import Tokenizer
from model.transformer import Transformer

VOCAB = 40
START, END, PAD = 1, 2, 0
FREE = Constraints()

# Every size differs from every other, so that no axis can pass for another.
PLAIN = TransformerConfig(
    vocab_size=VOCAB,
    d_model=20,
    n_heads=6,
    d_head=4,
    d_ff=28,
    max_positions=32,
    decoder_layers=2,
    n_kv_heads=3,
)
LIMITED: dict[Scheme, bool] = {
    "none": False,
    "sinusoidal": True,
    "learned": True,
    "rotary": False,
    "alibi": False,
    "relative": False,
}


def shaped(kind: Kind, positions: Scheme = "learned", order: Order = "pre") -> TransformerConfig:
    """A config of that kind; the three stand for BERT, T5 or Marian, and GPT."""
    layers = {"encoder": (2, 0), "decoder": (0, 2), "encoder-decoder": (2, 3)}[kind]
    return replace(
        PLAIN,
        encoder_layers=layers[0],
        decoder_layers=layers[1],
        positions=positions,
        order=order,
        relative_buckets=8,
        relative_reach=12,
        max_positions=32 if LIMITED[positions] else None,
        n_segments=2 if kind == "encoder" else 0,
        norm="rms" if order == "sandwich" else "layer",
    )


KINDS: tuple[Kind, ...] = ("encoder", "decoder", "encoder-decoder")
CONFIGS: dict[str, TransformerConfig] = {
    f"{kind}, {positions}": shaped(kind, positions) for kind in KINDS for positions in LIMITED
} | {
    "encoder, post": shaped("encoder", order="post"),
    "encoder-decoder, post": shaped("encoder-decoder", "sinusoidal", "post"),
    "decoder, parallel": shaped("decoder", "rotary", "parallel"),
    "decoder, parallel, two norms": replace(shaped("decoder", "rotary", "parallel"), parallel_norms=2),
    "decoder, sandwich": shaped("decoder", "rotary", "sandwich"),
    "encoder-decoder, sandwich": shaped("encoder-decoder", "relative", "sandwich"),
    "decoder, window": replace(shaped("decoder", "rotary"), window=3, window_layers=(0,), local_rotary_base=100.0),
    "decoder, gated, qk norm": replace(shaped("decoder", "rotary"), gated=True, qk_norm=True, norm="rms"),
    "decoder, a quarter turned": replace(shaped("decoder", "rotary"), rotary_share=0.5),
    "decoder, embedding norm": replace(shaped("decoder", "alibi"), embed_norm=True),
}
WRITING = {name: config for name, config in CONFIGS.items() if config.kind != "encoder"}


def long_decoder(positions: int) -> TransformerConfig:
    """A small GPT that has positions for a long text."""
    return replace(PLAIN, d_model=128, n_heads=4, n_kv_heads=4, d_head=32, d_ff=512, max_positions=positions)


@cache
def random_net(config: TransformerConfig, seed: int = 0) -> Transformer:
    """A transformer whose every parameter, norms and biases too, is random; shared by the tests, so never changed."""
    torch.manual_seed(seed)
    net = Transformer(config)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            scale = parameter.shape[-1] ** -0.5 if parameter.ndim == 2 else 0.1
            parameter.normal_(std=scale)
            if "norm" in name and name.endswith("weight"):
                parameter.add_(1.0)
        net.tokens.weight.mul_(3.0)
    return net.eval().requires_grad_(False)


@cache
def random_model(
    config: TransformerConfig,
    seed: int = 0,
    *,
    tokenizer: Tokenizer | None = None,
    constraints: Constraints = FREE,
) -> LanguageModel:
    """That transformer as a language model that reads ids, and text where it is given a tokenizer."""
    special = SpecialIds(start=START, end=(END,), pad=PAD)
    return LanguageModel(random_net(config, seed), tokenizer, Source("tiny", "none", ""), special, constraints)


def ids(time: int, seed: int = 0, vocab: int = VOCAB) -> list[int]:
    """Ordinary token ids, none of them special."""
    return torch.randint(3, vocab, (time,), generator=torch.Generator().manual_seed(seed)).tolist()


def read_by(config: TransformerConfig, time: int = 5, source: int = 7) -> tuple[list[int], list[int] | None]:
    """(x, target) for `run`: `time` tokens for the stack that predicts, `source` for the encoder before it."""
    if config.kind == "encoder-decoder":
        return ids(source, seed=1), [START, *ids(time - 1, seed=2)]
    return ids(time, seed=1), None


def stacks(config: TransformerConfig) -> list[StackName]:
    both: tuple[StackName, ...] = ("encoder", "decoder")
    return [stack for stack in both if config.layers(stack)]


def expected_sites(config: TransformerConfig) -> set[tuple[Place, Site]]:
    """Every place and site that a run of this config passes."""
    around: list[Site] = ["embedding", "entering", "leaving", "final"]
    if config.positions in ("sinusoidal", "learned"):
        around.append("position")
    if config.n_segments:
        around.append("segment")
    attention: list[Site] = ["normed", "q_straight", "k_straight", "q", "k", "v", "scores", "weights", "mixed", "out"]
    sites: set[tuple[Place, Site]] = set()
    for stack in stacks(config):
        sites |= {(Place(stack), site) for site in around}
        for layer in range(config.layers(stack)):
            sites.add((Place(stack, layer), "stream"))
            sites |= {(Place(stack, layer, "self"), site) for site in attention}
            if stack == "decoder" and config.kind == "encoder-decoder":
                sites |= {(Place(stack, layer, "cross"), site) for site in attention}
            sites |= {(Place(stack, layer, "feed_forward"), site) for site in ("normed", "hidden", "out")}
            if config.order == "parallel" and config.parallel_norms == 1:  # one norm serves both, kept with attention
                sites.remove((Place(stack, layer, "feed_forward"), "normed"))
    return sites


def expected_shape(config: TransformerConfig, place: Place, site: Site, time: dict[StackName, int]) -> tuple[int, ...]:
    """What the axes of a site come to, where each stack has read so many tokens."""
    assert place.stack is not None
    here = time[place.stack]
    sizes = {
        "time": here,
        "query": here,
        "key": time["encoder"] if place.part == "cross" else here,
        "heads": config.n_heads,
        "kv_heads": config.kv_heads,
        "d_head": config.d_head,
        "d_model": config.d_model,
        "d_ff": config.d_ff,
    }
    return tuple(sizes[axis] for axis in SITES[site].axes)


def byte_tokenizer(*, end: bool = True) -> Tokenizer:
    """Byte-level BPE in the layout of the shipped models: 3 special tokens, 256 bytes, and a few merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate(["<pad>", "<s>", "</s>", *alphabet])}
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("l", "o")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    pipeline = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    pipeline.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace("’", "'")])
    pipeline.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pipeline.decoder = decoders.ByteLevel()
    pipeline.add_special_tokens([AddedToken(piece, special=True) for piece in ("<pad>", "<s>", "</s>")])
    if end:
        pipeline.post_processor = processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B:1 </s>:1", special_tokens=[("</s>", vocabulary["</s>"])]
        )
    return Tokenizer(pipeline)


def marian_reference(seed: int = 0, vocab: int = 64) -> transformers.MarianMTModel:
    """The reference library's Marian at tiny size, with norms and biases that are not what they start as."""
    torch.manual_seed(seed)
    config = transformers.MarianConfig(
        vocab_size=vocab,
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=64,
        pad_token_id=PAD,
        eos_token_id=END,
        decoder_start_token_id=PAD,
        forced_eos_token_id=None,
        scale_embedding=True,
        activation_function="relu",
    )
    net = transformers.MarianMTModel(config).eval()
    net.set_attn_implementation("eager")  # the fused kernel gives back no pattern
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "embed_positions" not in name:
                parameter.add_(torch.randn_like(parameter) * 0.2)
        net.final_logits_bias.normal_(std=0.5)
    return net


def loaded_marian(reference: transformers.MarianMTModel, folder: Path) -> LanguageModel:
    """The same weights through our own loader."""
    reference.save_pretrained(folder)
    return model.load(folder, device="cpu")
