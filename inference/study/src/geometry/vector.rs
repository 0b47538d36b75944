//! Points and directions along the patient's axes.

/// A point or a direction, mm along the patient's axes (LPS).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vector(pub [f64; 3]);

impl Vector {
    pub(crate) fn dot(self, other: Self) -> f64 {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        a * x + b * y + c * z
    }

    pub(crate) fn cross(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([b * z - c * y, c * x - a * z, a * y - b * x])
    }

    pub(crate) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    pub(crate) fn scaled(self, by: f64) -> Self {
        Self(self.0.map(|value| value * by))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([a + x, b + y, c + z])
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(other.scaled(-1.0))
    }
}
