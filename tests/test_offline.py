"""No network is used after set-up: by promise of the process, and by proof without any network at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.folders import PROJECT

GUARDED = """
import os, socket, threading
from assistant import offline
from assistant.offline import RefusedConnection
offline.enforce()
offline.enforce()
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname()).close()
for act in (lambda: socket.create_connection(("192.0.2.1", 9), timeout=1),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)),
            lambda: socket.getaddrinfo("example.invalid", 80),
            lambda: socket.socket(socket.AF_INET6).connect_ex(("2001:db8::1", 9))):
    try:
        act()
    except RefusedConnection as error:
        print("refused:", error)
print(os.environ["HF_HUB_OFFLINE"])
"""


def test_connections_beyond_this_machine_are_refused_and_loopback_works() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED], capture_output=True, text=True, check=True)
    assert done.stdout.count("refused:") == 4
    assert done.stdout.endswith("1\n")


def test_nothing_in_this_process_or_its_children_reaches_an_address_that_is_not_this_machines() -> None:
    """In a network of its own, where somebody listens; what reached them before shows that the ways would lead there."""
    if subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a network of their own (unshare -Urn)")
    command = ["unshare", "-Urn", sys.executable, "-m", "tests.support.listening_elsewhere"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    ways = {"socket() of the C library", "Python", "another program", "FFmpeg http", "FFmpeg tcp", "FFmpeg redirect", "OpenCV http"}
    ways |= {"FFmpeg RTSP redirect", "FFmpeg RTSP description"}
    assert ways <= set(told["before"])
    assert not any("SOURCE" in way for way in told["before"]), "what a user names is looked at before it is opened, guard or not"
    assert told["loopback"]
    if not told["is_filtered"]:
        assert not any("SOURCE" in way or "Python" in way for way in told["after"])
        pytest.skip("this kernel has no seccomp filter for us: what libraries in C do by themselves isn't held")
    assert told["after"] == []


def test_a_child_of_ours_is_held_by_the_same_filter_and_may_still_use_this_machine() -> None:
    program = "import socket; from assistant import offline; offline.enforce(); assert {}; "
    program += "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('connected')"
    child = f"import subprocess, sys; {program.format('offline.enforce_below_python()')}; "
    child += f"subprocess.run([sys.executable, '-c', {program.format('offline.enforce_below_python()')!r}], check=True)"
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, cwd=PROJECT)
    if "AssertionError" in done.stderr:
        pytest.skip("this kernel has no seccomp filter for us")
    assert done.stdout.count("connected") == 2, done.stderr


IN_A_UNIT = """
import ctypes, socket
from assistant import offline
system, seccomp = ctypes.CDLL(None), ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
class Compared(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("value", ctypes.c_uint64), ("other", ctypes.c_uint64)]
rules, families = ctypes.c_void_p(seccomp.seccomp_init(0x7FFF0000)), {1, 2, 10, 16}
number = seccomp.seccomp_syscall_resolve_name(b"socket")
for operator, value in [(2, 1), (6, 16), *((4, each) for each in range(1, 16) if each not in families)]:  # less, greater, equal
    assert seccomp.seccomp_rule_add_array(rules, 0x00050000 | 97, number, 1, ctypes.byref(Compared(0, operator, value))) == 0
system.prctl(38, 1, 0, 0, 0)
assert seccomp.seccomp_load(rules) == 0
offline.enforce()
assert offline.enforce_below_python(), "no filter"
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname())
print("connected")
"""


def test_in_the_kiosks_unit_which_restricts_families_this_machine_can_still_be_used() -> None:
    """The rules are those of systemd's RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK: no page could be served under them."""
    done = subprocess.run([sys.executable, "-c", IN_A_UNIT], capture_output=True, text=True, cwd=PROJECT)
    if "libseccomp.so.2" in done.stderr or "no filter" in done.stderr:
        pytest.skip("there is no libseccomp, or no filter for us")
    assert done.stdout == "connected\n", done.stderr


@pytest.mark.parametrize("kept_quiet", [True, False])
def test_onnxruntime_keeps_no_record_for_its_maker(kept_quiet: bool, tmp_path: Path) -> None:
    """What it would send lies in the user's home; without our switch it does, so this test would notice if that stopped working."""
    code = "import numpy, onnxruntime as o, onnx.helper as h; g = h.make_graph([h.make_node('Neg', ['x'], ['y'])], 'g', "
    code += "[h.make_tensor_value_info('x', 1, [1])], [h.make_tensor_value_info('y', 1, [1])]); "
    code += "o.InferenceSession(h.make_model(g, opset_imports=[h.make_opsetid('', 17)], ir_version=8).SerializeToString())"
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", f"{'import assistant; ' if kept_quiet else ''}{code}"], check=True, env=env)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    if not kept_quiet and not kept:
        pytest.skip("this build of onnxruntime keeps nothing")
    assert (kept == []) == kept_quiet
