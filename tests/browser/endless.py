"""A decoder that never ends by itself: random weights in GPT-2's layout, made here, opened by its path."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import torch
import transformers
from playwright.sync_api import Page, expect

from tests.browser.driving import button, opened, settled
from tests.model.builders import byte_tokenizer

PROMPT = "the cat sat"
POSITIONS = 1100


def endless(folder: Path, *, layers: int = 4, width: int = 256, vocabulary: Path | None = None) -> Path:
    """Saves one with room for a thousand tokens and no end token. `vocabulary`: a tokenizer.json to read and write with
    instead of plain bytes; the model has as many pieces."""
    torch.manual_seed(0)
    pieces = byte_tokenizer(end=False).pipeline
    if vocabulary is not None:
        pieces = type(pieces).from_file(str(vocabulary))
    config = transformers.GPT2Config(
        vocab_size=pieces.get_vocab_size(),
        n_positions=POSITIONS,
        n_embd=width,
        n_layer=layers,
        n_head=max(1, width // 64),
        bos_token_id=None,
        eos_token_id=None,
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    pieces.save(str(folder / "tokenizer.json"))
    return folder


def open_by_path(page: Page, folder: Path) -> None:
    """Opens a folder on the Models page, for this whole process."""
    opened(page, "/models?models=open")
    box = page.locator(".st-key-open_where_folder input")
    box.fill(str(folder))
    box.press("Enter")
    settled(page)
    button(page, "open").click()
    expect(page.get_by_text(folder.name).first).to_be_visible()
    settled(page)


def address(folder: Path, page: str = "decoding", **more: str) -> str:
    """The link to a page of the app with that model."""
    asked = {"model": str(folder), "text": PROMPT, **more}
    return f"/{page}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
