"""Python still makes the fixture that Rust's preparation is held to."""

import numpy as np
import pytest

pytest.importorskip("torch")

from training import fixture


def test_the_stored_fixture_is_what_training_makes() -> None:
    made = fixture.arrays()
    assert {file.stem for file in fixture.FOLDER.iterdir()} == made.keys()
    for name, values in made.items():
        stored = np.frombuffer((fixture.FOLDER / f"{name}.bin").read_bytes(), values.dtype)
        assert np.allclose(stored, values.ravel(), rtol=0, atol=1e-6), name


def test_the_box_reaches_past_the_volume() -> None:
    row, column, side = fixture.square()
    assert row + side > fixture.ROWS
    assert column + side > fixture.COLUMNS
    assert fixture.REDUCED < side < fixture.ENLARGED
