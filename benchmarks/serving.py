"""server.py with one more shipped model, and the memory and processor time of its process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.loading import checkpoint
from tests.browser.driving import ROOT, free_port, wait_for_health

START = (
    "import pathlib, runpy, sys; from model.loading import checkpoint; checkpoint.ZOO = pathlib.Path(sys.argv[1]); "
    "runpy.run_path('server.py', run_name='__main__')"
)


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    url: str
    pid: int

    def memory(self, which: str = "VmRSS") -> int:
        """Bytes of its process now, or the peak ("VmHWM"); Linux."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith(which)).split()[1])

    def busy(self) -> float:
        """Seconds of processor time used so far; Linux."""
        used = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


def zoo_with(folder: Path, name: str) -> Path:
    """A folder with every shipped model, and the path for one more model in it."""
    folder.mkdir()
    for shipped in checkpoint.ZOO.glob("*/"):
        (folder / shipped.name).symlink_to(shipped)
    return folder / name


@contextlib.contextmanager
def regard(zoo: Path, log: Path) -> Iterator[Served]:
    """server.py on a free port, with the models of `zoo` as shipped models."""
    port = free_port()
    environment = {**os.environ, "STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(zoo)], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_health(process, url, log)
        yield Served(url, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)
