//! Renders Hounsfield units and labels to RGBA, with one table look-up per pixel.

use corsai_volume::label;

use crate::imaging::slice_cache::SliceImage;

/// The range of Hounsfield units between black and white: `level` ± half of `width`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Centre, HU.
    pub level: f64,
    /// Width, HU.
    pub width: f64,
}

impl Window {
    /// The lung window.
    pub const LUNG: Self = Self { level: -600.0, width: 1500.0 };
    /// The mediastinal window.
    pub const MEDIASTINUM: Self = Self { level: 40.0, width: 400.0 };

    /// Returns the window with both numbers in bounds.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self { level: self.level.clamp(-1200.0, 3000.0), width: self.width.clamp(1.0, 4000.0) }
    }
}

/// One overlay's style.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    /// Whether it is shown.
    pub on: bool,
    /// 0..=1.
    pub opacity: f64,
}

/// All overlays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlays {
    /// The right lung.
    pub right: Overlay,
    /// The left lung.
    pub left: Overlay,
    /// The lesions.
    pub lesions: Overlay,
    /// Where the networks disagree; the stronger, the nearer their vote is to half and half.
    pub disagreement: Overlay,
}

impl Default for Overlays {
    fn default() -> Self {
        let lung = Overlay { on: true, opacity: 0.1 };
        Self {
            right: lung,
            left: lung,
            lesions: Overlay { on: true, opacity: 0.35 },
            disagreement: Overlay { on: false, opacity: 0.8 },
        }
    }
}

/// The RGB colour of each overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Colours {
    /// The right lung's.
    pub right: [u8; 3],
    /// The left lung's.
    pub left: [u8; 3],
    /// The lesions'.
    pub lesions: [u8; 3],
    /// The disagreement's.
    pub disagreement: [u8; 3],
}

/// Parses `#rrggbb`, the form of the style sheet's custom properties.
pub fn parse_colour(text: &str) -> Option<[u8; 3]> {
    let hex = text.trim().strip_prefix('#').filter(|h| h.len() == 6 && h.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

/// Lowest value of the window's table, HU.
const LOWEST: i16 = -1024;
const LEVELS: usize = 4096;

/// Returns the grey of each value from −1024 to 3071 HU; values beyond have the nearest end's.
fn greys(window: Window) -> Vec<u8> {
    let low = window.level - window.width / 2.0;
    (0..LEVELS)
        .map(|i| {
            let hu = i as f64 + f64::from(LOWEST);
            ((hu - low) / window.width * 255.0).round().clamp(0.0, 255.0) as u8
        })
        .collect()
}

/// Lesions are hatched so that they stand out without their colour; lines 8 pixels apart, at 45°.
fn hatched(column: usize, row: usize) -> bool {
    (column + row) % 8 < 2
}

/// Disagreement is chequered for the same reason; squares of 2 pixels.
fn chequered(column: usize, row: usize) -> bool {
    (column / 2 + row / 2).is_multiple_of(2)
}

/// Strength of the disagreement's weaker squares.
const WEAKER: f64 = 0.4;

type Blend = [[u8; 4]; 256];

fn blend(colour: [u8; 3], alpha: f64) -> Blend {
    std::array::from_fn(|grey| {
        let mix = |c: u8| (grey as f64 * (1.0 - alpha) + f64::from(c) * alpha).round() as u8;
        [mix(colour[0]), mix(colour[1]), mix(colour[2]), 255]
    })
}

/// Renders a slice to `rows · columns · 4` bytes; `out` is reused between calls.
pub fn paint(slice: &SliceImage, window: Window, overlays: &Overlays, colours: &Colours, out: &mut Vec<u8>) {
    let greys = greys(window.clamped());
    let plain = blend([0; 3], 0.0);
    let tint = |overlay: Overlay, colour, strength: f64| {
        if overlay.on { blend(colour, overlay.opacity.clamp(0.0, 1.0) * strength) } else { plain }
    };
    let right = tint(overlays.right, colours.right, 1.0);
    let left = tint(overlays.left, colours.left, 1.0);
    let lesion = tint(overlays.lesions, colours.lesions, 0.5);
    let hatch = tint(overlays.lesions, colours.lesions, 1.0);
    let disagreement = [0.25, 0.5, 0.75, 1.0].map(|strength| {
        [strength, strength * WEAKER].map(|strength| tint(overlays.disagreement, colours.disagreement, strength))
    });
    let agreement = slice.agreement.as_deref().filter(|_| overlays.disagreement.on);
    out.clear();
    out.reserve(slice.hu.len() * 4);
    let columns = slice.columns.max(1);
    let lines = slice.hu.chunks(columns).zip(slice.labels.chunks(columns));
    for (row, (values, labels)) in lines.enumerate() {
        for (column, (value, bits)) in values.iter().zip(labels).enumerate() {
            let level = (i32::from(*value) - i32::from(LOWEST)).clamp(0, LEVELS as i32 - 1);
            let grey = greys.get(level as usize).copied().unwrap_or(0);
            let percent = agreement.and_then(|a| a.get(row * columns + column)).copied().unwrap_or(0);
            let table = if (1..100).contains(&percent) {
                let [strong, weak] = &disagreement[usize::from(percent.min(100 - percent)) * 3 / 50];
                if chequered(column, row) { strong } else { weak }
            } else if bits & label::LESION != 0 && overlays.lesions.on {
                if hatched(column, row) { &hatch } else { &lesion }
            } else if bits & label::RIGHT_LUNG != 0 {
                &right
            } else if bits & label::LEFT_LUNG != 0 {
                &left
            } else {
                &plain
            };
            out.extend_from_slice(&table[usize::from(grey)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::slice_cache::Outlines;

    const COLOURS: Colours =
        Colours { right: [0, 0, 255], left: [0, 255, 0], lesions: [255, 0, 0], disagreement: [255, 255, 0] };

    fn painted(hu: &[i16], labels: &[u8], window: Window, overlays: &Overlays) -> Vec<[u8; 4]> {
        let slice = SliceImage {
            columns: hu.len(),
            rows: 1,
            hu: hu.to_vec(),
            labels: labels.to_vec(),
            agreement: None,
            lungs: true,
            lesions: true,
            outlines: Outlines::default(),
        };
        let mut out = Vec::new();
        paint(&slice, window, overlays, &COLOURS, &mut out);
        out.chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()
    }

    #[test]
    fn the_lung_window_runs_from_air_to_soft_tissue() {
        let grey = painted(&[-1350, -600, 150, i16::MIN, i16::MAX], &[0; 5], Window::LUNG, &Overlays::default());
        assert_eq!(grey[1], [128, 128, 128, 255]);
        assert_eq!(grey[2], [255; 4]);
        assert_eq!(grey[0], grey[3], "below the table is as its end");
        assert_eq!(grey[4], [255; 4]);
    }

    #[test]
    fn a_narrow_window_is_black_and_white() {
        let grey = painted(&[39, 41], &[0; 2], Window { level: 40.0, width: 0.0 }, &Overlays::default());
        assert_eq!(grey, vec![[0, 0, 0, 255], [255; 4]]);
    }

    #[test]
    fn overlays_are_tinted_by_their_opacity_and_can_be_off() {
        let mut overlays = Overlays::default();
        overlays.right.opacity = 1.0;
        let labels = [label::RIGHT_LUNG, label::LEFT_LUNG];
        let shown = painted(&[-2000; 2], &labels, Window::LUNG, &overlays);
        assert_eq!(shown[0], [0, 0, 255, 255]);
        assert!(shown[1][1] > shown[1][0], "the left lung is tinted green");
        overlays.right.on = false;
        let hidden = painted(&[-2000; 2], &labels, Window::LUNG, &overlays);
        assert_eq!(hidden[0][2], hidden[0][0]);
    }

    #[test]
    fn lesions_lie_above_lungs_and_are_hatched() {
        let overlays = Overlays { lesions: Overlay { on: true, opacity: 1.0 }, ..Overlays::default() };
        let labels = [label::LESION | label::RIGHT_LUNG; 4];
        let shown = painted(&[-1024; 4], &labels, Window::LUNG, &overlays);
        assert_eq!(shown[0], [255, 0, 0, 255]);
        assert!(shown[2][0] < 255 && shown[2][0] > shown[2][2]);
        let without = Overlays { lesions: Overlay { on: false, opacity: 1.0 }, ..Overlays::default() };
        let lung = painted(&[-1024], &[label::LESION | label::RIGHT_LUNG], Window::LUNG, &without);
        assert!(lung[0][2] > lung[0][0], "with lesions off the lung below shows");
    }

    #[test]
    fn half_and_half_is_the_strongest_disagreement() {
        let slice = SliceImage {
            columns: 6,
            rows: 1,
            hu: vec![-1024; 6],
            labels: vec![label::RIGHT_LUNG; 6],
            agreement: Some(vec![0, 10, 50, 100, 50, 100]),
            lungs: true,
            lesions: true,
            outlines: Outlines::default(),
        };
        let mut out = Vec::new();
        let overlays = Overlays { disagreement: Overlay { on: true, opacity: 1.0 }, ..Overlays::default() };
        paint(&slice, Window::LUNG, &overlays, &COLOURS, &mut out);
        let red: Vec<u8> = out.chunks(4).map(|p| p[0]).collect();
        assert_eq!(red[4], 255);
        assert!(red[1] > red[0] && red[1] < red[4]);
        assert!(red[2] > red[0] && red[2] < red[4], "it is chequered");
        assert_eq!(red[3], red[0], "all of them agree");
    }

    #[test]
    fn colours_are_read_as_the_style_sheet_writes_them() {
        assert_eq!(parse_colour(" #4da3ff"), Some([0x4d, 0xa3, 0xff]));
        for odd in ["", "#12345", "#12345g", "rgb(1,2,3)", "#äöü"] {
            assert_eq!(parse_colour(odd), None, "{odd}");
        }
    }
}
