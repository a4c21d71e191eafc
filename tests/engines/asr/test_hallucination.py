"""What the assistant believes of what Whisper wrote. The figures are those that Whisper base gave for the sounds named."""

from __future__ import annotations

import pytest

from assistant.engines.asr.hallucination import Evidence, is_hallucination


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence("Thank you.", -0.15, 0.01, 0.5),
        Evidence("Stop.", -0.78, 0.15, 0.4),
        Evidence("Yes.", -0.33, 0.06, 0.4),
        Evidence("Help me.", -0.2, 0.02, 0.16),
        Evidence("Who is there?", -0.1, 0.01, 0.19),
        Evidence("Is there a cup on the table?", -0.08, 0.01, 1.4),
        Evidence("no no no no stop", -0.4, 0.05, 1.5),
        Evidence("¿Qué hay delante de mí?", -0.6, 0.1, 1.5),
        Evidence("Yes, yes, yes.", -0.45, 0.42, 2.7),
        Evidence("Stop! Stop! Stop! Stop! Stop!", -0.31, 0.5, 1.6),
        Evidence("Oui, oui, oui", -0.87, 0.49, 2.2),
        Evidence("Oh ! Oh ! Oh !", -0.9, 0.54, 2.3),
        Evidence("no " * 8, -0.4, 0.1, 3.0),
        Evidence("It is 1,000,000,000.", -0.3, 0.05, 2.5),
        Evidence("Cô dì xai bói.", -1.32, 0.06, 1.5),
    ],
)
def test_what_was_said_is_believed(evidence: Evidence) -> None:
    assert not is_hallucination(evidence)


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence("", 0.0, 0.0, 3.0),
        Evidence("... ... ... ...", -0.1, 0.0, 3.0),
        Evidence("[Music]", -0.1, 0.0, 3.0),
        Evidence("♪ (applause) ♪", -0.1, 0.0, 3.0),
        Evidence("you", -1.46, 0.62, 3.0),
        Evidence("You You You", -2.0, 0.68, 3.0),
        Evidence("Thank you.", -0.3, 0.5, 0.5),
        Evidence("Thanks for watching!", -0.9, 0.1, 1.0),
        Evidence("Sous-titres réalisés par la communauté d'Amara.org", -0.8, 0.1, 3.0),
        Evidence("ご視聴ありがとうございました。", -0.75, 0.1, 3.0),
        Evidence("I am going to the shop " * 20, -0.2, 0.0, 30.0),
        Evidence("Yw'n yw'n yw'n yw", -1.38, 0.56, 2.0),
        Evidence("...todd... ...todd...", -1.4, 0.595, 2.0),
        Evidence("1-2-3", -1.5, 0.52, 2.0),
        Evidence("1.5 km", -1.92, 0.58, 2.0),
        Evidence("4-5-5-5-5-5-5-5-5-5-5-5", -0.7, 0.5, 8.0),
        Evidence("да " * 10, -0.2, 0.3, 4.0),
        Evidence("la la la la la la la la la la", -0.3, 0.1, 4.0),
        Evidence("はいはいはいはいはいはいはいはいはい", -0.3, 0.1, 4.0),
        Evidence("नहीं " * 9, -0.2, 0.2, 4.0),
        Evidence("Збіііііііііі", -0.1, 0.17, 2.0),
        Evidence("This is far more than anybody can say in a moment.", -0.2, 0.0, 0.3),
    ],
)
def test_what_nobody_said_is_not(evidence: Evidence) -> None:
    assert is_hallucination(evidence)
