"""Who may sign for a child (Civil Code art. 27), from relations to the head of the household."""

import pytest

from app.registry.rules.guardian import Guardian, guardian_of

PARENT, GRAND, SIBLING, OTHER = Guardian.parent, Guardian.grandparent, Guardian.sibling, Guardian.other


@pytest.mark.parametrize(
    ("child", "adult", "expected"),
    [
        ("20", "02", PARENT),  # son, head
        ("31", "10", PARENT),  # only daughter, spouse of the head
        ("30", "51", GRAND),  # daughter, father of the head
        ("20", "22", SIBLING),  # two sons
        ("20", "38", OTHER),  # a daughter-in-law is nobody's guardian here
        ("41", "02", GRAND),
        ("42", "10", GRAND),
        ("41", "20", PARENT),
        ("43", "28", PARENT),  # grandson, son-in-law
        ("44", "41", SIBLING),
        ("02", "52", PARENT),  # a child heads the household
        ("02", "61", GRAND),
        ("02", "71", SIBLING),
        ("73", "51", PARENT),  # younger brother of the head
        ("77", "02", SIBLING),
        ("77", "62", GRAND),
        ("93", "02", OTHER),  # nephew
        ("20", "99", OTHER),
        ("", "02", OTHER),
    ],
)
def test_guardian_by_relations(child, adult, expected):
    assert guardian_of(child, adult) is expected
