"""Claims: what they say of themselves, the file, the tables."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ganstudy.claims import Aim, Claim, Scored, as_html, as_markdown, read, write
from ganstudy.errors import InputError

HELD = Claim(
    "s/held", "an error", 0.04, "<= 0.05", (0, 1), Scored("a guess", 0.4), Scored("a bug", 0.2)
)
MISSED = Claim("s/missed", "a share", 0.86, ">= 0.9", (0,))
EMPTY = Claim("s/empty", "a number", None, "[0, 1]", (0,))
OPEN = Claim("s/open", "whatever <b>it</b> | is", -3.0, None, (7,))
ALL = [HELD, MISSED, EMPTY, OPEN]


@pytest.mark.parametrize(
    ("text", "value", "missed"),
    [
        ("<= 0.05", 0.05, 0.0),
        ("<=.05", 0.07, 0.02),
        ("<= -1e-3", 0.0, 0.001),
        (">= 2", 2.0, 0.0),
        (">= 2", 1.5, 0.5),
        ("[0, .8]", 0.8, 0.0),
        ("[0, .8]", 1.0, 0.2),
        ("[0.1, 0.8]", 0.0, 0.1),
        ("<= 1", float("nan"), float("inf")),
        (">= 1", float("nan"), float("inf")),
        ("<= 1", float("-inf"), 0.0),
    ],
)
def test_an_aim_says_how_far_a_value_is_from_it(text: str, value: float, missed: float) -> None:
    assert Aim.parse(text).missed_by(value) == pytest.approx(missed)


@pytest.mark.parametrize("text", ["", "0.05", "< 1", "=> 1", "<= x", "[1, 0]", "[1]", "<= 1 or so"])
def test_what_is_no_aim_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InputError, match=r"<= NUMBER"):
        replace(HELD, aim=text)


def test_whether_a_claim_holds_follows_from_its_value() -> None:
    assert [claim.holds for claim in ALL] == [True, False, False, None]
    assert MISSED.missed_by == pytest.approx(0.04)


def test_a_plant_that_meets_the_aim_is_told_of_in_the_table() -> None:
    assert HELD.plant_is_caught is True
    assert MISSED.plant_is_caught is None
    blind = replace(HELD, plant=Scored("a bug", 0.01))
    assert blind.plant_is_caught is False
    assert "not caught" in as_markdown([blind])
    assert "not caught" not in as_markdown([HELD])


def test_the_file_has_the_contracts_keys_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "claims.json"
    write(path, ALL)
    wanted = {"id", "what", "value", "aim", "holds", "seeds", "baseline", "plant"}
    assert all(set(entry) == wanted for entry in json.loads(path.read_text()))
    assert read(path) == ALL


def test_two_claims_of_one_id_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s/held"):
        write(tmp_path / "claims.json", [HELD, HELD])


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("holds", True, "s/missed: holds is True, but 0.86 under >= 0.9"),
        ("value", "high", "1.value"),
        ("aim", "about 1", "aim 'about 1'"),
        ("sort", "new", "1.sort"),
        ("seeds", None, "1.seeds"),
    ],
)
def test_a_file_that_is_damaged_or_lies_is_named(
    tmp_path: Path, key: str, value: object, told: str
) -> None:
    path = tmp_path / "claims.json"
    write(path, ALL)
    entries = json.loads(path.read_text())
    entries[1][key] = value
    path.write_text(json.dumps(entries))
    with pytest.raises(InputError, match=re.escape(told)):
        read(path)


@pytest.mark.parametrize("content", ["{}", "[1]", "[", "null"])
def test_a_file_of_other_content_is_an_input_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "claims.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"claims\.json"):
        read(path)


def test_tables_say_by_how_much_a_claim_fails_and_escape_texts() -> None:
    head, rule, *rows = as_markdown(ALL).splitlines()
    assert len(rows) == len(ALL)
    assert rule.count("|") == head.count("|")
    assert ["no, by 0.04" in row for row in rows] == [False, True, False, False]
    assert "≤ 0.05 | yes" in rows[0]
    assert "0.2 (a bug)" in rows[0]
    assert all(re.sub(r"\\\|", "", row).count("|") == head.count("|") for row in rows)
    page = as_html(ALL)
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert [page.count(f'class="{state}"') for state in ("held", "missed", "open")] == [1, 2, 1]
