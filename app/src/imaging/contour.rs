//! Outlines of masks as closed lines through the midpoints of pixel borders.

/// Returns closed lines around every region of `inside`, in image coordinates: the first pixel's
/// outer corner is (0, 0).
///
/// The lines run through the midpoints of the border's unit edges, which smooths the stairs and
/// stays within half a pixel of the border. Regions that touch only at a corner have separate
/// lines.
pub fn outlines(columns: usize, rows: usize, inside: impl Fn(usize, usize) -> bool) -> Vec<Vec<[f32; 2]>> {
    let mut edges = Edges::new(columns, rows, inside);
    let mut lines = Vec::new();
    for start in 0..edges.leaving.len() {
        while let Some(direction) = edges.first_direction(start) {
            lines.push(edges.follow(start, direction));
        }
    }
    lines
}

/// Right, down, left, up: the direction of an edge that has the inside on its right hand.
const STEP: [[i32; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// Directed border edges by the corner that they start from, one bit per direction.
struct Edges {
    leaving: Vec<u8>,
    width: usize,
}

impl Edges {
    fn new(columns: usize, rows: usize, inside: impl Fn(usize, usize) -> bool) -> Self {
        let width = columns + 1;
        let mut leaving = vec![0_u8; width * (rows + 1)];
        let mut mark = |x: usize, y: usize, direction: u8| {
            if let Some(bits) = leaving.get_mut(y * width + x) {
                *bits |= 1 << direction;
            }
        };
        for y in 0..rows {
            for x in 0..columns {
                if !inside(x, y) {
                    continue;
                }
                if y == 0 || !inside(x, y - 1) {
                    mark(x, y, 0);
                }
                if x + 1 == columns || !inside(x + 1, y) {
                    mark(x + 1, y, 1);
                }
                if y + 1 == rows || !inside(x, y + 1) {
                    mark(x + 1, y + 1, 2);
                }
                if x == 0 || !inside(x - 1, y) {
                    mark(x, y + 1, 3);
                }
            }
        }
        Self { leaving, width }
    }

    fn first_direction(&self, corner: usize) -> Option<usize> {
        let bits = *self.leaving.get(corner)?;
        (bits != 0).then(|| bits.trailing_zeros() as usize)
    }

    fn take(&mut self, corner: usize, direction: usize) -> bool {
        let Some(bits) = self.leaving.get_mut(corner) else { return false };
        let there = *bits & (1 << direction) != 0;
        *bits &= !(1 << direction);
        there
    }

    /// Follows edges until the line closes. Turning inwards first separates regions that share only
    /// a corner.
    fn follow(&mut self, start: usize, direction: usize) -> Vec<[f32; 2]> {
        let mut line: Vec<[f32; 2]> = Vec::new();
        let (mut corner, mut direction) = (start, direction);
        while self.take(corner, direction) {
            let [dx, dy] = STEP[direction];
            let (x, y) = ((corner % self.width) as i32, (corner / self.width) as i32);
            push(&mut line, [x as f32 + dx as f32 / 2.0, y as f32 + dy as f32 / 2.0]);
            corner = (y + dy) as usize * self.width + (x + dx) as usize;
            let turns = [(direction + 1) % 4, direction, (direction + 3) % 4];
            let Some(next) = turns.into_iter().find(|d| self.leaving.get(corner).is_some_and(|b| b & (1 << d) != 0))
            else {
                break;
            };
            direction = next;
        }
        line
    }
}

/// Adds a point; of three collinear points the middle one goes. Coordinates are multiples of ½, so
/// that the comparison is exact.
#[allow(clippy::float_cmp)]
fn push(line: &mut Vec<[f32; 2]>, point: [f32; 2]) {
    if let [.., a, b] = line.as_slice() {
        let (u, v) = ([b[0] - a[0], b[1] - a[1]], [point[0] - b[0], point[1] - b[1]]);
        if u[0] * v[1] == u[1] * v[0] {
            line.pop();
        }
    }
    line.push(point);
}

/// Returns the lines as SVG path data with one decimal.
pub fn path_data(lines: &[Vec<[f32; 2]>]) -> String {
    use std::fmt::Write as _;
    let mut data = String::new();
    for line in lines {
        for (index, [x, y]) in line.iter().enumerate() {
            let _ = write!(data, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        if !line.is_empty() {
            data.push('Z');
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(picture: &[&str]) -> Vec<Vec<[f32; 2]>> {
        let at = |x: usize, y: usize| picture[y].as_bytes()[x] == b'#';
        outlines(picture[0].len(), picture.len(), at)
    }

    fn area(line: &[[f32; 2]]) -> f32 {
        let next = line.iter().cycle().skip(1);
        line.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f32>() / 2.0
    }

    #[test]
    fn one_pixel_is_a_diamond() {
        let lines = of(&["...", ".#.", "..."]);
        assert_eq!(lines, vec![vec![[1.5, 1.0], [2.0, 1.5], [1.5, 2.0], [1.0, 1.5]]]);
        assert_eq!(path_data(&lines), "M1.5 1.0L2.0 1.5L1.5 2.0L1.0 1.5Z");
    }

    #[test]
    fn a_block_loses_only_its_corners() {
        let lines = of(&["####", "####", "####"]);
        assert_eq!(lines.len(), 1);
        assert!((area(&lines[0]) - (12.0 - 4.0 * 0.125)).abs() < 1e-5);
    }

    #[test]
    fn a_hole_runs_the_other_way() {
        let lines = of(&["###", "#.#", "###"]);
        assert_eq!(lines.len(), 2);
        assert!(area(&lines[0]) > 0.0 && area(&lines[1]) < 0.0);
    }

    #[test]
    fn pixels_that_touch_at_a_corner_stay_apart() {
        assert_eq!(of(&["#.", ".#"]).len(), 2);
        assert_eq!(of(&[".#", "#."]).len(), 2);
    }

    #[test]
    fn regions_at_the_border_are_closed() {
        assert_eq!(of(&["#..#"]).len(), 2);
        assert!(of(&["...."]).is_empty());
        assert!(outlines(0, 0, |_, _| true).is_empty());
    }
}
