"""Videos of a sheet of paper that a hand holds into the camera, written with Debian's DejaVu."""

from __future__ import annotations

import textwrap
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from assistant.messages import Picture
from tests.support.scenes import scene
from tests.support.signs import FONT

WIDTH, HEIGHT, FPS = 1280, 720, 10
CYCLE = 30
"""Frames after which the hand is where it was."""


def sheet(text: str, letter_px: int, characters: int) -> Picture:
    """White paper with a text in lines of at most so many characters."""
    font = ImageFont.truetype(FONT, letter_px)
    lines = [line for paragraph in text.split("\n") for line in textwrap.wrap(paragraph, characters) or [""]]
    step = round(letter_px * 1.4)
    size = (round(max(map(font.getlength, lines))) + 4 * letter_px, step * len(lines) + 3 * letter_px)
    image = Image.new("RGB", size, (244, 242, 236))
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((2 * letter_px, letter_px * 3 // 2 + row * step), line, font=font, fill=(25, 25, 30))
    return np.array(image)


def write_page_video(path: Path, paper: Picture, seconds: float) -> None:
    """The paper before a room, a little askew, to and fro by some pixels as a hand moves it, with a sensor's noise."""
    room = cv2.GaussianBlur(np.array(scene(WIDTH, HEIGHT)), (0, 0), 12) // 2
    height, width = paper.shape[:2]
    scale = min(0.94 * WIDTH / width, 0.92 * HEIGHT / height, 1.0)
    left, top = (WIDTH - width * scale) / 2, (HEIGHT - height * scale) / 2
    right, bottom = left + width * scale, top + height * scale
    corners = np.array([(left + 6, top + 3), (right - 4, top - 2), (right + 3, bottom + 4), (left - 5, bottom - 2)], np.float32)
    edges = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    noises = np.random.default_rng(0).integers(0, 9, (5, HEIGHT, WIDTH, 1), np.uint8)
    jpegs = []
    for number in range(CYCLE):
        phase = 2 * np.pi * number / CYCLE
        moved = corners + 4 * np.sin(phase * np.array((1, 2))) + np.sin(phase + np.arange(8).reshape(4, 2))
        turn = cv2.getPerspectiveTransform(edges, moved.astype(np.float32))
        frame = cv2.warpPerspective(paper, turn, (WIDTH, HEIGHT), room.copy(), borderMode=cv2.BORDER_TRANSPARENT)
        jpegs.append(cv2.imencode(".jpg", cv2.subtract(frame[..., ::-1], np.repeat(noises[number % 5], 3, axis=2)))[1].tobytes())
    with av.open(str(path), "w") as container:
        track = container.add_stream("mjpeg", rate=FPS)
        track.width, track.height, track.pix_fmt, track.time_base = WIDTH, HEIGHT, "yuvj420p", Fraction(1, FPS)
        for number in range(round(seconds * FPS)):
            packet = av.Packet(jpegs[number % CYCLE])
            packet.stream, packet.pts, packet.dts, packet.time_base = track, number, number, Fraction(1, FPS)
            container.mux(packet)
