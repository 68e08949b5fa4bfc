"""The one message a component gets: header length (u32, little-endian) | JSON header | body.

Streamlit turns a dict that holds bytes or NumPy scalars into its Python repr without a word, and sends lists as Arrow
or JSON at its own choice. One bytes object arrives in the browser as it was sent, so all components use it.
"""

import json
import struct
from collections.abc import Mapping

_LENGTH = struct.Struct("<I")


class PayloadError(ValueError):
    """A header that JSON cannot hold, or a message that is not a payload."""


def pack(header: Mapping[str, object], body: bytes = b"") -> bytes:
    """Header and body as one bytes object.

    The header is padded with spaces so that the body starts on a multiple of 4 bytes. NaN, infinities, keys that are no
    strings, NumPy scalars, bytes and lone surrogates raise PayloadError: JSON would change them or refuse them.
    """
    if not isinstance(body, bytes):
        raise PayloadError(f"the body is {type(body).__name__}, not bytes")
    _check(header, "header")
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PayloadError(f"the header holds a lone surrogate, {error.object[error.start : error.end]!r}") from error
    encoded += b" " * (-(_LENGTH.size + len(encoded)) % 4)
    return _LENGTH.pack(len(encoded)) + encoded + body


def unpack(payload: bytes) -> tuple[dict[str, object], bytes]:
    """(header, body) of what `pack` made."""
    if len(payload) < _LENGTH.size:
        raise PayloadError(f"{len(payload)} bytes are too short for a payload")
    (length,) = _LENGTH.unpack_from(payload)
    start = _LENGTH.size + length
    if start > len(payload):
        raise PayloadError(f"the header should have {length} bytes, but {len(payload) - _LENGTH.size} follow")
    header = json.loads(payload[_LENGTH.size : start].decode("utf-8"))
    if not isinstance(header, dict):
        raise PayloadError(f"the header is {type(header).__name__}, not an object")
    return header, payload[start:]


def _check(value: object, path: str) -> None:
    """Refuses what json.dumps would change silently (keys), writes as no JSON (NaN), or does not know."""
    if value is None or type(value) in (str, bool, int):
        return
    if type(value) is float:
        if value != value or value in (float("inf"), float("-inf")):
            raise PayloadError(f"{path} is {value}, which JSON cannot hold")
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if type(key) is not str:
                raise PayloadError(f"{path} has the key {key!r}, which is not a string")
            _check(item, f"{path}.{key}")
        return
    if isinstance(value, list | tuple):
        for place, item in enumerate(value):
            _check(item, f"{path}[{place}]")
        return
    raise PayloadError(f"{path} is {type(value).__name__}, which JSON cannot hold")
