"""Names are read character by character where no part of them is a word: the same readings as the library's, sooner."""

from __future__ import annotations

import random

from app.core import pinyin


def test_a_name_is_read_as_the_library_reads_it():
    """Words keep their own reading, wherever in the name they stand; so do rare characters and longer names."""
    from pypinyin.constants import PHRASES_DICT

    rng = random.Random(7)
    characters = [chr(code) for code in range(0x4E00, 0x9FA5, 41)]
    words = [word for word in PHRASES_DICT if len(word) in (2, 3)][::97]
    names = ["".join(rng.choices(characters, k=rng.randint(1, 5))) for _ in range(300)]
    names += [rng.choice(characters) + word for word in words[:150]]
    names += [word[:2] + rng.choice(characters) for word in words[:150]]
    names += ["\u91cd\u5e86", "\u9648\u91cd\u5e86", "\U00020000\u4e2d"]
    different = [name for name in names if pinyin._given(name) != pinyin._read(name)]
    assert different == []
