"""Whether a sentence that Whisper wrote was really said. Pure decisions; knows neither the model nor the sound.

Whisper was trained on subtitles: given noise it writes what subtitles are full of ("Thanks for watching!"), or one word for ever.
The rules on loops and on Whisper's own no-speech token are those of Radford et al., "Robust Speech Recognition via Large-Scale Weak
Supervision", 2022, section 4.5; so are their numbers, where nothing else is said.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

LARGEST_COMPRESSION_RATIO = 2.4
"""Above this the text is a loop."""
MOST_REPEATS = 8
"""Nobody says a word or a syllable over again more often. zlib can't tell on a short text: "5-5-5-5-5-5-5-5-5-5" shrinks to half only."""
LARGEST_NO_SPEECH_PROBABILITY = 0.4
"""Above this there was no speech, if the words are unlikely too (SMALLEST_MEAN_LOG_PROBABILITY). The paper has 0.6. Of noises that
Whisper base wrote unlikely words for, all were above 0.49; of speech that it heard so badly, behind a voice detector and in eight
languages, none was above 0.26."""
SMALLEST_MEAN_LOG_PROBABILITY = -1.0
MOST_LETTERS_PER_S = 40.0
"""Letters for each second of speech; nobody speaks faster, and fast readers reach 25."""
EDGES_S = 0.15
"""Of speech that a voice detector leaves out at its begin and end, chunk by chunk: of "Help me.", said fast, it finds 0.16 s."""
STOCK_NO_SPEECH_PROBABILITY = 0.2
"""A stock phrase is believed up to this probability of no speech."""
STOCK_MEAN_LOG_PROBABILITY = -0.7
"""A stock phrase is believed down to this: a "Thank you" that was said scores above -0.5."""


@dataclass(frozen=True)
class Evidence:
    """What the decoder and the voice detector say about one stretch of sound."""

    text: str
    mean_log_probability: float
    """Mean over the text's tokens; 0 is certain."""
    no_speech_probability: float
    """Probability of Whisper's own token for no speech, in [0, 1]."""
    speech_s: float
    """Seconds of speech found by the voice detector."""


def is_hallucination(evidence: Evidence) -> bool:
    """Tell whether the text must be thrown away: no words, a loop, more than can be said, no speech, or a stock phrase on weak evidence."""
    words = spoken_words(evidence.text)
    likely, no_speech = evidence.mean_log_probability, evidence.no_speech_probability
    return (
        not words
        or _LOOP.search(words) is not None
        or compression_ratio(evidence.text) > LARGEST_COMPRESSION_RATIO
        or len(words) > MOST_LETTERS_PER_S * (evidence.speech_s + EDGES_S)
        or (no_speech > LARGEST_NO_SPEECH_PROBABILITY and likely < SMALLEST_MEAN_LOG_PROBABILITY)
        or (words in STOCK_PHRASES and (no_speech > STOCK_NO_SPEECH_PROBABILITY or likely < STOCK_MEAN_LOG_PROBABILITY))
    )


def spoken_words(text: str) -> str:
    """Return the words alone, in lower case: no remarks in brackets ("[Music]", "(applause)"), no punctuation, no notes."""
    spoken = re.sub(r"\[[^]]*\]|\([^)]*\)|\*[^*]*\*", " ", text.casefold())
    return re.sub(r"[\W_]+", " ", spoken).strip()


def compression_ratio(text: str) -> float:
    """Return how many times zlib shrinks the text: about 1 for a sentence, 10 for a loop."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


_LOOP = re.compile(rf"(.{{1,40}}?)\1{{{MOST_REPEATS},}}")
STOCK_PHRASES = frozenset(
    spoken_words(phrase)
    for phrase in """
    You / Bye / Bye-bye / Okay / So / The / Oh / Uh / Hmm / Thank you / Thank you very much / Thank you so much / Thanks
    Thanks for watching / Thank you for watching / Thank you for watching this video
    Please subscribe / Subscribe / Like and subscribe / See you next time
    See you in the next video / I'll see you next time
    Gracias / Muchas gracias / Gracias por ver / Gracias por ver el video / Suscríbete / Suscríbete al canal
    Subtítulos realizados por la comunidad de Amara.org
    Obrigado / Obrigada / Muito obrigado / Obrigado por assistir / Tchau / Até a próxima / E aí / Legendas pela comunidade Amara.org
    Merci / Merci beaucoup / Merci d'avoir regardé cette vidéo / Sous-titrage Société Radio-Canada
    Sous-titres réalisés par la communauté d'Amara.org
    Danke / Vielen Dank / Vielen Dank fürs Zuschauen / Tschüss / Untertitel der Amara.org-Community / Untertitelung des ZDF
    Untertitel im Auftrag des ZDF für funk
    Grazie / Grazie a tutti / Grazie per la visione / Sottotitoli creati dalla comunità Amara.org / Sottotitoli e revisione a cura di QTSS
    Спасибо / Спасибо за просмотр / Продолжение следует / Субтитры сделал DimaTorzok / Редактор субтитров А.Семкин Корректор А.Егорова
    Bedankt voor het kijken / Ondertiteld door de Amara.org gemeenschap / Dziękuję / Dziękuję za uwagę
    Napisy stworzone przez społeczność Amara.org / Teşekkür ederim / İzlediğiniz için teşekkür ederim / Altyazı M.K.
    شكرا / اشتركوا في القناة / ترجمة نانسي قنقر / धन्यवाद
    ご視聴ありがとうございました / ありがとうございました / チャンネル登録お願いします / おやすみなさい
    谢谢 / 谢谢观看 / 謝謝 / 謝謝觀看 / 字幕由Amara.org社区提供 / 請不吝點贊訂閱轉發打賞支持明鏡與點點欄目
    감사합니다 / 시청해주셔서 감사합니다 / 구독과 좋아요 부탁드립니다 / MBC 뉴스
    """.replace("\n", "/").split("/")
)
"""What Whisper writes for noise, as `spoken_words` gives it."""
