"""CT-classes by the borders of `inference/findings/src/class.rs`."""

import pytest

from training.figures import ct_class


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 0), (1e-9, 1), (0.25, 1), (0.2501, 2), (0.5, 2), (0.5001, 3), (0.7499, 3), (0.75, 4), (1.0, 4)],
)
def test_a_border_belongs_where_the_guideline_puts_it(share: float, expected: int) -> None:
    assert ct_class(share) == expected
