"""Take the pictures of the documentation again: `python -m scripts.screenshots` writes docs/images/*.png.

It starts server.py, photographs three pages of the first example in Chromium, and stops it. A picture that would be
large is reduced to 256 colours.
"""

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from scripts.browser import FLAGS, find_browser, install_browser

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT, SCALE = 1280, 860, 1.5
PATIENCE_MS = 180_000
SETTLING_MS = 2500  # charts are drawn after the script has ended
LARGE = 280_000  # bytes
SERVES = "Regard is at "


@dataclass(frozen=True)
class Shot:
    """One picture: its file name, the view as a link, and the theme."""

    name: str
    link: str
    scheme: Literal["light", "dark"]


SHOTS = (
    Shot("overview", "/", "light"),
    Shot("attention", "/attention?part=cross&layer=2&head=2", "light"),
    Shot("decoding", "/decoding?step=2", "dark"),
)


@contextmanager
def server(port: int) -> Iterator[str]:
    """The address of a fresh server, stopped afterwards."""
    environment = {**os.environ, "STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    process = subprocess.Popen(
        [sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = next((line for line in process.stdout if line.startswith(SERVES)), None)
        if said is None:
            raise RuntimeError("server.py ended before it served; its reason stands above")
        yield said.removeprefix(SERVES).split()[0]
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def take(browser: Browser, address: str, shot: Shot) -> bytes:
    """The upper part of a page as PNG."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE, color_scheme=shot.scheme
    )
    page = context.new_page()
    page.goto(address + shot.link)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=PATIENCE_MS)
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=PATIENCE_MS)
    page.wait_for_timeout(SETTLING_MS)
    picture = page.screenshot()
    context.close()
    return picture


def small(picture: bytes) -> bytes:
    """The picture as a PNG of at most about LARGE bytes."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    full = compressed(image)
    return full if len(full) <= LARGE else compressed(image.quantize(256, dither=Image.Dither.NONE))


def compressed(image: Image.Image) -> bytes:
    """The image as the smallest possible PNG."""
    target = io.BytesIO()
    image.save(target, "png", optimize=True)
    return target.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8751, help="where the server listens meanwhile")
    port = parser.parse_args().port
    IMAGES.mkdir(parents=True, exist_ok=True)
    executable = find_browser() or install_browser()
    with server(port) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        for shot in SHOTS:
            path = IMAGES / f"{shot.name}.png"
            path.write_bytes(small(take(browser, address, shot)))
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
