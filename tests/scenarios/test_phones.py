"""Which repetitions the runs with killed processes excuse: pushes that were under way, and nothing else."""

from typing import Any

import pytest

from bench.phones import judge

KILLED = (100.0, 100.1)


def bubble(at: float, via: str = "custom", content: str = "answer m1") -> dict[str, Any]:
    return {"from": "account", "via": via, "at": at, "content": content}


@pytest.mark.parametrize(
    ("bubbles", "cut"),
    [
        pytest.param([bubble(99.8), bubble(103)], ["m1"], id="taken just before the kill"),
        pytest.param([bubble(100.3), bubble(103)], ["m1"], id="on its way at the kill"),
        pytest.param([bubble(99.4), bubble(103)], [], id="long before"),
        pytest.param([bubble(100.7), bubble(103)], [], id="long after"),
        pytest.param([bubble(99.9, "passive"), bubble(103)], [], id="no push"),
        pytest.param([bubble(99.9), bubble(103, "passive")], [], id="not pushed again"),
        pytest.param([bubble(99.9), bubble(103), bubble(104)], [], id="twice too often"),
    ],
)
def test_a_repetition_is_excused_only_where_a_push_was_cut(bubbles: list[Any], cut: list[str]) -> None:
    verdict = judge({"o": bubbles}, {"o": ["m1"]}, [KILLED])
    assert (verdict.repeated, verdict.cut_pushes, verdict.answered_once) == (["m1"], cut, 0)


def test_what_is_missing_is_lost_and_a_grey_line_is_counted() -> None:
    grey = {"from": "system", "content": "sorry"}
    verdict = judge({"o": [bubble(1), grey]}, {"o": ["m1", "m2"]}, [])
    assert (verdict.lost, verdict.answered_once, verdict.failure_lines) == (["m2"], 1, 1)
