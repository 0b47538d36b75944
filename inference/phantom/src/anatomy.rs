//! The places of the synthetic chest's parts: the body's outline, the inside of the chest wall, the
//! lungs, and all organs.
//!
//! Heights are counted from the carina (z = 0), sideways from the midline, depths from the middle
//! of the chest; the patient lies on the back with the arms raised. Lengths are those of an adult,
//! rounded.

use crate::signed_distance::{Point, Solid, coverage, smooth_intersection, smooth_union, smoothstep};

/// Hounsfield units of what a chest is made of, unenhanced, as scanners report them.
pub(crate) mod hu {
    pub(crate) const AIR: f32 = -1000.0;
    pub(crate) const FAT: f32 = -95.0;
    pub(crate) const MUSCLE: f32 = 50.0;
    pub(crate) const BLOOD: f32 = 42.0;
    /// A bronchus' wall, thinner than a pixel.
    pub(crate) const AIRWAY: f32 = -20.0;
    pub(crate) const LIVER: f32 = 58.0;
    pub(crate) const SPLEEN: f32 = 48.0;
    pub(crate) const CARTILAGE: f32 = 95.0;
    pub(crate) const CORTEX: f32 = 620.0;
    pub(crate) const MARROW: f32 = 170.0;
}

/// A solid of one or two materials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Organ {
    pub(crate) shape: Solid,
    pub(crate) hu: f32,
    /// Depth of another material below the surface, mm, and its HU.
    pub(crate) core: Option<(f32, f32)>,
}

impl Organ {
    const fn of(hu: f32, shape: Solid) -> Self {
        Self { shape, hu, core: None }
    }

    const fn bone(shape: Solid) -> Self {
        Self { shape, hu: hu::CORTEX, core: Some((2.0, hu::MARROW)) }
    }
}

/// Horizontal cross-sections by height: z, half width, half depth, middle's y. Rising in z.
struct Outline(&'static [[f32; 4]]);

const BODY: Outline = Outline(&[
    [-260.0, 148.0, 112.0, 0.0],
    [-150.0, 152.0, 115.0, 1.0],
    [-60.0, 158.0, 115.0, 2.0],
    [0.0, 161.0, 108.0, 4.0],
    [40.0, 166.0, 95.0, 8.0],
    [75.0, 171.0, 78.0, 13.0],
    [105.0, 172.0, 66.0, 17.0],
    [150.0, 168.0, 60.0, 19.0],
]);

/// The inside of the chest wall, ribs excluded; above its last row there is only neck.
const CAVITY: Outline = Outline(&[
    [-260.0, 116.0, 84.0, -1.0],
    [-180.0, 122.0, 88.0, -2.0],
    [-100.0, 129.0, 92.0, -3.0],
    [-50.0, 127.0, 91.0, -3.0],
    [0.0, 118.0, 84.0, 0.0],
    [40.0, 100.0, 69.0, 6.0],
    [70.0, 77.0, 50.0, 13.0],
    [88.0, 58.0, 35.0, 17.0],
    [98.0, 42.0, 22.0, 20.0],
    [104.0, 28.0, 12.0, 21.0],
]);

/// One cross-section: half width, half depth, y of its middle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    pub(crate) half_width: f32,
    pub(crate) half_depth: f32,
    pub(crate) middle_y: f32,
}

impl Outline {
    /// The cross-section at a height: a cubic through the rows, so that coronal contours have no
    /// corners.
    fn at(&self, z: f32) -> Section {
        let rows = self.0;
        let last = rows.len() - 1;
        let i = rows.iter().take(last).rposition(|row| row[0] <= z).unwrap_or(0);
        let (from, to) = (rows[i], rows[i + 1]);
        let width = to[0] - from[0];
        let t = ((z - from[0]) / width).clamp(0.0, 1.0);
        let slope = |k: usize, at: usize| {
            let (before, after) = (rows[at.saturating_sub(1)], rows[(at + 1).min(last)]);
            (after[k] - before[k]) / (after[0] - before[0])
        };
        let value = |k: usize| {
            let (a, b) = (slope(k, i) * width, slope(k, i + 1) * width);
            let (p, q) = (from[k], to[k]);
            p + t * (a + t * (3.0 * (q - p) - 2.0 * a - b + t * (a + b - 2.0 * (q - p))))
        };
        Section { half_width: value(1), half_depth: value(2), middle_y: value(3) }
    }
}

impl Section {
    /// Distance from the outline, mm: an ellipse squared up a little (exponent 2.25) and narrower
    /// in front, as chests are.
    pub(crate) fn distance(&self, x: f32, y: f32) -> f32 {
        let v = (y - self.middle_y) / self.half_depth;
        let half_width = self.half_width * (1.0 + 0.09 * v.clamp(-1.0, 0.3));
        let (u, v) = ((x / half_width).abs().max(1e-4), v.abs().max(1e-4));
        let (du, dv) = (u * u.sqrt().sqrt(), v * v.sqrt().sqrt());
        let f = du * u + dv * v;
        let k = f.powf(1.0 / 2.25);
        let (du, dv) = (du / half_width, dv / self.half_depth);
        (k - 1.0) * f / ((du * du + dv * dv).sqrt() * k)
    }

    /// Returns the ranges of x and y of the outline.
    pub(crate) fn bounds(&self) -> [[f32; 2]; 2] {
        let (w, d, y) = (1.03 * self.half_width, self.half_depth, self.middle_y);
        [[-w - 1.0, w + 1.0], [y - d - 1.0, y + d + 1.0]]
    }
}

/// The spine's middle line: y of the vertebral bodies' centres by height.
fn spine_y(z: f32) -> f32 {
    50.0 - (z + 60.0).powi(2) / 1400.0
}

const RIGHT_DOME: Solid = Solid::ellipsoid([-63.0, -16.0, -204.0], [80.0, 93.0, 100.0]);
const LEFT_DOME: Solid = Solid::ellipsoid([66.0, -14.0, -212.0], [75.0, 92.0, 98.0]);
/// The part of the diaphragm below the heart, between the domes.
const MIDDLE_DOME: Solid = Solid::ellipsoid([4.0, -42.0, -208.0], [62.0, 68.0, 88.0]);
const HEART: Solid = Solid::Ellipsoid { center: [25.0, -26.0, -86.0], radii: [60.0, 46.0, 49.0], turn: -0.38 };
const RIGHT_ATRIUM: Solid = Solid::ellipsoid([-20.0, -14.0, -74.0], [26.0, 30.0, 38.0]);
const DOMES: [Solid; 3] = [RIGHT_DOME, LEFT_DOME, MIDDLE_DOME];
/// Where the heart goes over into the great vessels.
const OUTFLOW: Solid = Solid::ellipsoid([6.0, -36.0, -50.0], [28.0, 24.0, 34.0]);
/// The apices end here.
const ROOF: f32 = 101.0;
/// Lungs end here at the latest: the costophrenic angle.
const LUNG_FLOOR: f32 = -186.0;

/// All solids of the chest.
pub(crate) struct Anatomy {
    /// In painting order: later ones cover earlier ones.
    pub(crate) parts: Vec<Organ>,
    /// Organs below the diaphragm, in painting order: painted before the chest wall, which cuts
    /// them off.
    pub(crate) abdomen: Vec<Organ>,
    /// Solids between the lungs.
    medial: Vec<Solid>,
}

/// Distances of a point from the lungs, mm, negative inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LungDistance {
    /// From the surface of the lung on this side.
    pub(crate) surface: f32,
    /// From the chest wall only.
    pub(crate) wall: f32,
}

/// The anatomy at one height.
pub(crate) struct AxialLevel {
    pub(crate) body: Section,
    pub(crate) cavity: Section,
    /// The shapes beside the lungs that reach this height, and up to where they shape the lungs
    /// along x and y.
    medial: Vec<(Solid, [[f32; 2]; 2])>,
    z: f32,
}

impl Anatomy {
    pub(crate) fn new() -> Self {
        let mut parts = spine();
        parts.extend(shoulders());
        parts.extend(mediastinum());
        Self { parts, abdomen: abdomen(), medial: medial() }
    }

    /// Returns what is common to all points of a height.
    pub(crate) fn level(&self, z: f32) -> AxialLevel {
        let near = |shape: &Solid| {
            let [x, y, _] = shape.bounds().map(|[low, high]| [low - 2.0 * FILLET, high + 2.0 * FILLET]);
            (*shape, [x, y])
        };
        let medial = self.medial.iter().filter(|shape| shape.reaches(z, 2.0 * FILLET)).map(near).collect();
        AxialLevel { body: BODY.at(z), cavity: CAVITY.at(z), medial, z }
    }
}

/// Radius of the notches where the lung folds around the mediastinum, mm.
const FILLET: f32 = 9.0;

impl AxialLevel {
    /// Distance from the inside of the chest wall, the roof over the apices included.
    pub(crate) fn cavity_distance(&self, p: Point) -> f32 {
        self.cavity.distance(p[0], p[1]).max(self.z - ROOF)
    }

    /// Returns the distances of a point of this height from the lung on its side of the midline.
    pub(crate) fn lung(&self, p: Point) -> LungDistance {
        let [x, y, z] = p;
        let domes = DOMES.iter().map(|dome| dome.distance(p)).fold(f32::MAX, f32::min);
        let wall = self.cavity_distance(p);
        let pleura = smooth_intersection(wall, -domes, 3.0);
        let mut inner = f32::MAX;
        for (shape, [[left, right], [front, back]]) in &self.medial {
            if x > *left && x < *right && y > *front && y < *back {
                let distance = shape.distance(p);
                inner = if inner == f32::MAX { distance } else { smooth_union(inner, distance, FILLET) };
            }
        }
        // The apices are round, the rest has sharp edges in front and behind.
        let round = 4.0 + 20.0 * smoothstep(45.0, 90.0, z);
        let surface = smooth_intersection(pleura.max(LUNG_FLOOR - z), -inner, round);
        LungDistance { surface, wall }
    }
}

/// The lungs' medial border.
fn medial() -> Vec<Solid> {
    let mut shapes = vec![
        // Trachea, oesophagus and their fat; wider above the arch.
        Solid::bar([1.0, 14.0, -50.0], [17.0, 30.0, 160.0], 14.0),
        Solid::bar([1.0, 8.0, 84.0], [25.0, 40.0, 34.0], 14.0),
        // The anterior junction, where the lungs nearly touch in front of the great vessels.
        Solid::bar([0.0, -60.0, -55.0], [2.5, 45.0, 110.0], 2.0),
        Solid::ellipsoid([2.0, -44.0, -8.0], [17.0, 38.0, 74.0]),
        Solid::ellipsoid([2.0, -16.0, 20.0], [35.0, 36.0, 50.0]),
        HEART.grown(4.0),
        RIGHT_ATRIUM.grown(3.0),
        OUTFLOW.grown(12.0),
        // Fat where the heart rests on the diaphragm.
        Solid::ellipsoid([-30.0, -54.0, -112.0], [20.0, 24.0, 20.0]),
        Solid::ellipsoid([66.0, -52.0, -118.0], [24.0, 26.0, 20.0]),
        // Pulmonary trunk, descending aorta, hila.
        Solid::rod([15.0, -22.0, -45.0], [18.0, 0.0, -6.0], 18.0),
        Solid::rod([22.0, 38.0, 16.0], [17.0, 32.0, -260.0], 14.5),
        Solid::ellipsoid([-34.0, 12.0, -24.0], [15.0, 15.0, 24.0]),
        Solid::ellipsoid([35.0, 15.0, -20.0], [14.0, 15.0, 22.0]),
    ];
    for z in vertebrae() {
        let (from, to) = (z - 12.0, z + 12.0);
        let (y, next) = (spine_y(from), spine_y(to));
        shapes.push(Solid::rod([0.0, y, from], [0.0, next, to], 21.0));
        shapes.push(Solid::rod([0.0, y + 34.0, from], [0.0, next + 34.0, to], 27.0));
    }
    shapes
}

/// Heights of the vertebrae's middles.
fn vertebrae() -> impl Iterator<Item = f32> {
    (0..16_u8).map(|i| -226.0 + 24.0 * f32::from(i))
}

fn both_sides(part: Organ) -> [Organ; 2] {
    [part, Organ { shape: part.shape.mirrored(), ..part }]
}

fn spine() -> Vec<Organ> {
    let mut parts = Vec::new();
    for z in vertebrae() {
        let y = spine_y(z);
        let (below, above) = (spine_y(z - 12.0), spine_y(z + 12.0));
        parts.push(Organ::of(85.0, Solid::rod([0.0, below, z - 12.0], [0.0, above, z + 12.0], 16.0)));
        parts.push(Organ::bone(Solid::bar([0.0, y, z], [18.0, 15.0, 10.0], 9.0)));
        let transverse =
            Solid::Rod { from: [13.0, y + 20.0, z + 4.0], to: [37.0, y + 31.0, z + 7.0], radii: [5.5, 4.5] };
        parts.extend(both_sides(Organ::bone(transverse)));
        let lamina = Solid::rod([15.0, y + 17.0, z], [2.0, y + 35.0, z - 4.0], 4.5);
        parts.extend(both_sides(Organ::bone(lamina)));
        let spinous = Solid::Rod { from: [0.0, y + 34.0, z - 2.0], to: [0.0, y + 55.0, z - 24.0], radii: [4.5, 3.5] };
        parts.push(Organ::bone(spinous));
        let canal = Solid::rod([0.0, below + 23.0, z - 12.0], [0.0, above + 23.0, z + 12.0], 8.5);
        parts.push(Organ::of(25.0, canal));
    }
    parts
}

fn shoulders() -> Vec<Organ> {
    let blade = Solid::Bar { center: [97.0, 74.0, 22.0], half: [34.0, 3.5, 62.0], round: 3.0, turn: -0.47 };
    let ridge = Solid::rod([72.0, 92.0, 60.0], [132.0, 42.0, 92.0], 6.0);
    let collar = Solid::rod([20.0, -52.0, 62.0], [112.0, -6.0, 96.0], 6.5);
    let socket = Solid::ellipsoid([112.0, 34.0, 88.0], [12.0, 14.0, 17.0]);
    let arm = Solid::ellipsoid([139.0, 14.0, 101.0], [23.0, 23.0, 25.0]);
    let pit = Solid::Ellipsoid { center: [124.0, 8.0, 46.0], radii: [13.0, 22.0, 34.0], turn: 0.5 };
    let mut parts = both_sides(Organ::of(hu::FAT, pit)).to_vec();
    for bone in [blade, ridge, collar, socket, arm] {
        parts.extend(both_sides(Organ::bone(bone)));
    }
    parts
}

fn abdomen() -> Vec<Organ> {
    let mut stomach = Organ::of(hu::MUSCLE, Solid::ellipsoid([58.0, -22.0, -206.0], [48.0, 50.0, 78.0]));
    stomach.core = Some((4.0, 28.0));
    let mut right = Organ::of(hu::MUSCLE, RIGHT_DOME);
    right.core = Some((2.0, hu::LIVER));
    let mut left = Organ::of(hu::MUSCLE, LEFT_DOME);
    left.core = Some((3.0, hu::FAT));
    vec![
        left,
        right,
        Organ { shape: MIDDLE_DOME, ..right },
        Organ::of(hu::SPLEEN, Solid::Ellipsoid { center: [92.0, 42.0, -196.0], radii: [22.0, 36.0, 58.0], turn: 0.5 }),
        stomach,
        // The stomach's air.
        Organ::of(-960.0, Solid::ellipsoid([56.0, -48.0, -186.0], [24.0, 14.0, 38.0])),
    ]
}

fn mediastinum() -> Vec<Organ> {
    let blood = |shape| Organ::of(hu::BLOOD, shape);
    let vena_cava = -28.0;
    let mut parts = vec![
        // Fat around the heart, so that its outline has a dark rim.
        Organ::of(hu::FAT, HEART.grown(4.0)),
        blood(OUTFLOW),
        blood(HEART),
        blood(RIGHT_ATRIUM),
        // Left atrium.
        blood(Solid::ellipsoid([2.0, 8.0, -64.0], [34.0, 20.0, 24.0])),
        // Oesophagus.
        Organ::of(35.0, Solid::rod([9.0, 31.0, 120.0], [8.0, 34.0, -30.0], 7.0)),
        Organ::of(35.0, Solid::rod([8.0, 34.0, -30.0], [18.0, 16.0, -160.0], 7.5)),
        // Aorta: up, across, down.
        blood(Solid::rod([-4.0, -26.0, -55.0], [-11.0, -24.0, 14.0], 15.5)),
        blood(Solid::rod([-11.0, -24.0, 14.0], [0.0, -6.0, 31.0], 14.5)),
        blood(Solid::rod([0.0, -6.0, 31.0], [20.0, 32.0, 26.0], 13.0)),
        blood(Solid::rod([21.0, 35.0, 22.0], [16.0, 30.0, -260.0], 12.0)),
        // Arteries and veins of the neck and arms.
        blood(Solid::rod([-6.0, -12.0, 34.0], [-22.0, -4.0, 130.0], 6.5)),
        blood(Solid::rod([8.0, 6.0, 34.0], [22.0, 0.0, 130.0], 5.0)),
        blood(Solid::rod([16.0, 22.0, 34.0], [34.0, 14.0, 110.0], 5.5)),
        blood(Solid::rod([vena_cava, -16.0, -50.0], [vena_cava, -18.0, 46.0], 9.5)),
        blood(Solid::rod([vena_cava, -18.0, 46.0], [-34.0, -16.0, 120.0], 7.5)),
        blood(Solid::rod([vena_cava, -20.0, 46.0], [30.0, -28.0, 72.0], 6.5)),
        // The vena cava from below.
        blood(Solid::rod([-22.0, -4.0, -90.0], [-24.0, 8.0, -150.0], 13.0)),
        // Pulmonary trunk and arteries, pulmonary veins.
        blood(Solid::rod([15.0, -26.0, -48.0], [18.0, -4.0, -8.0], 14.0)),
        blood(Solid::rod([16.0, -4.0, -16.0], [-32.0, 4.0, -22.0], 10.5)),
        blood(Solid::rod([18.0, -2.0, -8.0], [36.0, 18.0, -8.0], 10.5)),
        blood(Solid::rod([-16.0, 8.0, -62.0], [-40.0, 8.0, -48.0], 6.5)),
        blood(Solid::rod([18.0, 10.0, -62.0], [40.0, 14.0, -48.0], 6.5)),
        // Thyroid.
        Organ::of(70.0, Solid::ellipsoid([-17.0, -2.0, 118.0], [9.0, 11.0, 22.0])),
        Organ::of(70.0, Solid::ellipsoid([18.0, -2.0, 118.0], [9.0, 11.0, 22.0])),
    ];
    // Lymph nodes.
    for (x, y, z) in [(-14.0, 2.0, 22.0), (14.0, 8.0, 2.0), (2.0, 16.0, -26.0), (-20.0, 0.0, 38.0)] {
        parts.push(Organ::of(38.0, Solid::ellipsoid([x, y, z], [4.0, 3.5, 7.0])));
    }
    parts
}

/// The chest wall: HU of a point between the body's outline and the cavity, distances in mm, and
/// inside of it before any organ. `streaks` in −1..1 mixes fat between the muscles.
pub(crate) fn wall(p: Point, body: f32, cavity: f32, section: &Section, streaks: f32) -> f32 {
    if cavity < 0.0 {
        return hu::FAT;
    }
    // Thicker at the belly than at the chest.
    let fat_mm = 7.0 + 5.0 * smoothstep(-40.0, -180.0, p[2]) + 3.0 * streaks;
    let soft = if body > -2.0 {
        15.0
    } else {
        let depth = smoothstep(fat_mm - 1.0, fat_mm + 1.0, -body)
            * (1.0 - 0.9 * smoothstep(0.25, 0.5, streaks) * smoothstep(6.0, 14.0, cavity));
        hu::FAT + (hu::MUSCLE - hu::FAT) * depth
    };
    bone(p, cavity, section).map_or(soft, |(cover, hu)| soft + cover * (hu - soft))
}

/// Ribs and breastbone in the wall: how much of the point they take, and their HU.
///
/// Rib `i` leaves the spine at 95 − 24 i mm and sinks by 45 + 7 i mm on its way to the front, where
/// it turns to cartilage.
fn bone(p: Point, cavity: f32, section: &Section) -> Option<(f32, f32)> {
    const THICK: f32 = 6.0;
    let [x, y, z] = p;
    if !(0.0..14.0).contains(&cavity) {
        return None;
    }
    let across = (cavity - THICK).abs();
    if x.abs() < 24.0 && y < section.middle_y {
        let height = (z + 22.0).abs() - 78.0;
        let flat = edge(x.abs() - 15.0, across - 2.5) - 3.0;
        return Some(hardness(flat.max(height), 330.0, 120.0));
    }
    let angle = (x.abs() / section.half_width).atan2((y - section.middle_y) / section.half_depth);
    let way = (angle / (0.75 * std::f32::consts::PI)).min(1.0);
    let i = ((95.0 - 45.0 * way - z) / (24.0 + 7.0 * way)).round();
    if x.abs() < 22.0 || !(0.0..12.0).contains(&i) {
        return None;
    }
    let slope = (45.0 + 7.0 * i) / 250.0;
    let along = (z - (95.0 - 24.0 * i - way * (45.0 + 7.0 * i))).abs() / (1.0 + slope * slope).sqrt();
    let distance = edge(across - 1.6, along - 4.3) - 1.9;
    Some(if angle > 0.8 * std::f32::consts::PI {
        (coverage(distance), hu::CARTILAGE)
    } else {
        hardness(distance, hu::CORTEX, hu::MARROW)
    })
}

/// Returns the distance of a point beyond both sides of an edge.
fn edge(a: f32, b: f32) -> f32 {
    let (a, b) = (a.max(0.0), b.max(0.0));
    (a * a + b * b).sqrt()
}

/// Bone at a distance from its surface: how much of the point it takes, and its HU.
fn hardness(distance: f32, cortex: f32, marrow: f32) -> (f32, f32) {
    let inner = coverage(distance + 2.0);
    (coverage(distance), cortex + (marrow - cortex) * inner)
}
