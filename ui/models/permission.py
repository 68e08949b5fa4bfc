"""Whether visitors may open checkpoints of this machine and of the hub, which the person who runs Regard decides.

A path typed on the Models page is read with the rights of the server, and a hub id makes it download. On the machine of
one person that is the point; on a server for many it is not. REGARD_OPEN=yes allows both, REGARD_OPEN=no forbids both.
Where it is not set, they are allowed exactly where Regard is served on the loopback address and asked from there.
"""

import ipaddress
import os
from collections.abc import Mapping

import streamlit as st

SWITCH = "REGARD_OPEN"
YES, NO = ("yes", "on", "true", "1"), ("no", "off", "false", "0")
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded")
FORBIDDEN = (
    f"Opening folders and hub ids is switched off here, because others can reach this Regard. Whoever runs it can allow it by "
    f"starting it with {SWITCH}=yes."
)
ALLOWED = f"Whoever reaches this page can do this, with the rights of the server. {SWITCH}=no switches it off."


def may_open() -> bool:
    """Whether this session may open folders and hub ids, and unload models that others may be using."""
    return decide(
        os.environ.get(SWITCH, ""),
        str(st.get_option("server.address") or ""),
        st.context.ip_address,
        {name: str(st.context.headers[name]) for name in ("Host", *FORWARDED) if name in st.context.headers},
    )


def decide(switch: str, served_on: str, asked_from: str | None, headers: Mapping[str, str]) -> bool:
    """The rule: `switch` decides if it is set; any word but a yes forbids.

    Else opening is allowed only where the server listens on the loopback address and the request comes from there, through no
    proxy. `served_on` is the address the server listens on, empty for all; `asked_from` is the address the request comes
    from, None for this machine.
    """
    word = switch.strip().lower()
    if word:
        return word in YES
    between = any(name in headers for name in FORWARDED)
    here = asked_from is None or is_loopback(asked_from)
    return is_loopback(served_on) and here and not between and is_loopback(name_in(headers.get("Host", "localhost")))


def is_loopback(address: str) -> bool:
    """Whether an address or a name means this machine alone."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def name_in(host: str) -> str:
    """A Host header without its port: [::1]:8501 and 127.0.0.1:8501 have one."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
