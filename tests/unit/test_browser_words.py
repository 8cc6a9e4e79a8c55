"""A browser's name as people call it, on the page of one's own account."""

import pytest

from app.core.jinja import browser_words

LONG = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (LONG, "Chrome 120 · Windows"),
        (LONG + " Edg/121.0", "Edge 121 · Windows"),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/99.0 MicroMessenger/8.0", "WeChat 8 · Android"),
        ("Mozilla/5.0 (iPhone; CPU) Version/17.1 Safari/604.1", "Safari 17 · iPhone"),
        ("curl", ""),
        (None, ""),
    ],
)
def test_browser_words(agent, words):
    assert browser_words(agent) == words
