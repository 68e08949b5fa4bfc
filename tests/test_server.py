"""server.py without a running server."""

from __future__ import annotations

import asyncio
import socket
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

import server


@pytest.mark.parametrize(
    ("text", "value"), [("8600", 8600), ("true", True), ("127.0.0.1", "127.0.0.1"), ("viewer", "viewer"), ("[]", [])]
)
def test_an_environment_variable_reads_as_the_configuration_file_would(text: str, value: object) -> None:
    assert server.as_toml(text) == value


def test_every_option_of_the_configuration_file_is_known_and_set() -> None:
    """Streamlit starts without a file that it cannot read, with a message in the log alone."""
    text = (Path(server.__file__).parent / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    written = {
        f"{section}.{name}": value
        for section, options in tomllib.loads(text).items()
        if section != "theme"
        for name, value in options.items()
    }
    written.pop("client.showErrorDetails")  # the tests have another value, to see whole tracebacks
    assert {name: server.streamlit_config.get_option(name) for name in written} == written


def test_the_environment_overrides_the_configuration_file(monkeypatch: pytest.MonkeyPatch) -> None:
    config = server.streamlit_config
    before = config.get_option("server.maxUploadSize")
    monkeypatch.setenv("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", "7")
    try:
        server.read_environment()
        assert config.get_option("server.maxUploadSize") == 7
    finally:
        config.set_option("server.maxUploadSize", before)


def test_a_taken_port_is_a_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(server, "create_app", lambda announce: None)
        monkeypatch.setattr(server.st, "get_option", {"server.address": "127.0.0.1", "server.port": port}.get)
        assert server.main() == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Regard cannot listen on 127.0.0.1, port {port}: ")
    assert "STREAMLIT_SERVER_PORT=" in said


def test_every_response_carries_the_security_headers() -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    guarded = server.SecurityHeaders(page, policy="default-src 'self'")
    with ThreadPoolExecutor(1) as thread:  # Playwright may have left a running event loop in this one
        thread.submit(lambda: asyncio.run(guarded({"type": "http"}, receive, send))).result()
    headers = dict(sent[0]["headers"])
    assert headers[b"content-security-policy"] == b"default-src 'self'"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"same-origin"


def test_no_script_from_elsewhere_and_no_eval_is_allowed() -> None:
    rules = dict(rule.split(" ", 1) for rule in server.content_security_policy().split("; "))
    assert rules["default-src"] == "'self'"
    allowed = rules["script-src"].split()
    assert allowed[:2] == ["'self'", "blob:"]
    assert all(source.startswith("'sha256-") for source in allowed[2:])
