"""What people who train a model for their own place give it: pictures with captions.tsv, or pictures and videos alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.problems import BadInput
from models.training.captions import read_captions, readable, uncaptioned
from models.training.commands import prepare_out
from models.training.media_pictures import gather_pictures


def picture(path: Path, seed: int = 0) -> Path:
    """A picture of coarse coloured blocks, which no check takes for blank or blurred."""
    blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    assert cv2.imwrite(str(path), cv2.resize(blocks, (64, 48), interpolation=cv2.INTER_NEAREST))
    return path


def captions_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "captions.tsv").write_text(text, encoding=encoding)
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path: Path, encoding: str) -> None:
    text = 'File\tCaption\tQuestion\r\na.jpg\tA café door.\r\na.jpg\t"A ""blue"" door."\tWhat colour is it?\r\n\r\n'
    captions = read_captions(captions_file(tmp_path, text, encoding))
    told = [(c.picture.name, c.text, c.question, c.line) for c in captions]
    assert told == [("a.jpg", "A café door.", None, 2), ("a.jpg", 'A "blue" door.', "What colour is it?", 3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no caption in"),
        ("a.jpg\tA door.\nb.jpg A window.\n", "line 2 of captions.tsv has no caption"),
        ("\tA door.\n", "line 1 of captions.tsv has no file"),
        ("a.jpg\tA door.\tWhere?\tagain\n", "line 1 of captions.tsv has more than three"),
        ('a.jpg\tA door.\nb.jpg\t"A window.\nc.jpg\tA vase.\n', "quotation mark"),
    ],
)
def test_a_wrong_line_of_the_captions_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_captions(captions_file(tmp_path, text))


def test_captions_in_another_encoding_are_named(tmp_path: Path) -> None:
    (tmp_path / "captions.tsv").write_bytes("a.jpg\tA café door.\n".encode("cp1252"))
    with pytest.raises(BadInput, match="not UTF-8"):
        read_captions(tmp_path)


def test_a_missing_captions_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"captions\.tsv can't be read"):
        read_captions(tmp_path)


def test_pictures_that_cannot_be_used_are_counted_and_named(tmp_path: Path) -> None:
    picture(tmp_path / "good.png")
    picture(tmp_path / "new.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8no")
    rows = "good.png\tA.\ngood.png\tB.\nbroken.jpg\tC.\n" + "".join(f"gone{n}.jpg\tD.\n" for n in range(5))
    captions, told = readable(read_captions(captions_file(tmp_path, rows)))
    assert [caption.text for caption in captions] == ["A.", "B."]
    assert told == [
        "1 of 7 pictures skipped, unreadable: broken.jpg",
        "5 of 7 pictures skipped, missing: gone0.jpg, gone1.jpg, gone2.jpg and 2 more",
    ]
    assert uncaptioned(tmp_path, captions) == 2  # new.png, and broken.jpg which gave none


def test_no_picture_left_is_a_problem_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 of 1 pictures skipped, missing: gone.jpg"):
        readable(read_captions(captions_file(tmp_path, "gone.jpg\tA door.\n")))


def test_a_folder_with_something_else_in_it_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match="holds something else"):
        prepare_out(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="can't be written"):
        prepare_out(tmp_path / "file")
    with pytest.raises(BadInput, match="can't be written"):
        prepare_out(tmp_path / "file" / "below")


def two_scenes(path: Path) -> Path:
    """Four seconds: two of one scene, two of another."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(40):
        scene = cv2.imread(str(picture(path.with_suffix(".png"), seed=number // 20)))
        assert scene is not None
        video.write(scene)
    video.release()
    path.with_suffix(".png").unlink()
    return path


def test_a_video_gives_its_keyframes_or_a_frame_every_few_seconds(tmp_path: Path) -> None:
    media, frames = tmp_path / "media", tmp_path / "frames"
    media.mkdir()
    two_scenes(media / "walk.avi")
    picture(media / "door.png")
    (media / "broken.mp4").write_bytes(b"no video")
    (media / "notes.txt").write_text("not media", encoding="utf-8")
    told = list[str]()
    assert [p.parent.name == "media" for p in gather_pictures(media, frames, None, told.append)] == [True, False, False]
    assert told == ["1 of 3 files skipped, unreadable: broken.mp4"]
    assert len(gather_pictures(media, frames, 1.0, told.append)) == 1 + 4


def test_a_video_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = two_scenes(tmp_path / "walk.avi")
    first = gather_pictures(video, tmp_path / "frames", None, print)
    monkeypatch.setattr("models.training.media_pictures.VideoFile", None)
    assert gather_pictures(video, tmp_path / "frames", None, print) == first


def test_a_folder_without_media_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no picture to learn from"):
        gather_pictures(tmp_path, tmp_path / "frames", None, print)
