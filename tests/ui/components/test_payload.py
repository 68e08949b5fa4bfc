"""The one bytes message from Python to a component."""

import struct

import numpy as np
import pytest

from ui.components.payload import PayloadError, pack, unpack


def test_what_is_packed_comes_back() -> None:
    header = {"tokens": ["l’", "é", "한글", "<b>", ""], "selected": [1, 2], "mass": 0.7, "empty": None, "on": True}
    body = bytes(range(256))
    assert unpack(pack(header, body)) == (header, body)


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "é"])
def test_the_body_starts_on_a_multiple_of_four_bytes(name: str) -> None:
    payload = pack({name: 1}, b"body")
    (length,) = struct.unpack_from("<I", payload)
    assert (4 + length) % 4 == 0
    assert payload[4 + length :] == b"body"


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        np.float32(0.5),
        np.float64(0.5),
        np.int64(3),
        np.zeros(2),
        b"bytes",
        {1: "a key that is a number"},
        {"a", "set"},
        "\ud800",
    ],
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(PayloadError):
        pack({"deep": [{"inside": value}]})


def test_the_refusal_names_the_place() -> None:
    with pytest.raises(PayloadError, match=r"header\.rows\[1\]\.p is nan"):
        pack({"rows": [{"p": 0.1}, {"p": float("nan")}]})


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\xff\x00\x00\x00{}", b"\x02\x00\x00\x00[]"])
def test_what_is_no_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        unpack(payload)
