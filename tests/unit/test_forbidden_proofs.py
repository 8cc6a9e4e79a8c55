"""Proofs that a committee may not issue: kind × issuer (MCA 2020 no. 20)."""

from pathlib import Path

import pytest
import yaml

from app import seeds
from app.proxy.rules.forbidden import kind_of, proofs_of, refusal

PROOFS = proofs_of(seeds.read("forbidden_proofs"))
SAID = yaml.safe_load((Path(__file__).parents[1] / "data" / "proofs.yaml").read_text(encoding="utf-8"))


def judged(row):
    return refusal(row.get("name", ""), row.get("issuer"), PROOFS, note=row.get("note"))


def test_each_of_the_twenty_kinds_is_known_by_its_own_name_and_issued_by_no_committee():
    names = [kind.name for kind in PROOFS.kinds]
    assert len(names) == 20
    assert [kind_of(name, PROOFS).number for name in names] == list(range(1, 21))
    for name in names:
        for committee in ("village", "community"):
            assert refusal(name, committee, PROOFS).field == "issuer"


@pytest.mark.parametrize("row", SAID["forbidden"], ids=lambda row: row["number"])
def test_a_committee_is_never_asked_for_it(row):
    found = judged(row)
    assert (found.kind.number, found.field) == (row["number"], row["field"])
    assert found.kind.instead in str(found.sentence)


@pytest.mark.parametrize("row", SAID["allowed"], ids=lambda row: row["why"])
def test_a_paper_of_another_body_or_another_kind_is_like_any_other(row):
    assert judged(row) is None
