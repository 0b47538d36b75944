"""The vote on arrays by hand, and the choice of its thresholds."""

from dataclasses import replace

import numpy as np

from training.thresholds import PAPER, Rule, Thresholds, candidates, choose_apart, soonest

RULE = Rule(100)


def steps(*values: int) -> np.ndarray:
    return np.array(values, np.uint16)


def test_a_bands_ends_belong_to_neither_side() -> None:
    # FPNs: below .15 against, above .85 for; the ResNet above .5 for.
    parts = {"fpn": [steps(15, 14, 85, 86, 86)], "resnet": [steps(51, 51, 51, 50, 51)]}
    assert RULE.lesions(parts, PAPER).tolist() == [True, False, True, True, True]


def test_resnets_must_agree_and_fpns_take_the_mean() -> None:
    parts = {"fpn": [steps(100, 100), steps(72, 70)], "resnet": [steps(60, 60), steps(60, 40)]}
    assert RULE.mean_above(parts["fpn"], 0.85).tolist() == [True, False]
    assert RULE.all_above(parts["resnet"], 0.5).tolist() == [True, False]
    assert RULE.lesions(parts, PAPER).tolist() == [True, False]


def test_a_dpn_against_cancels_an_fpn_for() -> None:
    parts = {"dpn": [steps(29, 30, 71)], "fpn": [steps(86, 86, 14)]}
    assert RULE.lesions(parts, PAPER).tolist() == [False, True, False]


def test_thresholds_survive_the_manifest() -> None:
    own = replace(PAPER, fpn_low=0.3, fpn_high=0.6, resnet=0.2)
    assert Thresholds.read(own.manifest()) == own


def test_among_nearly_equal_ones_the_soonest_is_chosen() -> None:
    tried = [replace(PAPER, fpn_high=high) for high in (0.6, 0.7, 0.8)]
    assert soonest(tried, np.array([0.8, 0.7996, 0.7])).fpn_high == 0.7


def test_a_folds_thresholds_are_chosen_on_the_others() -> None:
    tried = candidates({"fpn", "resnet"})[:2]
    # Candidate 0 is good on the items of fold 0 alone.
    counts = np.array([[(10, 10), *[(0, 10)] * 4], [(0, 10), *[(10, 10)] * 4]])
    best = choose_apart(tried, counts, np.arange(5))
    assert best[0] == tried[1]
