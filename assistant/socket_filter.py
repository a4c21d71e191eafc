"""Takes from this process, in the kernel, every way to open a network socket but the one that Python's guard knows. Linux only.

Libraries in C (FFmpeg, onnxruntime) open sockets that Python never sees. A seccomp filter (https://docs.kernel.org/userspace-api/seccomp_filter.html)
refuses the call socket() for all families but those that stay within this machine by their nature; the guard's own calls carry a mark in
the fourth register, of which socket() takes three. (Not in the family's: systemd's RestrictAddressFamilies= looks at all of that.) It holds
for all threads and all children.
"""

from __future__ import annotations

import ctypes
import os
import platform
import secrets
import socket
import struct
import sys

_MARK = "ASSISTANT_SOCKET_MARK"
"""Environment variable by which a child of ours, that is held by the same filter, knows the mark."""
_ARCHITECTURES = {"x86_64": (0xC000003E, 41, 317), "aarch64": (0xC00000B7, 198, 277)}
"""Machine -> its AUDIT_ARCH, and its numbers of socket() and seccomp()."""
_OTHER_SOCKET_CALLS = (102, 359, 281)
"""socketcall() and socket() of 32-bit x86, socket() of 32-bit ARM: programs of theirs may be started too."""
_IO_URING_SETUP = 425
"""Opens sockets by another path."""
_X32 = 0x40000000
_EACCES, _ENOSYS = 13, 38
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FAMILY, _FOURTH = 0, 4, 16, 40
"""Offsets in struct seccomp_data, on a little-endian machine."""
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000

_held: list[int] = []
"""The mark, once the filter is in place."""


def install() -> bool:
    """Put the filter in place, once; return whether it is: not on other systems, old kernels and where a container forbids it."""
    if _held:
        return True
    known = _ARCHITECTURES.get(platform.machine())
    if not sys.platform.startswith("linux") or known is None or sys.byteorder != "little":
        return False
    try:
        mark = int(os.environ[_MARK], 16)
    except (KeyError, ValueError):
        mark = secrets.randbits(31) | 1
    program = ctypes.create_string_buffer(_program(known[0], known[1], mark))
    header = struct.pack("HxxxxxxP", (len(program) - 1) // 8, ctypes.addressof(program))
    system = ctypes.CDLL(None, use_errno=True)
    if system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    if system.syscall(known[2], _SET_MODE_FILTER, _ALL_THREADS, ctypes.c_char_p(header)):
        return False
    os.environ[_MARK] = f"{mark:x}"
    _held.append(mark)
    return True


def open_socket(family: int, kind: int, protocol: int) -> int | None:
    """Return the descriptor of a socket that the filter lets pass; None where there is no filter. Raises OSError."""
    if not _held:
        return None
    system = ctypes.CDLL(None, use_errno=True)
    call = _ARCHITECTURES[platform.machine()][1]
    arguments = (family, kind | socket.SOCK_CLOEXEC, protocol, _held[0])
    found = system.syscall(call, *map(ctypes.c_long, arguments))
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(found)


def _program(architecture: int, socket_call: int, mark: int) -> bytes:
    """The filter: instructions of the Berkeley Packet Filter, with the jumps by name."""
    steps: list[tuple[int, int, str, str] | tuple[int, int] | str] = [
        (_LOAD, _ARCHITECTURE),
        (_EQUAL, architecture, "", "other"),
        (_LOAD, _NUMBER),
        (_AT_LEAST, _X32, "absent", ""),
        (_EQUAL, _IO_URING_SETUP, "absent", ""),
        (_EQUAL, socket_call, "", "allow"),
        (_LOAD, _FAMILY),
        (_EQUAL, socket.AF_UNIX, "allow", ""),
        (_EQUAL, getattr(socket, "AF_NETLINK", 16), "allow", ""),
        (_LOAD, _FOURTH),
        (_EQUAL, mark, "allow", "refuse"),
        "other",
        (_LOAD, _NUMBER),
        *((_EQUAL, call, "refuse", "") for call in _OTHER_SOCKET_CALLS),
        (_EQUAL, _IO_URING_SETUP, "absent", "allow"),
        "refuse",
        (_RETURN, _ERROR | _EACCES),
        "absent",
        (_RETURN, _ERROR | _ENOSYS),
        "allow",
        (_RETURN, _ALLOW),
    ]
    places: dict[str, int] = {}
    for step in steps:
        if isinstance(step, str):
            places[step] = sum(not isinstance(each, str) for each in steps[: steps.index(step)])
    made, here = b"", 0
    for step in steps:
        if isinstance(step, str):
            continue
        here += 1
        jumps = [places[name] - here if name else 0 for name in step[2:]] or [0, 0]
        made += struct.pack("=HBBI", step[0], *jumps, step[1])
    return made
