"""More instruction videos, of other makes: python -m tests.support.howto_videos DIR [--photographs DIR] [--only NAME ...] writes them.

Written before the code was tried on them, each for something that people do: captions that fade, a title bar with a clock, lists that
grow, badges, a speaker who talks without pause and without "step", another language than what is shown. With --photographs the
grounds are photographs of a folder, drawn shapes otherwise. `python -m tests.support.measure_howto DIR` asks about them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from assistant.devices.resampling import Resampler
from assistant.messages import Sound

RATE_HZ, FRAMES_PER_S, SIZE = 16_000, 10, (854, 480)
FONTS = Path("/usr/share/fonts/truetype/dejavu")
FADE_S = 0.8
Speak = Callable[[str, str], Sound]
"""Makes speech at RATE_HZ of a text in a language."""
Draw = Callable[[Image.Image, float, float], None]
"""Draws over a ground, at so many seconds of a shot and of the clip."""


@dataclass(frozen=True)
class Shot:
    """A ground with something drawn over it, and what is said meanwhile."""

    ground: int
    draw: Draw
    spoken: str = ""
    step: str = ""
    """A pattern of what the step says that begins here; "" where none begins."""
    pause_s: float = 0.8
    """Behind what is said."""


@dataclass(frozen=True)
class HowTo:
    """A clip and what is right about it."""

    shots: Sequence[Shot]
    questions: Sequence[tuple[str, str]]
    """Each with a pattern of its answer."""
    language: str = "en"
    """That is spoken."""
    asked_in: str = "en"


def _text(image: Image.Image, place: tuple[float, float], text: str, size: int, fill: str = "white", font: str = "DejaVuSans-Bold") -> None:
    ImageDraw.Draw(image).text(place, text, font=ImageFont.truetype(FONTS / f"{font}.ttf", size), fill=fill)


def nothing(image: Image.Image, shot_s: float, clip_s: float) -> None:
    """Draw nothing."""


def fading(text: str, seconds: float) -> Draw:
    """A caption in a band at the bottom, that comes and goes."""

    def draw(image: Image.Image, shot_s: float, clip_s: float) -> None:
        shown = max(0.0, min(1.0, (shot_s - 0.6) / FADE_S, (seconds - shot_s) / FADE_S))
        over = image.copy()
        ImageDraw.Draw(over).rectangle((0, 380, 854, 450), fill="black")
        _text(over, (60, 392), text, 34)
        image.paste(Image.blend(image, over, shown))

    return draw


def bar(text: str, below: Draw = nothing, *, clock: bool = False) -> Draw:
    """A bar at the top with a name, and a clock that runs."""

    def draw(image: Image.Image, shot_s: float, clip_s: float) -> None:
        ImageDraw.Draw(image).rectangle((0, 0, 854, 54), fill="#702040")
        _text(image, (20, 10), text, 28, font="DejaVuSans")
        if clock:
            _text(image, (650, 10), f"18:03:{int(clip_s):02}", 28, font="DejaVuSansMono")
        below(image, shot_s, clip_s)

    return draw


def caption(text: str) -> Draw:
    """White letters with a dark edge on the picture itself."""

    def draw(image: Image.Image, shot_s: float, clip_s: float) -> None:
        font = ImageFont.truetype(FONTS / "DejaVuSans-Bold.ttf", 38)
        ImageDraw.Draw(image).text((50, 400), text, font=font, fill="white", stroke_width=4, stroke_fill="black")

    return draw


def badge(number: str, text: str) -> Draw:
    """A number in a circle in the corner, and a caption."""

    def draw(image: Image.Image, shot_s: float, clip_s: float) -> None:
        ImageDraw.Draw(image).ellipse((700, 30, 820, 150), fill="#e0a020")
        _text(image, (722, 64), number, 46, "black")
        caption(text)(image, shot_s, clip_s)

    return draw


def panel(title: str, *lines: str, title_size: int = 40) -> Draw:
    """A light panel with a title and lines below it."""

    def draw(image: Image.Image, shot_s: float, clip_s: float) -> None:
        ImageDraw.Draw(image).rounded_rectangle((60, 60, 794, 430), 18, fill="#f4f0e4")
        _text(image, (100, 84), title, title_size, "#203050", "DejaVuSerif-Bold")
        for number, line in enumerate(lines):
            _text(image, (120, 152 + 52 * number), line, 30, "#202020", "DejaVuSans")

    return draw


def side(big: str, text: str) -> Draw:
    """A dark column with a large word, and what is to be done beside it."""

    def draw(image: Image.Image, shot_s: float, clip_s: float) -> None:
        ImageDraw.Draw(image).rectangle((0, 0, 250, 480), fill="#103830")
        _text(image, (24, 200), big, 44, "#f0d060")
        ImageDraw.Draw(image).rectangle((250, 196, 854, 262), fill="white")
        _text(image, (280, 208), text, 36, "black", "DejaVuSans")

    return draw


_HANDS = ("Wet your hands", "Take some soap", "Rub for twenty seconds", "Rinse", "Dry with a towel")


def _hands(lines: int) -> Draw:
    return panel("Clean hands", *(f"- {line}" for line in _HANDS[:lines]))


_TEA = bar("ANA'S KITCHEN      Episode 12")

HOW_TOS: dict[str, HowTo] = {
    # No text but a bar's, and no word for a step: pictures and sentences alone.
    "tea": HowTo(
        (
            Shot(0, _TEA, "Hello and welcome back to my kitchen. Today I am making a pot of black tea."),
            Shot(1, _TEA, "Boil one litre of fresh water.", "(?i)boil"),
            Shot(2, _TEA, "Put three tea bags into the pot.", "bags"),
            Shot(3, _TEA, "Pour the hot water over the bags. Be careful, it is very hot.", "(?i)pour"),
            Shot(4, _TEA, "Let the tea steep for five minutes.", "steep"),
            Shot(5, _TEA, "Take out the bags, and add a little milk if you like.", "milk"),
        ),
        (
            ("How many steps are there?", r"\b5 steps"),
            ("What is step two?", "Step 2.*bags into"),
            ("What comes after the tea bags?", "Step 3.*[Pp]our"),
            ("How long does it steep?", "(five|5) minutes"),
            ("What do I need?", "(?i)n't|not|no such"),
        ),
    ),
    # Captions that fade over pictures; the voice says other things; what is needed on a card.
    "bread": HowTo(
        (
            Shot(
                6, panel("You need", "500 g flour", "300 ml water", "2 tsp salt", "7 g yeast"), "This is my grandmother's bread.", pause_s=3
            ),
            Shot(7, fading("Mix everything in a large bowl", 6), "I use a wooden spoon, but your hands are fine too.", "(?i)mix", 3),
            Shot(8, fading("Knead for ten minutes", 6), "It gets smooth, and it no longer sticks.", "(?i)knead", 3),
            Shot(9, fading("Let it rise for one hour", 6), "Mine stands next to the oven.", "(?i)rise", 4),
            Shot(10, fading("Bake it at 220 degrees for 40 minutes", 6), "The smell is wonderful.", "(?i)bake", 4),
        ),
        (
            ("How many steps are there?", r"\b4 steps"),
            ("What is step two?", "Step 2.*ten minutes"),
            ("What comes after kneading?", "Step 3.*rise"),
            ("How long does it bake?", "40 minutes"),
            ("What do I need?", "(?s)flour.*yeast"),
        ),
    ),
    # A recording of a screen in English, explained in German.
    "wifi": HowTo(
        (
            Shot(11, panel("Files"), "In diesem Video zeige ich, wie man einen Rechner mit dem Internet verbindet."),
            Shot(11, panel("Settings", "Network", "Display", "Sound"), "Öffnen Sie die Einstellungen.", "(?i)einstellungen"),
            Shot(11, panel("Network", "Home-5G", "Café", "Guests"), "Wählen Sie Ihr eigenes Netz aus.", "(?i)wählen"),
            Shot(11, panel("Password for Home-5G", "********", "Cancel        Connect"), "Geben Sie das Passwort ein.", "(?i)passwort"),
            Shot(11, panel("Home-5G", "Connected"), "Warten Sie zehn Sekunden, bis die Verbindung steht.", "(?i)warten"),
        ),
        (
            ("Wie viele Schritte gibt es?", r"\b4 Schritte"),
            ("Was ist Schritt zwei?", "Schritt 2.*(?i:wählen)"),
            ("Was kommt nach dem Passwort?", "Schritt 4.*(?i:warten)"),
            ("Wie lange muss ich warten?", "(?i)(zehn|10) sekunden"),
        ),
        language="de",
        asked_in="de",
    ),
    # Silent and fast, with a number of all in a corner.
    "boat": HowTo(
        (
            Shot(12, caption("A paper boat"), pause_s=2.5),
            Shot(13, badge("1/5", "Fold the sheet in half"), step="half", pause_s=2.5),
            Shot(14, badge("2/5", "Fold both corners down"), step="corners", pause_s=2.5),
            Shot(15, badge("3/5", "Turn the edges up"), step="edges", pause_s=2.5),
            Shot(16, badge("4/5", "Open it to a square"), step="square", pause_s=2.5),
            Shot(17, badge("5/5", "Pull the sides apart"), step="sides", pause_s=2.5),
        ),
        (
            ("How many steps are there?", r"\b5 steps"),
            ("What is step two?", "Step 2.*corners"),
            ("What comes after the corners?", "Step 3.*edges"),
        ),
    ),
    # Somebody who talks, with words for steps in the middle of sentences and where no step begins.
    "tyre": HowTo(
        (
            Shot(18, caption("Tom, bicycle mechanic"), "Hi, I'm Tom, and I'll show you how to fix a flat tyre."),
            Shot(18, nothing, "You need two tyre levers, a patch and a pump."),
            Shot(18, nothing, "The first thing you do is take the wheel off the bike.", "wheel"),
            Shot(18, nothing, "Now use the levers to lift the tyre off the rim. Now and then it sits very tight.", "levers"),
            Shot(19, nothing, "Once the tube is out, pump it up and listen for the hole.", "hole"),
            Shot(19, nothing, "And then you glue the patch on and press it for two minutes.", "patch"),
            Shot(18, nothing, "The last thing to do is put everything back together.", "(?i)together"),
        ),
        (
            ("How many steps are there?", r"\b5 steps"),
            ("What is step two?", "Step 2.*levers"),
            ("What comes after the patch?", "Step 5.*together"),
            ("How long do I press it?", "(two|2) minutes"),
            ("What do I need?", "levers.*pump"),
        ),
    ),
    # A list to which a line is added each time.
    "hands": HowTo(
        (
            Shot(20, _hands(0), "Hospitals wash their hands like this."),
            Shot(20, _hands(1), "Hold them under warm water.", "(?i)wet|warm water"),
            Shot(20, _hands(2), "One drop is enough.", "(?i)soap|drop"),
            Shot(20, _hands(3), "Don't forget your thumbs.", "(?i)rub|thumbs"),
            Shot(20, _hands(4), "Do it until all the foam is gone.", "(?i)rinse|foam"),
            Shot(20, _hands(5), "A clean one, please.", "(?i)dry|clean one"),
        ),
        (
            ("How many steps are there?", r"\b5 steps"),
            ("What is step two?", "Step 2.*(?i:soap)"),
            ("What comes after the soap?", "Step 3.*(?i:rub)"),
            ("How long do I rub?", "(?i)twenty seconds"),
        ),
    ),
    # Another language, the number in a column of its own.
    "tortilla": HowTo(
        (
            Shot(
                21,
                panel("Tortilla de patatas", "4 huevos", "3 patatas", "1 cebolla"),
                "Para esta tortilla necesitas huevos, patatas y una cebolla.",
            ),
            Shot(22, side("PASO 1", "Pelar las patatas"), "Pelamos las patatas y las cortamos muy finas.", "(?i)pela"),
            Shot(23, side("PASO 2", "Freír veinte minutos"), "Las ponemos en aceite caliente con la cebolla.", "(?i)fre|aceite"),
            Shot(24, side("PASO 3", "Batir los huevos"), "En un plato grande batimos los huevos.", "(?i)bati"),
            Shot(25, side("PASO 4", "Cuajar y servir"), "Mezclamos todo y le damos la vuelta.", "(?i)cuajar|mezclamos"),
        ),
        (
            ("¿Cuántos pasos hay?", r"\b4 pasos"),
            ("¿Cuál es el paso dos?", "(?i)paso 2.*(freír|aceite)"),
            ("¿Qué viene después de los huevos?", "(?i)paso 4.*(cuajar|mezclamos)"),
            ("¿Qué necesito?", "(?i)huevos"),
        ),
        language="es",
        asked_in="es",
    ),
    # A channel's name and a running clock above all; captions on the picture; a voice.
    "salad": HowTo(
        (
            Shot(26, bar("COOK TV", clock=True), "Good evening. Here is a quick salad."),
            Shot(27, bar("COOK TV", caption("Wash the lettuce"), clock=True), "Cold water keeps it crisp.", "(?i)lettuce"),
            Shot(28, bar("COOK TV", caption("Cut two tomatoes"), clock=True), "A sharp knife helps.", "(?i)tomato"),
            Shot(29, bar("COOK TV", caption("Mix oil and vinegar"), clock=True), "Three spoons of oil, one of vinegar.", "(?i)vinegar"),
            Shot(30, bar("COOK TV", caption("Toss and serve"), clock=True), "Eat it right away.", "(?i)serve|toss"),
        ),
        (
            ("How many steps are there?", r"\b4 steps"),
            ("What is step two?", "Step 2.*tomato"),
            ("What comes after the tomatoes?", "Step 3.*vinegar"),
            ("What comes before the tomatoes?", "Step 1.*lettuce"),
        ),
    ),
}

FRESH: dict[str, HowTo] = {
    # Written once the code could do the others, and tried once.
    "soup": HowTo(
        (
            Shot(40, nothing, "My name is Ruth. Let me show you a soup that anybody can make."),
            Shot(40, nothing, "For this you need four carrots, an onion and some ginger."),
            Shot(40, nothing, "To start, peel the carrots and slice them.", "(?i)peel"),
            Shot(40, nothing, "After that fry the onion for three minutes. It should not get brown.", "(?i)fry"),
            Shot(40, nothing, "Next, put in the carrots and a litre of water.", "(?i)litre|liter"),
            Shot(40, nothing, "Now let it boil for a quarter of an hour.", "(?i)boil"),
            Shot(40, nothing, "In the end, blend it and taste it.", "(?i)blend"),
        ),
        (
            ("How many steps are there?", r"\b5 steps"),
            ("What is the third step?", "Step 3.*water"),
            ("What comes after the onion?", "Step 3.*water"),
            ("How long does the onion fry?", "(?i)(three|3) minutes"),
            ("What do I need for this?", "carrots.*ginger"),
        ),
    ),
    "router": HowTo(
        (
            Shot(41, bar("SETUP GUIDE", panel("Your new router")), pause_s=3),
            Shot(41, bar("SETUP GUIDE", panel("Step 1 of 4", "Plug in the cable")), step="cable", pause_s=4),
            Shot(41, bar("SETUP GUIDE", panel("Step 2 of 4", "Press the round button")), step="button", pause_s=4),
            Shot(41, bar("SETUP GUIDE", panel("Step 3 of 4", "Wait two minutes")), step="(?i)wait", pause_s=4),
            Shot(41, bar("SETUP GUIDE", panel("Step 4 of 4", "Connect your phone")), step="phone", pause_s=4),
        ),
        (
            ("How many steps are there?", r"\b4 steps"),
            ("What is step two?", "Step 2.*button"),
            ("What comes before the phone?", "Step 3.*(?i:wait)"),
            ("How long do I wait?", "two minutes"),
        ),
    ),
    "candle": HowTo(
        (
            Shot(42, fading("A candle from old wax", 4), "Hello. Old candles are too good to throw away.", pause_s=1.5),
            Shot(43, fading("Melt the wax in hot water", 6), "Keep the stove low, or it will smoke.", "(?i)melt", 3),
            Shot(44, fading("Tie the wick to a stick", 6), "A pencil is good for that.", "(?i)wick", 3),
            Shot(45, fading("Pour the wax into a glass", 6), "Go slowly, so that there are no bubbles.", "(?i)pour", 3),
            Shot(46, fading("Leave it overnight", 6), "And that is all.", "(?i)overnight", 3),
        ),
        (
            ("How many steps are there?", r"\b4 steps"),
            ("What is step three?", "Step 3.*(?i:pour)"),
            ("What comes after the wick?", "Step 3.*(?i:pour)"),
            ("What do I need?", "(?i)n't"),
        ),
    ),
    "planta": HowTo(
        (
            Shot(47, panel("Materiales", "una maceta", "tierra", "semillas"), "Hola. Hoy plantamos tomates."),
            Shot(48, caption("Llenar la maceta"), "La tierra tiene que estar suelta.", "(?i)llenar"),
            Shot(49, caption("Poner las semillas"), "Las cubrimos con un poco de tierra.", "(?i)semillas"),
            Shot(50, caption("Regar cada semana"), "No demasiada agua.", "(?i)regar"),
        ),
        (
            ("¿Cuántos pasos hay?", r"\b3 pasos"),
            ("¿Cuál es el segundo paso?", "(?i)paso 2.*semillas"),
            ("¿Qué necesito?", "(?i)maceta.*semillas"),
        ),
        language="es",
        asked_in="es",
    ),
}


def drawn_ground(number: int) -> Image.Image:
    """A table with a few round and square things on it, others for each number."""
    rng = np.random.default_rng(number)
    image = Image.new("RGB", SIZE, tuple(int(each) for each in rng.integers(90, 200, 3)))
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((0, 300, 854, 480), fill=tuple(int(each) for each in rng.integers(60, 160, 3)))
    for _ in range(6):
        left, top, size = int(rng.integers(0, 750)), int(rng.integers(80, 330)), int(rng.integers(50, 150))
        shape = drawing.ellipse if rng.random() < 0.5 else drawing.rectangle
        shape((left, top, left + size, top + size), fill=tuple(int(each) for each in rng.integers(0, 256, 3)))
    return image


def photographs(folder: Path) -> Callable[[int], Image.Image]:
    """Grounds of the photographs of a folder, in the order of their names."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return lambda number: Image.open(files[number % len(files)]).convert("RGB").resize(SIZE)


def write_how_to(path: Path, how_to: HowTo, speak: Speak, ground: Callable[[int], Image.Image] = drawn_ground) -> list[float]:
    """Write a video, and return when each shot begins, in seconds."""
    sounds = [
        np.concatenate([speak(shot.spoken, how_to.language) if shot.spoken else np.zeros(0, np.float32), _silence(shot.pause_s)])
        for shot in how_to.shots
    ]
    counts = [round(len(sound) / RATE_HZ * FRAMES_PER_S) for sound in sounds]
    begins_s = [sum(counts[:number]) / FRAMES_PER_S for number in range(len(counts))]
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=FRAMES_PER_S)
        pictures.width, pictures.height, pictures.pix_fmt, pictures.bit_rate = *SIZE, "yuv420p", 4_000_000
        voice = container.add_stream("aac", rate=RATE_HZ, layout="mono") if any(shot.spoken for shot in how_to.shots) else None
        for shot, count, begin_s in zip(how_to.shots, counts, begins_s, strict=True):
            below = ground(shot.ground)
            for number in range(count):
                image, shot_s = below.copy(), number / FRAMES_PER_S
                shot.draw(image, shot_s, begin_s + shot_s)
                container.mux(pictures.encode(av.VideoFrame.from_image(image)))
        container.mux(pictures.encode())
        if voice:
            samples = np.concatenate(
                [np.resize(sound, round(count * RATE_HZ / FRAMES_PER_S)) for sound, count in zip(sounds, counts, strict=True)]
            )
            for start in range(0, len(samples), 1024):
                frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts = RATE_HZ, start
                container.mux(voice.encode(frame))
            container.mux(voice.encode())
    return begins_s


def installed_voices() -> Speak:
    """The best voice that is here for each language."""
    from assistant import assembly
    from assistant.settings import VoiceSettings
    from assistant.store.model_store import ModelStore, models_dir

    voices = assembly.open_synthesizers(VoiceSettings(), ModelStore(models_dir()))

    def speak(text: str, language: str) -> Sound:
        voice = next(voice for voice in voices if voice.speaks(language))
        resampler = Resampler(RATE_HZ)
        chunks = list(voice.synthesize(text, language))
        return np.concatenate([*(resampler.feed(chunk.samples, chunk.sample_rate_hz) for chunk in chunks), resampler.flush()])

    return speak


def _silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def main() -> None:
    """Write the clips that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--only", nargs="+", choices=HOW_TOS | FRESH, default=[*HOW_TOS, *FRESH])
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    speak, ground = installed_voices(), photographs(options.photographs) if options.photographs else drawn_ground
    for name in options.only:
        begins_s = write_how_to(options.folder / f"{name}.mp4", (HOW_TOS | FRESH)[name], speak, ground)
        (options.folder / f"{name}.begins").write_text(" ".join(f"{time_s:.1f}" for time_s in begins_s), encoding="utf-8")
        print(name, begins_s)


if __name__ == "__main__":
    main()
