//! The transform between image and screen, zoom, pan, and the pixel under the pointer.
//!
//! `screen` is the canvas in CSS pixels; `image` is columns and rows, the first pixel's outer
//! corner at (0, 0).

/// The least zoom; 1 fits the whole slice into the canvas.
pub const ZOOM_MIN: f64 = 1.0;
/// The greatest zoom.
pub const ZOOM_MAX: f64 = 16.0;

/// A slice's grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Pixels per row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// Distance of neighbouring columns, mm.
    pub column_mm: f64,
    /// Distance of neighbouring rows, mm.
    pub row_mm: f64,
}

impl Grid {
    fn width_mm(&self) -> f64 {
        f64::from(self.columns) * self.column_mm
    }

    fn height_mm(&self) -> f64 {
        f64::from(self.rows) * self.row_mm
    }
}

/// Zoom and pan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// 1 fits the whole slice into the canvas.
    pub zoom: f64,
    /// Offset of the image's centre from the canvas's, CSS pixels.
    pub pan: [f64; 2],
}

impl Default for Camera {
    fn default() -> Self {
        Self { zoom: 1.0, pan: [0.0, 0.0] }
    }
}

/// `screen = offset + scale · image`, by axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScreenFromImage {
    /// CSS pixels per pixel of the image.
    pub scale: [f64; 2],
    /// Position of the image's corner, CSS pixels.
    pub offset: [f64; 2],
}

impl ScreenFromImage {
    /// Returns the transform that shows `grid` with its true aspect ratio in a canvas of `size` CSS
    /// pixels; `None` where either has no extent.
    pub fn new(grid: &Grid, size: [f64; 2], camera: &Camera) -> Option<Self> {
        let extent_mm = [grid.width_mm(), grid.height_mm()];
        if extent_mm.iter().chain(&size).any(|v| !v.is_finite() || *v <= 0.0) {
            return None;
        }
        let per_mm = (size[0] / extent_mm[0]).min(size[1] / extent_mm[1]) * camera.zoom;
        let offset = [0, 1].map(|a| size[a] / 2.0 + camera.pan[a] - extent_mm[a] * per_mm / 2.0);
        Some(Self { scale: [grid.column_mm * per_mm, grid.row_mm * per_mm], offset })
    }

    /// Returns column and row under a point of the screen; `None` outside the image.
    pub fn pixel_at(&self, grid: &Grid, screen: [f64; 2]) -> Option<(u32, u32)> {
        let image = [0, 1].map(|a| (screen[a] - self.offset[a]) / self.scale[a]);
        let inside =
            image[0] >= 0.0 && image[1] >= 0.0 && image[0] < f64::from(grid.columns) && image[1] < f64::from(grid.rows);
        inside.then_some((image[0] as u32, image[1] as u32))
    }
}

impl Camera {
    /// Zooms by `factor`; the point at `anchor` (CSS pixels) stays in place.
    #[must_use]
    pub fn zoomed(self, factor: f64, anchor: [f64; 2], size: [f64; 2]) -> Self {
        let zoom = (self.zoom * factor).clamp(ZOOM_MIN, ZOOM_MAX);
        let ratio = zoom / self.zoom;
        let pan = [0, 1].map(|a| {
            let from_centre = anchor[a] - size[a] / 2.0;
            from_centre - (from_centre - self.pan[a]) * ratio
        });
        Self { zoom, pan }.clamped(size)
    }

    /// Zooms around the canvas's centre; the pan scales along, so that its bounds hold for any
    /// size.
    #[must_use]
    pub fn zoomed_about_centre(self, factor: f64) -> Self {
        let zoom = (self.zoom * factor).clamp(ZOOM_MIN, ZOOM_MAX);
        let bounds = if self.zoom > ZOOM_MIN { (zoom - 1.0) / (self.zoom - 1.0) } else { 1.0 };
        let ratio = bounds.min(zoom / self.zoom);
        Self { zoom, pan: self.pan.map(|p| p * ratio) }
    }

    /// Moves the image by CSS pixels.
    #[must_use]
    pub fn panned(self, by: [f64; 2], size: [f64; 2]) -> Self {
        Self { zoom: self.zoom, pan: [self.pan[0] + by[0], self.pan[1] + by[1]] }.clamped(size)
    }

    /// Limits the pan, so that the image stays on the canvas; without zoom it is centred.
    fn clamped(self, size: [f64; 2]) -> Self {
        let pan = [0, 1].map(|a| {
            let bound = size[a] * (self.zoom - 1.0) / 2.0;
            self.pan[a].clamp(-bound, bound)
        });
        Self { zoom: self.zoom, pan }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { columns: 512, rows: 256, column_mm: 0.5, row_mm: 1.0 };
    const SIZE: [f64; 2] = [800.0, 600.0];

    #[test]
    fn a_slice_is_shown_true_to_its_millimetres() {
        let shown = ScreenFromImage::new(&GRID, SIZE, &Camera::default()).unwrap();
        assert!((shown.scale[1] / shown.scale[0] - 2.0).abs() < 1e-12);
        assert!((shown.scale[1] * 256.0 - 600.0).abs() < 1e-9);
        assert!((shown.offset[0] - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_slice_without_extent_is_not_shown() {
        let flat = Grid { row_mm: 0.0, ..GRID };
        assert_eq!(ScreenFromImage::new(&flat, SIZE, &Camera::default()), None);
        assert_eq!(ScreenFromImage::new(&GRID, [0.0, 600.0], &Camera::default()), None);
    }

    #[test]
    fn the_pixel_under_the_pointer() {
        let shown = ScreenFromImage::new(&GRID, SIZE, &Camera::default()).unwrap();
        assert_eq!(shown.pixel_at(&GRID, [100.0, 0.0]), Some((0, 0)));
        assert_eq!(shown.pixel_at(&GRID, [699.9, 599.9]), Some((511, 255)));
        assert_eq!(shown.pixel_at(&GRID, [99.9, 300.0]), None);
        assert_eq!(shown.pixel_at(&GRID, [700.1, 300.0]), None);
    }

    #[test]
    fn zooming_keeps_the_anchor_in_place() {
        let anchor = [420.0, 320.0];
        let before = ScreenFromImage::new(&GRID, SIZE, &Camera::default()).unwrap().pixel_at(&GRID, anchor);
        let camera = Camera::default().zoomed(3.0, anchor, SIZE);
        let after = ScreenFromImage::new(&GRID, SIZE, &camera).unwrap().pixel_at(&GRID, anchor);
        assert_eq!(before, after);
    }

    #[test]
    fn zooming_out_brings_the_whole_slice_back() {
        let camera = Camera::default().zoomed(2.0, [0.0, 0.0], SIZE);
        assert_eq!(camera.zoomed_about_centre(0.5), Camera::default());
        assert_eq!(camera.zoomed_about_centre(2.0).pan, camera.pan.map(|p| p * 2.0));
    }

    #[test]
    fn zoom_and_pan_stay_in_bounds() {
        let camera = Camera::default().zoomed(1e6, [0.0, 0.0], SIZE).panned([1e6, -1e6], SIZE);
        assert_eq!(camera.zoom, ZOOM_MAX);
        assert_eq!(camera.pan, [800.0 * 15.0 / 2.0, -600.0 * 15.0 / 2.0]);
        assert_eq!(camera.zoomed(1e-6, [10.0, 10.0], SIZE), Camera::default());
    }
}
