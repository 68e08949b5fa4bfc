"""A small hub on this machine: the two addresses huggingface_hub asks a real one for, over HTTP."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "a" * 40


@dataclass
class Hub:
    """Repositories by id; `refuses` answers every request for an id with a status and a code of the hub's own."""

    folders: dict[str, Path] = field(default_factory=dict)
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    breaks_off: str = ""  # a file whose body ends half-way
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub on a free port of the loopback address."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            hub.asked.append(f"{self.command} {self.path}")
            repo, file = place(self.path)
            if repo in hub.refuses:
                status, code = hub.refuses[repo]
                self.reply(status, b"", {"X-Error-Code": code}, body)
            elif repo not in hub.folders:
                self.reply(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
            elif file is None:
                names = [{"rfilename": path.name} for path in sorted(hub.folders[repo].iterdir())]
                told = {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": names}
                self.reply(200, json.dumps(told).encode(), {"Content-Type": "application/json"}, body)
            elif not (hub.folders[repo] / file).is_file():
                self.reply(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, body)
            else:
                data = (hub.folders[repo] / file).read_bytes()
                tag = hashlib.sha256(data).hexdigest()
                self.reply(200, data, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, body, file == hub.breaks_off)

        def reply(self, status: int, data: bytes, headers: dict[str, str], body: bool, half: bool = False) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                self.wfile.write(data[: len(data) // 2] if half else data)

    return Handler


def place(path: str) -> tuple[str, str | None]:
    """(repository, file) of an address; no file where the repository itself is asked about."""
    path = path.partition("?")[0].strip("/")
    if path.startswith("api/models/"):
        return "/".join(path.split("/")[2:4]), None
    repo, _, file = path.partition("/resolve/main/")
    return repo, file
