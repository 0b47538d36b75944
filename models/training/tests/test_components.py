"""Components by hand, and the choice of their bounds."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy")

from training.components import ComponentBounds, ComponentTable, Outcome, choose, convincing, outcome

#: Two slices of one row; the last voxel of each isn't lung.
LUNGS = np.array([[[1, 1, 1, 1, 0]], [[2, 2, 2, 2, 0]]], np.uint8)
#: Of the lung voxels: one component of three voxels on both slices, one of one.
FOUND = np.array([True, True, False, True, True, False, False, False])
TOTAL = np.array([50, 60, 99, 70, 90, 99, 99, 99], np.uint32)


def kept(peak: float, least_ml: float) -> list[int]:
    found = convincing(LUNGS, FOUND, TOTAL, 100, 0.5, ComponentBounds(peak, least_ml))
    return np.flatnonzero(found).tolist()


def test_a_component_needs_a_peak_somewhere_and_a_volume() -> None:
    assert kept(0.0, 0.0) == [0, 1, 3, 4]
    assert kept(0.9, 0.0) == [0, 1, 4]
    assert kept(0.91, 0.0) == []
    assert kept(0.7, 1.5) == [0, 1, 4]
    assert kept(0.0, 1.6) == []
    nothing = convincing(LUNGS, np.zeros(8, bool), TOTAL, 100, 0.5, ComponentBounds(0.5, 0.0))
    assert not nothing.any()


def test_a_table_counts_what_bounds_do() -> None:
    lesions = np.zeros(LUNGS.shape, np.uint8)
    lesions[1, 0, :2] = 1
    table = ComponentTable.of(LUNGS, FOUND, TOTAL / 100, 0.5, lesions)
    assert table.peak.tolist() == [0.9, 0.7]
    assert table.ml.tolist() == [1.5, 0.5]
    assert (table.free, table.lesions, table.telling) == (1, 2, True)
    every, large = ComponentBounds(0.0, 0.0), ComponentBounds(0.8, 0.0)
    assert table.counts(every) == (2, 6)
    assert table.counts(large) == (2, 5)
    # The first slice has no lesion, and a part of either component.
    assert [table.marked_free(bounds) for bounds in (every, large, ComponentBounds(0.95, 0.0))] == [1, 1, 0]
    found = outcome([table], [True], large)
    assert (found.dice, found.dropped_ml, found.lost_ml) == (0.4, 0.5, 0.0)


def test_the_table_of_a_mask_without_components_is_empty() -> None:
    table = ComponentTable.of(LUNGS, np.zeros(8, bool), TOTAL / 100, 0.5, None)
    assert (len(table.peak), table.free, table.marked_free(ComponentBounds(0.0, 0.0))) == (0, 2, 0)


def test_of_bounds_that_cost_nothing_those_with_fewest_marks_are_chosen() -> None:
    start = Outcome(ComponentBounds(0.0, 0.0), 0.8, 0.8, 0.3, 0.0, 0.0)
    better = replace(start, bounds=ComponentBounds(0.8, 0.0), dice=0.7995, marked_free=0.1)
    same = replace(better, bounds=ComponentBounds(0.9, 0.0))
    costly = replace(start, bounds=ComponentBounds(0.95, 0.0), dice=0.79, marked_free=0.0)
    assert choose([start, same, better, costly]) == better
