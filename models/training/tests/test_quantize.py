"""Rounded weights against the definition of their steps."""

import numpy as np

from training import quantize


def test_8_bits_round_to_the_nearest_step_of_each_channel() -> None:
    weight = np.random.default_rng(1).normal(size=(5, 7, 3, 3)).astype(np.float32)
    weight[2] = 0
    stored = quantize.quantize_8bit(weight)
    step = np.abs(weight).max((1, 2, 3)) / 127
    assert np.allclose(stored.scales, step)
    error = np.abs(stored.values() - weight).max((1, 2, 3))
    assert (error <= step / 2 * (1 + 1e-5)).all()
    assert np.abs(stored.integers).max(1).tolist() == [127, 127, 0, 127, 127]


def test_4_bits_of_whole_steps_are_exact() -> None:
    random = np.random.default_rng(2)
    integers = random.integers(-8, 8, (3, 128)).astype(np.int8)
    scales = np.array([[0.5, 0.25], [1.0, 2.0], [0.125, 4.0]], np.float16)
    stored = quantize.Quantized((3, 128), 4, 64, scales, integers)
    assert np.array_equal(stored.values()[:, :64], integers[:, :64] * scales[:, :1].astype(np.float32))
    assert np.array_equal(stored.values()[:, 64:], integers[:, 64:] * scales[:, 1:].astype(np.float32))


def test_a_4_bit_scale_is_the_best_of_those_tried() -> None:
    rows = np.random.default_rng(3).normal(size=(4, 100))
    scales = quantize.scales_4bit(rows, 64)
    assert scales.shape == (4, 2)

    def error(scale: np.ndarray, values: np.ndarray) -> np.ndarray:
        step = scale.astype(np.float64)[:, None]
        return ((np.rint(values / step).clip(-8, 7) * step - values) ** 2).sum(1)

    for group, columns in enumerate((slice(0, 64), slice(64, 100))):
        values = rows[:, columns]
        best = error(scales[:, group], values)
        for clipping in np.linspace(0.6, 1.0, 17):
            tried = (np.abs(values).max(1) * clipping / 7.5).astype(np.float16)
            assert (best <= error(tried, values) + 1e-12).all()
