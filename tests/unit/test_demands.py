"""The list of demands and the command that counts which of them a test shows."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tools import demands as command

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "docs" / "demands.yaml"


@pytest.fixture
def count(tmp_path, capsys):
    """Run the command over one test file with this source; gives exit code, output and errors."""

    def run(source: str) -> tuple[int, str, str]:
        tests = tmp_path / "tests"
        tests.mkdir()
        (tests / "test_sample.py").write_text("import pytest\n" + source)
        code = command.main(["--tests", str(tests), "--demands", str(LIST)])
        return code, *capsys.readouterr()

    return run


def test_the_list_has_441_well_formed_lines():
    demands = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if re.match(r"S\d-\d+: ", line)]
    assert len(lines) == len(demands) == 441
    for name, row in demands.items():
        assert row.keys() <= {"demand", "issue", "scope", "why"}, name
        assert row["demand"], name
        assert row["scope"] in {"in", "out"}, name
        assert row["issue"] is None or isinstance(row["issue"], int), name
        assert row["scope"] == "in" or row["why"], f"{name} is out of scope without a reason"
    assert Counter(name[:2] for name in demands) == {"S0": 70, "S1": 76, "S2": 100, "S3": 99, "S4": 96}


def test_marks_of_functions_parameters_classes_and_modules_count(count):
    code, out, err = count(
        """
pytestmark = pytest.mark.demand("S0-01")
@pytest.mark.demand("S3-26")
def test_one(): ...
class TestTwo:
    pytestmark = [pytest.mark.demand("S4-01")]
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.demand("S4-02"))])
    def test_three(self, x): ...
"""
    )
    assert (code, err.strip()) == (0, "")
    assert out.splitlines()[-1] == "4 of 441"
    assert "tests/test_sample.py::test_one" in out
    assert "tests/test_sample.py::TestTwo::test_three" in out
    assert "S4-24  a sum spent" in out


@pytest.mark.parametrize(
    ("mark", "sentence"),
    [
        ('"S9-99"', "there is no demand S9-99"),
        ('"S0-01", "S0-02", "S0-03", "S0-04"', "4 ids, at most 3 are allowed"),
        ("NAME", "not a plain string"),
        ("", "takes ids and nothing else"),
    ],
)
def test_a_wrong_mark_fails_with_a_sentence_and_the_place(count, mark, sentence):
    code, _, err = count(f"NAME = 'S0-01'\n@pytest.mark.demand({mark})\ndef test_one(): ...\n")
    assert code == 1
    assert "tests/test_sample.py::test_one" in err
    assert sentence in err


def test_the_marks_of_this_repository_are_right(capsys):
    assert command.main([]) == 0, capsys.readouterr().err
