"""Pipelines of the `tokenizers` library that work as SentencePiece does, one for each way the families use it."""

import re
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from model.errors import CheckpointError
from model.tokenizers.sentencepiece_file import BYTE, CONTROL, NORMAL, UNKNOWN, USER_DEFINED, SentencePiece, read

SPACE = "▁"
OUTPUT_ONLY = "\uffff"
"""Marks pieces that occur in output only: no text contains this character, so input never gets them."""

CODE = "▁\ue000>"
"""Replaces the >> of a language token, which has a meaning only at the start of a text."""

Scores = list[tuple[str, float]]


def t5(path: Path, extra: int) -> Tokenizer:
    """T5: the pieces, then the <extra_id_...> tokens in descending order; an end token after each text."""
    spm = read(path)
    names = [f"<extra_id_{i}>" for i in reversed(range(extra))]
    vocab = [*_scores(spm), *((name, 0.0) for name in names)]
    pipeline = _words(spm, vocab, spm.unknown)
    special = [piece.text for piece in spm.pieces if piece.kind in (CONTROL, UNKNOWN)]
    pipeline.add_special_tokens([AddedToken(name, special=True) for name in (*special, *names)])
    return _ended(pipeline, "</s>", path, pair=["$A", "</s>", "$B", "</s>"])


def pegasus(path: Path, offset: int) -> Tokenizer:
    """Pegasus: its special tokens and then SentencePiece's pieces without the first two."""
    spm = read(path)
    head = ["<pad>", "</s>"] if not offset else ["<pad>", "</s>", "<mask_1>", "<mask_2>"]
    head += [f"<unk_{i}>" for i in range(2, offset)]
    vocab = [*((name, 0.0) for name in head), *_scores(spm)[2:]]
    unknown = len(head) + spm.unknown - 2
    pipeline = _words(spm, vocab, unknown)
    pipeline.add_special_tokens([AddedToken(name, special=True) for name in (*head, vocab[unknown][0])])
    return _ended(pipeline, "</s>", path, pair=["$A", "$B", "</s>"])


def marian(path: Path, ids: dict[str, int]) -> Tokenizer:
    """Marian: the source language's pieces with the ids of vocab.json, which has the target language's pieces too."""
    spm = read(path)
    pieces = sorted(ids, key=lambda piece: ids[piece])
    if [ids[piece] for piece in pieces] != list(range(len(pieces))):
        raise CheckpointError("vocab.json does not count its ids from 0 without gaps")
    for piece in ("<unk>", "</s>"):
        if piece not in ids:
            raise CheckpointError(f"vocab.json lacks the special piece {piece}")
    scores = {piece.text: piece.score for piece in spm.pieces if piece.kind in (NORMAL, USER_DEFINED)}
    codes = [piece for piece in pieces if piece.startswith(">>") and piece.endswith("<<")]
    special = [piece for piece in ("</s>", "<unk>", "<pad>") if piece in ids]
    kept = {code: CODE + code[2:] for code in codes} | {piece: piece for piece in special}
    vocab = [
        (piece, scores[piece]) if piece in scores else (kept.get(piece, OUTPUT_ONLY + piece), 0.0) for piece in pieces
    ]
    pipeline = _words(spm, vocab, ids["<unk>"])
    if codes:
        _read_codes(pipeline, codes)
    trimmed = [decoders.Fuse(), decoders.Replace(Regex(r"\A | \z"), "")]  # Strip breaks on a text of nothing
    output = [decoders.Replace(OUTPUT_ONLY, ""), decoders.Replace(CODE, ">>")]
    pipeline.decoder = decoders.Sequence([*output, pipeline.decoder, *trimmed])
    pipeline.add_special_tokens([AddedToken(piece, special=True) for piece in special])
    return _ended(pipeline, "</s>", path, pair=["$A", "$B", "</s>"])


def _read_codes(pipeline: Tokenizer, codes: list[str]) -> None:
    """Makes a language code at the start of a text one token. A code outside the vocabulary is read as ordinary text."""
    names = "|".join(re.escape(code[2:-2]) for code in codes)
    mark = normalizers.Replace(Regex(rf"\A>(?=>(?:{names})<<)"), CODE[1])  # one for one, so that spans stay
    pipeline.normalizer = normalizers.Sequence([mark, *([] if pipeline.normalizer is None else [pipeline.normalizer])])
    apart = pre_tokenizers.Split(Regex(rf"{CODE[1:]}[^<]*<<"), "isolated")
    pipeline.pre_tokenizer = pre_tokenizers.Sequence([apart, pipeline.pre_tokenizer])


def plain(path: Path, starts: bool, ends: bool, legacy: bool) -> Tokenizer:
    """LLaMA and its relatives: all spaces are kept, characters without a piece become bytes, a start token comes first."""
    spm = read(path)
    pipeline = Tokenizer(_model(spm, _scores(spm), spm.unknown))
    if spm.charsmap:
        pipeline.normalizer = normalizers.Sequence([charsmap(spm)])
    scheme = ("always" if legacy else "first") if spm.prefix_space else "never"
    pipeline.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme=scheme, split=False)
    strip = [decoders.Strip(content=" ", left=1)] if spm.prefix_space else []
    pipeline.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    special = [piece.text for piece in spm.pieces if piece.kind in (CONTROL, UNKNOWN)]
    pipeline.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in special])
    pipeline.add_tokens([AddedToken(p.text, normalized=False) for p in spm.pieces if p.kind == USER_DEFINED])
    first = ["<s>" if "<s>" in special else "<bos>"] if starts else []
    last = ["</s>" if "</s>" in special else "<eos>"] if ends else []
    around = [(name, pipeline.token_to_id(name)) for name in dict.fromkeys(first + last)]
    if any(i is None for _, i in around):
        raise CheckpointError(f"{path.name} lacks the special piece {around[0][0]}")
    if around:
        pair = [*first, "$A", *last, *(f"{name}:1" for name in first), "$B:1", *(f"{name}:1" for name in last)]
        pipeline.post_processor = processors.TemplateProcessing(
            single=[*first, "$A", *last], pair=pair, special_tokens=around
        )
    return pipeline


def _scores(spm: SentencePiece) -> Scores:
    return [(piece.text, piece.score) for piece in spm.pieces]


def _model(spm: SentencePiece, vocab: Scores, unknown: int) -> models.Model:
    if spm.algorithm == "unigram":
        return models.Unigram(vocab, unk_id=unknown, byte_fallback=spm.byte_fallback)
    ids = {piece: i for i, (piece, _) in enumerate(vocab)}
    return models.BPE(
        ids, merges(spm, ids), unk_token=vocab[unknown][0], fuse_unk=True, byte_fallback=spm.byte_fallback
    )


def merges(spm: SentencePiece, ids: dict[str, int]) -> list[tuple[str, str]]:
    """The merges of a BPE vocabulary: all ways to split each piece in two, in the order of the pieces' scores."""
    plain = [piece for piece in spm.pieces if piece.kind not in (CONTROL, UNKNOWN, BYTE) and len(piece.text) > 1]
    found: list[tuple[str, str]] = []
    for piece in sorted(plain, key=lambda piece: -piece.score):
        splits = [(piece.text[:i], piece.text[i:]) for i in range(1, len(piece.text))]
        known = [(a, b) for a, b in splits if a in ids and b in ids]
        found += sorted(known, key=lambda pair: (ids[pair[0]], ids[pair[1]]))
    return found


def charsmap(spm: SentencePiece) -> normalizers.Normalizer:
    """The normalisation before the text is split."""
    try:
        return normalizers.Precompiled(spm.charsmap)
    except Exception as error:  # the library raises bare Exception for rules it cannot read
        raise CheckpointError("the SentencePiece model's rules for alike characters cannot be read") from error


def _words(spm: SentencePiece, vocab: Scores, unknown: int) -> Tokenizer:
    """Splits at spaces; each word starts with a visible space, and several spaces count as one."""
    pipeline = Tokenizer(_model(spm, vocab, unknown))
    if spm.charsmap:
        pipeline.normalizer = charsmap(spm)
    pipeline.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")]
    )
    pipeline.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always")
    return pipeline


def _ended(pipeline: Tokenizer, end: str, path: Path, pair: list[str]) -> Tokenizer:
    i = pipeline.token_to_id(end)
    if i is None:
        raise CheckpointError(f"{path.name} lacks the special piece {end}")
    pipeline.post_processor = processors.TemplateProcessing(single=["$A", end], pair=pair, special_tokens=[(end, i)])
    return pipeline
