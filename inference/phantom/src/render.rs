//! Slices from shapes: which voxels are lung, and the Hounsfield units of all.
//!
//! A slice stands for its whole thickness: shapes are painted at a few heights within it and
//! averaged, so that what runs slantwise through it has soft edges as in a scanner's slice.

use crate::anatomy::{Anatomy, Organ, hu, wall};
use crate::branching_trees::BranchingTrees;
use crate::lesions::{self, DiseaseExtent};
use crate::noise::{gaussian, hash, smooth};
use crate::signed_distance::{Point, Solid, coverage};

/// Edge of the square field of view, mm.
const FIELD_MM: f32 = 360.0;
/// The anatomy's y at the field's middle: room for the table below the back.
const FIELD_MIDDLE_Y: f32 = 12.0;
/// The anatomy's height range, mm: from the upper abdomen to the shoulders.
const BOTTOM_MM: f32 = -202.0;
pub(crate) const HEIGHT_MM: f32 = 310.0;

/// Heights painted within a slice: organs are large, branches are thin.
const ORGAN_STEPS: u8 = 2;
const BRANCH_STEPS: u8 = 4;
/// Noise of soft tissue in these slices, HU.
const NOISE_HU: f32 = 15.0;

/// The patient with everything that doesn't depend on the date.
pub(crate) struct Patient {
    pub(crate) anatomy: Anatomy,
    pub(crate) trees: BranchingTrees,
    pub(crate) seed: u64,
    /// Size relative to the plan, along x, y and z.
    pub(crate) stature: Point,
}

/// Where the voxels are.
pub(crate) struct VoxelGrid {
    pub(crate) columns: usize,
    pub(crate) slices: usize,
    /// The anatomy's coordinates of each column and row.
    xs: Vec<f32>,
    ys: Vec<f32>,
    stature_z: f32,
}

/// What one slice has of the lungs; row by row.
pub(crate) struct LungSlice {
    /// How much of a voxel is lung, 0..=255.
    pub(crate) cover: Vec<u8>,
    /// [`lesions::onset_field`], where there is lung.
    pub(crate) field: Vec<f32>,
}

impl VoxelGrid {
    pub(crate) fn new(columns: usize, slices: usize, stature: Point) -> Self {
        let pixel = FIELD_MM / columns as f32;
        let line = |middle: f32, stature: f32| {
            (0..columns).map(|i| ((i as f32 + 0.5) * pixel - FIELD_MM / 2.0) / stature + middle).collect()
        };
        let (xs, ys) = (line(0.0, stature[0]), line(FIELD_MIDDLE_Y, stature[1]));
        Self { columns, slices, xs, ys, stature_z: stature[2] }
    }

    pub(crate) fn pixel_mm(&self) -> f64 {
        f64::from(FIELD_MM) / self.columns as f64
    }

    pub(crate) fn slice_mm(&self) -> f64 {
        f64::from(HEIGHT_MM) / self.slices as f64
    }

    /// Height of a slice's middle, mm, and the column and row of the first voxel's.
    pub(crate) fn position_mm(&self, slice: usize) -> [f64; 3] {
        let corner = (self.pixel_mm() - f64::from(FIELD_MM)) / 2.0;
        [corner, corner, f64::from(BOTTOM_MM) + (slice as f64 + 0.5) * self.slice_mm()]
    }

    /// The anatomy's height of a part of a slice, `part` of `parts`.
    fn z(&self, slice: usize, part: u8, parts: u8) -> f32 {
        let within = (f32::from(part) + 0.5) / f32::from(parts);
        (BOTTOM_MM + (slice as f32 + within) * self.slice_mm() as f32) / self.stature_z
    }

    /// Calls `each` with the index and the point of every pixel within the given x and y.
    fn visit(&self, [across, along]: [[f32; 2]; 2], z: f32, mut each: impl FnMut(usize, Point)) {
        let range = |line: &[f32], [low, high]: [f32; 2]| {
            line.partition_point(|v| *v < low)..line.partition_point(|v| *v <= high)
        };
        let columns = range(&self.xs, across);
        for row in range(&self.ys, along) {
            for column in columns.clone() {
                each(row * self.columns + column, [self.xs[column], self.ys[row], z]);
            }
        }
    }

    /// Calls `each` with the index and the signed distance of every pixel that a shape touches at a
    /// height.
    fn trace(&self, shape: &Solid, z: f32, mut each: impl FnMut(usize, f32)) {
        const SOFT_MM: f32 = 1.0;
        if shape.reaches(z, SOFT_MM) {
            let [x, y, _] = shape.bounds().map(|[low, high]| [low - SOFT_MM, high + SOFT_MM]);
            self.visit([x, y], z, |i, p| each(i, shape.distance(p)));
        }
    }

    /// How much of each pixel these shapes take together, averaged over the slice's thickness.
    fn shares<'a>(&self, slice: usize, shapes: &(impl Iterator<Item = &'a Solid> + Clone)) -> Vec<f32> {
        let mut mean = vec![0.0_f32; self.columns * self.columns];
        let mut one = mean.clone();
        for part in 0..BRANCH_STEPS {
            let z = self.z(slice, part, BRANCH_STEPS);
            one.fill(0.0);
            for shape in shapes.clone() {
                self.trace(shape, z, |i, distance| one[i] = one[i].max(coverage(distance)));
            }
            for (mean, one) in mean.iter_mut().zip(&one) {
                *mean += one / f32::from(BRANCH_STEPS);
            }
        }
        mean
    }
}

impl Patient {
    /// The lungs of one slice.
    pub(crate) fn lungs(&self, view: &VoxelGrid, slice: usize) -> LungSlice {
        let area = view.columns * view.columns;
        let (mut lung, mut field) = (vec![0.0_f32; area], vec![f32::NEG_INFINITY; area]);
        for part in 0..ORGAN_STEPS {
            let z = view.z(slice, part, ORGAN_STEPS);
            let level = self.anatomy.level(z);
            view.visit(level.cavity.bounds(), z, |i, p| {
                let place = level.lung(p);
                let covered = coverage(place.surface);
                if covered > 0.0 {
                    lung[i] += covered / f32::from(ORGAN_STEPS);
                    field[i] = field[i].max(lesions::onset_field(self.seed, p, -place.wall));
                }
            });
        }
        let hilar = view.shares(slice, &self.trees.hilar());
        let cover = lung.iter().zip(hilar).map(|(lung, hilar)| (lung * (1.0 - hilar) * 255.0).round() as u8).collect();
        LungSlice { cover, field }
    }

    /// The Hounsfield units of one slice, without noise. `spreads` are the right lung's and the
    /// left lung's.
    pub(crate) fn slice(
        &self,
        view: &VoxelGrid,
        slice: usize,
        lungs: &LungSlice,
        spreads: [DiseaseExtent; 2],
    ) -> Vec<f32> {
        let mut image = vec![0.0; view.columns * view.columns];
        for part in 0..ORGAN_STEPS {
            let tissue = self.tissue(view, view.z(slice, part, ORGAN_STEPS));
            for (pixel, tissue) in image.iter_mut().zip(tissue) {
                *pixel += tissue / f32::from(ORGAN_STEPS);
            }
        }
        let z = view.z(slice, 0, 1);
        view.visit([[f32::MIN, f32::MAX]; 2], z, |i, p| {
            if lungs.cover[i] > 0 {
                let spread = &spreads[usize::from(p[0] > 0.0)];
                let lung = spread.hu(self.seed, p, lungs.field[i]);
                blend(&mut image[i], lung, f32::from(lungs.cover[i]) / 255.0);
            }
        });
        let trees = &self.trees;
        for (shapes, value) in
            [(&trees.vessels, hu::BLOOD), (&trees.bronchus_walls, hu::AIRWAY), (&trees.bronchus_lumens, hu::AIR)]
        {
            for (pixel, share) in image.iter_mut().zip(view.shares(slice, &shapes.iter())) {
                blend(pixel, value, share);
            }
        }
        image
    }

    /// Everything but lungs and branches at one height.
    fn tissue(&self, view: &VoxelGrid, z: f32) -> Vec<f32> {
        let mut image = vec![hu::AIR; view.columns * view.columns];
        table(view, z, &mut image);
        let level = self.anatomy.level(z);
        let mut outside = Vec::new();
        view.visit(level.body.bounds(), z, |i, p| {
            let body = level.body.distance(p[0], p[1]);
            if coverage(body) > 0.0 {
                blend(&mut image[i], hu::FAT, coverage(body));
                let cavity = level.cavity_distance(p);
                if cavity > -1.0 {
                    outside.push((i, p, body, cavity));
                }
            }
        });
        paint(view, z, &self.anatomy.abdomen, &mut image);
        for (i, p, body, cavity) in outside {
            let streaks = smooth(self.seed ^ 7, p, 15.0);
            let value = wall(p, body, cavity, &level.cavity, streaks);
            blend(&mut image[i], value, coverage(body).min(1.0 - coverage(cavity)));
        }
        paint(view, z, &self.anatomy.parts, &mut image);
        image
    }
}

/// The table's two shells, bent upwards at the sides.
fn table(view: &VoxelGrid, z: f32, image: &mut [f32]) {
    for (top, value) in [(124.0, -350.0), (146.0, -250.0)] {
        let height = |x: f32| top - x * x / 620.0;
        view.visit([[-200.0, 200.0], [60.0, 200.0]], z, |i, [x, y, _]| {
            blend(&mut image[i], value, coverage((y - height(x)).abs() - 1.0));
        });
    }
}

/// Rounds a slice to stored numbers after adding a scanner's noise: normal, and smooth over
/// neighbouring pixels.
pub(crate) fn add_noise(image: &[f32], columns: usize, seed: u64, slice: usize) -> Vec<i16> {
    // Weights ¼ ½ ¼ leave 3/8 of the deviation when used along rows and columns.
    const LEFT: f32 = 0.375;
    let grain = |row: usize, column: usize| gaussian(hash(seed, [column as i64, row as i64, slice as i64]));
    let row_of = |row: usize| -> Vec<f32> {
        let raw: Vec<f32> = (0..columns + 2).map(|column| grain(row, column)).collect();
        raw.windows(3).map(|w| 0.25 * (w[0] + 2.0 * w[1] + w[2])).collect()
    };
    let mut rows = [row_of(0), row_of(1), row_of(2)];
    let mut noisy = Vec::with_capacity(image.len());
    for (r, line) in image.chunks_exact(columns).enumerate() {
        let [above, here, below] = &rows;
        noisy.extend(line.iter().enumerate().map(|(c, value)| {
            let noise = 0.25 * (above[c] + 2.0 * here[c] + below[c]) * (NOISE_HU / LEFT);
            (value + noise).round().clamp(-1024.0, 3071.0) as i16
        }));
        rows.rotate_left(1);
        rows[2] = row_of(r + 3);
    }
    noisy
}

fn blend(pixel: &mut f32, value: f32, share: f32) {
    *pixel += (value - *pixel) * share;
}

/// Paints organs over a slice.
fn paint(view: &VoxelGrid, z: f32, parts: &[Organ], image: &mut [f32]) {
    for part in parts {
        view.trace(&part.shape, z, |i, distance| {
            let value =
                part.core.map_or(part.hu, |(depth, core)| part.hu + (core - part.hu) * coverage(distance + depth));
            blend(&mut image[i], value, coverage(distance));
        });
    }
}
