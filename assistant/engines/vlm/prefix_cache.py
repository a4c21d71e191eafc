"""The prefix cache: encoded pictures, and the key/value caches of the prompts that begin with them, kept while there is room.

So a follow-up costs only its own tokens, and to look again at a picture, alone or in a window that has moved on, costs no run of
the vision encoder. Knows nothing of how prompts are worded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm.decoder import Cache, Decoder
from assistant.engines.vlm.graphs import TokenEmbedder, VisionEncoder
from assistant.engines.vlm.lru_cache import LruCache
from assistant.engines.vlm.model_files import ModelFiles
from assistant.engines.vlm.picture_encoder import PictureEncoder
from assistant.engines.vlm.picture_keys import PictureKey
from assistant.engines.vlm.rewriting import faster_decoder
from assistant.messages import Frame, Picture, SeenPicture

VIEW_BYTES = 128 << 20
"""Bytes of Views' caches kept at most; the least recently used goes first and is read again when it is asked about. SmolVLM2-256M takes
4 MB for a picture in one tile, 30 MB for eight frames or a photo in 13 tiles, 229 MB (then kept alone) for a video of 64 frames."""
PICTURE_BYTES = 16 << 20
"""Bytes of visual tokens kept at most, apart from those within Views: some hundred tiles of SmolVLM2-256M."""
QUESTION_BYTES = 16 << 20
"""Bytes of the largest cache of a prompt with its question that is kept, the last one only: a calibrated answer asks the same prompt
several times over (is it a single object? what is it? how sure?)."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """A whole prompt that was read."""

    logits: np.ndarray
    """f32 [V], what follows it."""
    cache: Cache
    """Keys and values of all its tokens."""


@dataclass(frozen=True, eq=False)
class LoadedGraphs:
    """What a model computes with, and what `unload` frees."""

    pictures: PictureEncoder
    embedder: TokenEmbedder
    decoder: Decoder


class PrefixCache:
    """One model's graphs, loaded when they are first needed, and what was read by them. Threads may share it."""

    def __init__(self, files: ModelFiles, session: SessionSettings, view_bytes: int, picture_bytes: int) -> None:
        """Create an empty cache, with no graph loaded.

        Args:
            files: of the model.
            session: how its graphs are run.
            view_bytes: see VIEW_BYTES; 0 keeps nothing.
            picture_bytes: see PICTURE_BYTES; 0 keeps nothing.
        """
        self._files = files
        self._session = session
        self._keeps = view_bytes > 0
        self._views: LruCache[object, Cache] = LruCache(view_bytes, lambda cache: cache.size_bytes)
        self._seen: LruCache[PictureKey, SeenPicture] = LruCache(picture_bytes, lambda picture: int(picture.features.nbytes))
        self._asked: tuple[object, Prompt] | None = None
        """The last question's key and prompt."""
        self._loaded: LoadedGraphs | None = None
        self._loading = threading.Lock()

    def graphs(self) -> LoadedGraphs:
        """Return the graphs, loaded now unless they are already. Raises DamagedModel or MissingModel."""
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._files, self._session)
            return self._loaded

    def unload(self) -> None:
        """Forget the graphs and all that was read; whoever is using the graphs keeps them to the end."""
        with self._loading:
            self._loaded = None
        self.forget()

    def forget(self) -> None:
        """Forget all that was read; the graphs stay loaded."""
        self._views.clear()
        self._seen.clear()
        self._asked = None

    @property
    def held_bytes(self) -> int:
        """Return the size of all that was read and is kept."""
        asked = self._asked
        return self._views.held_bytes + self._seen.held_bytes + (asked[1].cache.size_bytes if asked else 0)

    def key(self, frame: Frame, budget: int | None) -> PictureKey:
        """Return what a frame's picture in at most `budget` tiles is known by; None = as many as the reference makes."""
        return self.graphs().pictures.key(frame, budget)

    def see(self, picture: Picture, key: PictureKey) -> SeenPicture:
        """Return the picture after the vision encoder, which runs only if the picture of this key isn't kept."""
        seen = self._seen.get(key)
        if seen is None:
            seen = self.graphs().pictures.encode(picture, key.budget)
            self._seen.put(key, seen)
        return seen

    def read_opening(self, ids: tuple[int, ...], keys: tuple[PictureKey, ...], see: Callable[[], Sequence[SeenPicture]]) -> Cache:
        """Return the cache of a prompt up to its last picture, read only if it isn't kept.

        Args:
            ids: its tokens, those that stand for pictures among them.
            keys: what the pictures are known by.
            see: asked for the encoded pictures if the prompt must be read.
        """
        cache = self._views.get((ids, keys))
        if cache is None:
            graphs = self.graphs()
            embeds = graphs.embedder.embed(list(ids))  # [n, D]
            embeds[np.array(ids) == self._files.image_token_id] = np.concatenate([picture.features for picture in see()])
            _, cache = graphs.decoder.read(embeds, graphs.decoder.empty_cache)
            self._views.put((ids, keys), cache)
        return cache

    def read_question(self, view: object, opening: Cache, ids: tuple[int, ...]) -> Prompt:
        """Read the rest of a prompt, behind its pictures, unless it was the last one read.

        Args:
            view: what the opening is known by.
            opening: as `read_opening` gave it.
            ids: tokens of the rest.
        """
        asked = self._asked
        if asked is not None and asked[0] == (view, ids):
            return asked[1]
        graphs = self.graphs()
        logits, cache = graphs.decoder.read(graphs.embedder.embed(list(ids)), opening)
        prompt = Prompt(logits[0], cache)
        if self._keeps and cache.size_bytes <= QUESTION_BYTES:
            self._asked = ((view, ids), prompt)
        return prompt


def _load(files: ModelFiles, session: SessionSettings) -> LoadedGraphs:
    embedder = TokenEmbedder(OnnxGraph(files.embed_tokens, session))
    vocabulary = files.tokenizer.get_vocab_size(with_added_tokens=True)
    rewriting = faster_decoder(files.tokenizer, embedder, files.max_tokens, session.threads)
    decoder = Decoder(OnnxGraph(files.decoder, session, rewriting=rewriting), hidden=embedder.hidden, vocabulary=vocabulary)
    vision = VisionEncoder(
        OnnxGraph(files.vision_encoder, session, keep_arena=False),
        tile_size=files.image.tile_size,
        tokens=files.image_tokens,
        hidden=embedder.hidden,
        heads={output: len(head.names) for output, head in files.extras.heads.items()} if files.extras else {},
    )
    return LoadedGraphs(PictureEncoder(vision, files.image, files.image_tokens, files.extras), embedder, decoder)
