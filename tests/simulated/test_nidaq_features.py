"""The page docs/nidaqmx.md says what the simulated card does and does not, and it is as fresh as the card."""

from support.nidaq_features import PAGE, page


def test_the_page_of_features_is_what_the_card_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "make it anew: PYTHONPATH=.:tests python -m support.nidaq_features"
    )
