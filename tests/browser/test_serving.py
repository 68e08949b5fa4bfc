"""What the running server answers, asked without a browser."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def ask(server: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse()
    finally:
        connection.close()


@pytest.mark.parametrize(("origin", "status"), [("http://elsewhere.example", 403), (None, 101)])
def test_only_our_own_pages_may_open_a_connection(server: str, origin: str | None, status: int) -> None:
    response = ask(server, "/_stcore/stream", HANDSHAKE | {"Origin": origin or server})
    assert response.status == status


def test_the_first_page_is_guarded_and_compressed(server: str) -> None:
    response = ask(server, "/", {"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
