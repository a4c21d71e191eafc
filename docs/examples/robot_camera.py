"""A robot's camera and the service: sends a frame a second, and prints where a thing is as soon as it is found. No ROS is needed.

assistant serve
python docs/examples/robot_camera.py 0 "cup"
"""

from __future__ import annotations

import json
import sys
import time
import urllib.parse
import urllib.request

import cv2

SERVICE = "http://127.0.0.1:8710"
EVERY_S = 1.0


def find(frame: cv2.typing.MatLike, thing: str, service: str = SERVICE) -> dict:
    """Return what the service tells of a thing in a frame: found, regions, answer."""
    _, jpeg = cv2.imencode(".jpg", frame)
    address = f"{service}/find?{urllib.parse.urlencode({'thing': thing})}"
    request = urllib.request.Request(address, jpeg.tobytes(), {"Content-Type": "image/jpeg"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def main(camera: str, thing: str, service: str = SERVICE) -> None:
    """Look until the camera ends."""
    source = cv2.VideoCapture(int(camera) if camera.isdecimal() else camera)
    due_s = 0.0
    while source.isOpened():
        is_there, frame = source.read()
        if not is_there:
            break
        if time.monotonic() < due_s:
            continue  # to keep up with the camera
        due_s = time.monotonic() + EVERY_S
        told = find(frame, thing, service)
        for region in told["regions"]:
            across = region["left"] + region["width"] / 2 - 0.5  # -0.5 is the left edge: turn until it is 0
            print(f"{thing}: {across:+.2f}, {region['width']:.2f} wide", flush=True)
        if not told["regions"]:
            print(told["answer"], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
