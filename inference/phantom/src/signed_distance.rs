//! Solids as signed distance functions: the distance of a point from a surface, mm, negative
//! inside.
//!
//! Points are x to the patient's left, y to the back, z to the head, mm. Distances of ellipsoids
//! are first-order estimates, good near the surface, which is where a slice needs them.

/// x to the patient's left, y to the back, z to the head, mm.
pub(crate) type Point = [f32; 3];

/// Width over which a surface goes from all to nothing in an image: the scanner's blur within the
/// slice, mm.
const BLUR_MM: f32 = 1.5;

/// One solid.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Solid {
    /// `turn` is the sine of its rotation about z, from x towards y.
    Ellipsoid { center: Point, radii: Point, turn: f32 },
    /// A box with rounded edges; `turn` as above.
    Bar { center: Point, half: Point, round: f32, turn: f32 },
    /// A rod with round ends whose radius changes from `radii[0]` to `radii[1]`.
    Rod { from: Point, to: Point, radii: [f32; 2] },
}

impl Solid {
    pub(crate) const fn ellipsoid(center: Point, radii: Point) -> Self {
        Self::Ellipsoid { center, radii, turn: 0.0 }
    }

    pub(crate) const fn bar(center: Point, half: Point, round: f32) -> Self {
        Self::Bar { center, half, round, turn: 0.0 }
    }

    pub(crate) const fn rod(from: Point, to: Point, radius: f32) -> Self {
        Self::Rod { from, to, radii: [radius, radius] }
    }

    /// The solid with its surface moved outwards, mm.
    pub(crate) const fn grown(self, by: f32) -> Self {
        match self {
            Self::Ellipsoid { center, radii: [a, b, c], turn } => {
                Self::Ellipsoid { center, radii: [a + by, b + by, c + by], turn }
            }
            Self::Bar { center, half: [a, b, c], round, turn } => {
                Self::Bar { center, half: [a + by, b + by, c + by], round: round + by, turn }
            }
            Self::Rod { from, to, radii: [a, b] } => Self::Rod { from, to, radii: [a + by, b + by] },
        }
    }

    /// The solid on the other side of the body.
    pub(crate) fn mirrored(mut self) -> Self {
        match &mut self {
            Self::Ellipsoid { center, turn, .. } | Self::Bar { center, turn, .. } => {
                center[0] = -center[0];
                *turn = -*turn;
            }
            Self::Rod { from, to, .. } => {
                from[0] = -from[0];
                to[0] = -to[0];
            }
        }
        self
    }

    /// Distance of a point from the surface, mm.
    pub(crate) fn distance(&self, p: Point) -> f32 {
        match *self {
            Self::Ellipsoid { center, radii, turn } => {
                let p = turned(minus(p, center), turn);
                let scaled = [p[0] / radii[0], p[1] / radii[1], p[2] / radii[2]];
                let k = length(scaled);
                let slope = length([scaled[0] / radii[0], scaled[1] / radii[1], scaled[2] / radii[2]]);
                if slope < 1e-9 { -radii[0].min(radii[1]).min(radii[2]) } else { k * (k - 1.0) / slope }
            }
            Self::Bar { center, half, round, turn } => {
                let p = turned(minus(p, center), turn);
                let beyond = [0, 1, 2].map(|i| p[i].abs() - half[i] + round);
                let inside = beyond[0].max(beyond[1]).max(beyond[2]).min(0.0);
                length(beyond.map(|b| b.max(0.0))) + inside - round
            }
            Self::Rod { from, to, radii } => {
                let (axis, way) = (minus(to, from), minus(p, from));
                let t = (dot(axis, way) / dot(axis, axis).max(1e-6)).clamp(0.0, 1.0);
                let nearest = [way[0] - axis[0] * t, way[1] - axis[1] * t, way[2] - axis[2] * t];
                length(nearest) - (radii[0] + (radii[1] - radii[0]) * t)
            }
        }
    }

    /// Smallest and largest coordinates along x, y and z.
    pub(crate) fn bounds(&self) -> [[f32; 2]; 3] {
        let around = |center: Point, reach: Point| [0, 1, 2].map(|i| [center[i] - reach[i], center[i] + reach[i]]);
        match *self {
            Self::Ellipsoid { center, radii, turn } => around(center, turned_reach(radii, turn)),
            Self::Bar { center, half, turn, .. } => around(center, turned_reach(half, turn)),
            Self::Rod { from, to, radii } => [0, 1, 2]
                .map(|i| [(from[i] - radii[0]).min(to[i] - radii[1]), (from[i] + radii[0]).max(to[i] + radii[1])]),
        }
    }

    /// Whether the solid comes within `margin` of height `z`.
    pub(crate) fn reaches(&self, z: f32, margin: f32) -> bool {
        let [_, _, [low, high]] = self.bounds();
        z > low - margin && z < high + margin
    }
}

/// Returns the share of a pixel at this distance from a surface that is inside, 0..=1.
pub(crate) fn coverage(distance: f32) -> f32 {
    (0.5 - distance / BLUR_MM).clamp(0.0, 1.0)
}

/// Returns the distance of the union of two solids, the notch between them filled over about
/// `fillet` mm.
pub(crate) fn smooth_union(a: f32, b: f32, fillet: f32) -> f32 {
    let h = (fillet - (a - b).abs()).max(0.0);
    a.min(b) - h * h / (4.0 * fillet)
}

/// Returns the distance of the intersection of two solids, edges rounded over about `fillet` mm.
pub(crate) fn smooth_intersection(a: f32, b: f32, fillet: f32) -> f32 {
    -smooth_union(-a, -b, fillet)
}

/// Returns 0 on the side of `low`, 1 on that of `high`, and a smooth step between; `low` may be the
/// larger one.
pub(crate) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(crate) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn length(a: Point) -> f32 {
    dot(a, a).sqrt()
}

fn turned(p: Point, sine: f32) -> Point {
    let cosine = (1.0 - sine * sine).sqrt();
    [p[0] * cosine + p[1] * sine, p[1] * cosine - p[0] * sine, p[2]]
}

fn turned_reach(reach: Point, sine: f32) -> Point {
    let (sine, cosine) = (sine.abs(), (1.0 - sine * sine).sqrt());
    [reach[0] * cosine + reach[1] * sine, reach[1] * cosine + reach[0] * sine, reach[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_vanish_on_the_surface_and_bounds_hold_the_solid() {
        let shapes = [
            Solid::Ellipsoid { center: [3.0, -2.0, 5.0], radii: [20.0, 10.0, 30.0], turn: 0.5 },
            Solid::Bar { center: [3.0, -2.0, 5.0], half: [20.0, 10.0, 30.0], round: 4.0, turn: -0.5 },
            Solid::Rod { from: [0.0, 0.0, 0.0], to: [10.0, 5.0, 30.0], radii: [6.0, 2.0] },
        ];
        for shape in shapes {
            let [x, y, z] = shape.bounds();
            let mut inside = 0;
            for i in 0..40 * 40 * 40 {
                let at =
                    |range: [f32; 2], part: i32| range[0] - 5.0 + (range[1] - range[0] + 10.0) * part as f32 / 39.0;
                let p = [at(x, i % 40), at(y, i / 40 % 40), at(z, i / 1600)];
                if shape.distance(p) < 0.0 {
                    inside += 1;
                    assert!(
                        [x, y, z].iter().zip(p).all(|(r, v)| v >= r[0] - 1e-3 && v <= r[1] + 1e-3),
                        "{shape:?} {p:?}"
                    );
                }
            }
            assert!(inside > 1000, "{shape:?}");
        }
        assert!((Solid::rod([0.0; 3], [0.0, 0.0, 9.0], 2.0).distance([5.0, 0.0, 4.0]) - 3.0).abs() < 1e-5);
    }

    #[test]
    fn a_union_is_never_smaller_than_its_parts() {
        assert!(smooth_union(1.0, 2.0, 4.0) <= 1.0);
        assert!((smooth_union(1.0, 20.0, 4.0) - 1.0).abs() < 1e-6);
        assert!(smooth_intersection(-1.0, -2.0, 4.0) >= -1.0);
    }
}
