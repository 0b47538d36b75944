//! Converts wheel events to slices, for any mouse, touchpad and browser.
//!
//! One notch of a wheel is one slice. Browsers don't say which events are notches: a notch is 100
//! or 120 pixels on Windows, fewer on a screen with a high density, 3 lines in Firefox, and 4
//! pixels on macOS where the wheel turns slowly. A touchpad sends many events of changing size,
//! some 10 ms apart. So:
//! * the first event after a pause is one slice, whatever its size;
//! * an event of lines, or of pixels in a multiple of the first one's size where that is large, is
//!   that many notches;
//! * all else adds up, one slice every [`SLICE_PX`].

/// The unit of a wheel event's distance, `WheelEvent.deltaMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// CSS pixels.
    Pixels,
    /// Lines of text.
    Lines,
    /// Pages.
    Pages,
}

impl Unit {
    /// Returns the unit of a `deltaMode`.
    pub const fn from_delta_mode(mode: u32) -> Self {
        match mode {
            1 => Self::Lines,
            2 => Self::Pages,
            _ => Self::Pixels,
        }
    }

    /// CSS pixels of a distance: 3 lines and 1 page are one notch.
    fn pixels(self, distance: f64) -> f64 {
        match self {
            Self::Pixels => distance,
            Self::Lines => distance * NOTCH_PX / 3.0,
            Self::Pages => distance * NOTCH_PX,
        }
    }
}

/// A common notch, CSS pixels.
const NOTCH_PX: f64 = 100.0;
/// The smallest distance of a first event that makes it the size of a notch: 100 pixels on a screen
/// with twice the density.
const NOTCH_MIN_PX: f64 = 50.0;
/// The distance of continuous scrolling that is one slice.
const SLICE_PX: f64 = 60.0;
/// Events further apart than this belong to two movements. A touchpad's come every 8 to 30 ms.
const PAUSE_MS: f64 = 80.0;
/// Relative deviation up to which a distance is a multiple of a notch's.
const MULTIPLE_TOLERANCE: f64 = 0.02;

/// Returns the zoom factor of a wheel event; turning up enlarges.
pub fn zoom_factor(distance: f64, unit: Unit) -> f64 {
    (-unit.pixels(distance).clamp(-200.0, 200.0) / 300.0).exp()
}

/// Returns `distance / of` where that is a whole number.
fn multiple(distance: f64, of: f64) -> Option<f64> {
    let times = (distance / of).round();
    (times >= 1.0 && (distance - times * of).abs() <= MULTIPLE_TOLERANCE * distance).then_some(times)
}

/// The state of a movement of the wheel or on the touchpad between two events.
#[derive(Debug, Default)]
pub struct Wheel {
    /// Time of the last event, and whether it turned down.
    last: Option<(f64, bool)>,
    /// Pixels of one notch, where this movement has notches.
    notch_px: Option<f64>,
    rest_px: f64,
}

impl Wheel {
    /// Returns by how many slices an event moves: positive, towards the head, where the wheel was
    /// turned up. `distance` is the event's `deltaY` (down is positive), `at_ms` its time.
    pub fn slices(&mut self, distance: f64, unit: Unit, at_ms: f64) -> i32 {
        if distance == 0.0 || !distance.is_finite() {
            return 0;
        }
        let down = distance > 0.0;
        let continues = self.last.is_some_and(|(ms, was_down)| at_ms - ms <= PAUSE_MS && was_down == down);
        self.last = Some((at_ms, down));
        let px = unit.pixels(distance.abs());
        let count = if continues { self.further(px, unit) } else { self.first(px, unit) };
        (if down { -count } else { count }) as i32
    }

    fn first(&mut self, px: f64, unit: Unit) -> f64 {
        self.notch_px = (unit != Unit::Pixels || px >= NOTCH_MIN_PX).then_some(px);
        self.rest_px = 0.0;
        1.0
    }

    fn further(&mut self, px: f64, unit: Unit) -> f64 {
        if let Some(notch) = self.notch_px {
            if let Some(notches) = multiple(px, notch) {
                return notches;
            }
            // The first event was several notches at once.
            if px >= NOTCH_MIN_PX && multiple(notch, px).is_some() {
                self.notch_px = Some(px);
                return 1.0;
            }
        }
        if unit != Unit::Pixels {
            return 1.0;
        }
        self.rest_px += px;
        let slices = (self.rest_px / SLICE_PX).floor();
        self.rest_px -= slices * SLICE_PX;
        slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slices that a series of distances comes to, `gap_ms` apart.
    fn moved(distances: &[f64], unit: Unit, gap_ms: f64) -> Vec<i32> {
        let mut wheel = Wheel::default();
        distances.iter().enumerate().map(|(i, d)| wheel.slices(*d, unit, i as f64 * gap_ms)).collect()
    }

    #[test]
    fn a_notch_is_a_slice_on_windows_however_fast_and_on_any_screen() {
        for notch in [100.0, 120.0, 100.0 / 1.25, 120.0 / 2.25] {
            for gap_ms in [10.0, 30.0, 400.0] {
                assert_eq!(moved(&[notch; 7], Unit::Pixels, gap_ms), [-1; 7], "{notch} px every {gap_ms} ms");
                assert_eq!(moved(&[-notch; 7], Unit::Pixels, gap_ms), [1; 7]);
            }
        }
    }

    #[test]
    fn a_notch_is_a_slice_in_lines_and_pages() {
        for (notch, unit) in [(3.0, Unit::Lines), (1.0, Unit::Lines), (10.0, Unit::Lines), (1.0, Unit::Pages)] {
            for gap_ms in [10.0, 400.0] {
                assert_eq!(moved(&[notch; 5], unit, gap_ms), [-1; 5], "{notch} {unit:?} every {gap_ms} ms");
            }
        }
        assert_eq!(moved(&[3.0, 4.0], Unit::Lines, 10.0), [-1, -1]);
    }

    #[test]
    fn a_slow_notch_of_four_pixels_is_a_slice() {
        assert_eq!(moved(&[4.000_244; 14], Unit::Pixels, 120.0), [-1; 14]);
        assert_eq!(moved(&[-4.000_244; 14], Unit::Pixels, 300.0), [1; 14]);
    }

    #[test]
    fn notches_that_the_browser_adds_up_are_counted() {
        assert_eq!(moved(&[120.0, 240.0, 120.0, 360.0], Unit::Pixels, 16.0), [-1, -2, -1, -3]);
        assert_eq!(moved(&[360.0, 120.0, 120.0, 240.0], Unit::Pixels, 16.0), [-1, -1, -1, -2]);
        assert_eq!(moved(&[3.0, 6.0], Unit::Lines, 16.0), [-1, -2]);
    }

    #[test]
    fn a_touchpad_moves_at_once_and_then_by_distance() {
        let stroke = [1.0, 3.0, 8.0, 13.0, 21.0, 24.0, 19.0, 17.0, 11.0, 6.0, 2.0, 1.0];
        let slices = moved(&stroke, Unit::Pixels, 16.0);
        assert_eq!(slices[0], -1, "the first touch shows");
        assert_eq!(slices.iter().sum::<i32>(), -1 - 2, "125 px after it are two slices");
        assert!(slices.iter().all(|s| *s >= -1), "none is jumped over");
    }

    #[test]
    fn a_fling_goes_by_its_distance_and_a_lone_event_is_one_slice() {
        assert_eq!(moved(&[800.0], Unit::Pixels, 16.0), [-1]);
        let fling = [5.0, 31.0, 87.0, 130.0, 152.0, 139.0, 104.0, 77.0, 45.0, 30.0];
        assert_eq!(fling.iter().sum::<f64>(), 800.0);
        assert_eq!(moved(&fling, Unit::Pixels, 16.0).iter().sum::<i32>(), -1 - 13);
    }

    #[test]
    fn turning_back_shows_at_once() {
        assert_eq!(moved(&[2.0, 20.0, 20.0, -2.0], Unit::Pixels, 16.0), [-1, 0, 0, 1]);
        assert_eq!(moved(&[120.0, -120.0, 120.0], Unit::Pixels, 16.0), [-1, 1, -1]);
    }

    #[test]
    fn a_sideways_stroke_moves_nothing() {
        assert_eq!(moved(&[0.0, f64::NAN, -0.0], Unit::Pixels, 16.0), [0; 3]);
    }

    #[test]
    fn turning_up_enlarges_in_every_unit() {
        for (notch, unit) in [(-100.0, Unit::Pixels), (-3.0, Unit::Lines), (-1.0, Unit::Pages)] {
            assert!((zoom_factor(notch, unit) - (1.0_f64 / 3.0).exp()).abs() < 1e-12, "{unit:?}");
            assert!(zoom_factor(-notch, unit) < 1.0);
        }
        assert_eq!(zoom_factor(1e9, Unit::Pixels), zoom_factor(200.0, Unit::Pixels));
    }
}
