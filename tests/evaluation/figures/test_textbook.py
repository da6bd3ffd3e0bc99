"""What a printed table can and cannot say, against a search written as loops."""

from vtviz.evaluation.figures.textbook import (
    BOOK,
    EACH,
    Printed,
    all_matrices,
    contradictions,
    most_fitting,
    one_matrix,
    reachable,
)

PRINTED = {figure.name: figure for figure in BOOK}


def loops(precision: float, recall: float, right: int | None) -> int:
    """How many of the matrices with 50 pairs of either category round to a precision, a recall and so many right."""
    count = 0
    for tp in range(51):
        for tn in range(51):
            called = tp + 50 - tn
            if called and abs(tp / called - precision) <= 0.005 and abs(tp / 50 - recall) <= 0.005:
                count += right is None or tp + tn == right
    return count


def test_the_search_finds_what_loops_find() -> None:
    every = all_matrices(EACH, EACH)
    both = [PRINTED["match_precision"], PRINTED["match_recall"]]
    assert reachable(both, every) == loops(0.98, 0.96, None) == 1
    assert reachable([PRINTED["right"], *both], every) == loops(0.98, 0.96, 98) == 0


def test_98_right_of_100_is_no_96_per_cent() -> None:
    groups = [{figure.name for figure in group} for group in contradictions(BOOK, all_matrices(EACH, EACH))]
    assert {"right", "accuracy"} in groups
    assert {"right", "match_precision", "match_recall"} in groups
    assert {"match_recall", "mismatch_precision"} in groups


def test_no_other_sizes_of_the_categories_help() -> None:
    figures = [PRINTED[name] for name in ("right", "match_precision", "match_recall")]
    assert not any(reachable(figures, all_matrices(matches, 100 - matches)) for matches in range(101))


def test_the_best_matrix_gives_three_of_six() -> None:
    count, matrix = most_fitting(BOOK, all_matrices(EACH, EACH))
    assert count == 3 and reachable(BOOK, matrix) == 0
    assert sum(int(figure.fits(matrix)) for figure in BOOK) == 3


def test_a_true_table_has_its_matrix_and_no_contradiction() -> None:
    true = [
        Printed("right", 97, 0.0),
        Printed("accuracy", 0.97),
        *(PRINTED[n] for n in ("match_precision", "match_recall")),
    ]
    every = all_matrices(EACH, EACH)
    assert reachable(true, every) == 1 and contradictions(true, every) == []
    assert all(figure.fits(one_matrix(48, 2, 1, 49)) for figure in true)


def test_a_figure_without_a_meaning_fits_nothing() -> None:
    assert not PRINTED["match_precision"].fits(one_matrix(0, 50, 0, 50))
