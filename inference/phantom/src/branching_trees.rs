//! Vessels and bronchi: trees that fill the lungs.
//!
//! Points all over a lung are joined, nearest to the hilum first, to what has grown so far; a
//! vessel's radius follows from how many points it feeds (Murray's law). So the trees branch and
//! taper as real ones do, and differ by seed.

use crate::anatomy::Anatomy;
use crate::noise::RandomSequence;
use crate::signed_distance::{Point, Solid, dot, length, minus};

/// Radius at and above which a vessel belongs to the hilum and not to the lung, mm.
pub(crate) const HILAR_MM: f32 = 4.4;
/// A bronchus' wall, mm.
const BRONCHUS_WALL_MM: f32 = 0.8;
/// Length of the pieces a branch is made of, mm.
const PIECE_MM: f32 = 7.0;

/// All vessels and bronchi of both lungs.
pub(crate) struct BranchingTrees {
    /// Blood, thin and thick.
    pub(crate) vessels: Vec<Solid>,
    /// Air's outer wall and its lumen, piece by piece the same; trachea first.
    pub(crate) bronchus_walls: Vec<Solid>,
    pub(crate) bronchus_lumens: Vec<Solid>,
}

struct Node {
    at: Point,
    parent: usize,
    /// Length of the way from the root, mm.
    way: f32,
    /// Points fed through here.
    feeds: u16,
}

/// Parameters of one tree.
struct TreePlan {
    root: [Point; 2],
    points: usize,
    /// Least depth of the points below the lung's surface, mm.
    margin: f32,
    /// Radius of a branch that feeds one point, mm, and the exponent of the law.
    twig_mm: f32,
    law: f32,
}

impl BranchingTrees {
    pub(crate) fn grow(anatomy: &Anatomy, seed: u64) -> Self {
        let mut draw = RandomSequence::new(seed);
        let mut trees = Self { vessels: Vec::new(), bronchus_walls: Vec::new(), bronchus_lumens: Vec::new() };
        for (from, to, radius) in [
            ([1.0, 7.0, 140.0], [0.0, 14.0, 2.0], 8.5),
            ([0.0, 14.0, 2.0], [-28.0, 16.0, -26.0], 6.5),
            ([0.0, 14.0, 2.0], [37.0, 19.0, -30.0], 6.0),
        ] {
            trees.bronchus(from, to, radius, radius);
        }
        for side in [-1.0, 1.0] {
            let at = |x: f32, y, z| [side * x, y, z];
            // Artery and vein.
            for root in [[at(26.0, 8.0, -14.0), at(42.0, 14.0, -26.0)], [at(26.0, 8.0, -60.0), at(43.0, 10.0, -48.0)]] {
                let plan = TreePlan { root, points: 560, margin: 3.0, twig_mm: 0.72, law: 0.37 };
                let nodes = grow_one(anatomy, &plan, &mut draw);
                for (a, b, radii) in branches(&nodes, &plan) {
                    trees.vessels.push(Solid::Rod { from: a, to: b, radii });
                }
            }
            let main = if side < 0.0 { at(28.0, 16.0, -26.0) } else { at(37.0, 19.0, -30.0) };
            let plan =
                TreePlan { root: [main, at(44.0, 20.0, -44.0)], points: 18, margin: 24.0, twig_mm: 1.1, law: 0.45 };
            let nodes = grow_one(anatomy, &plan, &mut draw);
            for (a, b, [from, to]) in branches(&nodes, &plan) {
                trees.bronchus(a, b, from, to);
            }
        }
        trees
    }

    fn bronchus(&mut self, from: Point, to: Point, start: f32, end: f32) {
        let wall = [start + BRONCHUS_WALL_MM, end + BRONCHUS_WALL_MM];
        self.bronchus_walls.push(Solid::Rod { from, to, radii: wall });
        self.bronchus_lumens.push(Solid::Rod { from, to, radii: [start, end] });
    }

    /// Returns thick vessels and bronchi, which belong to the hilum and not to the lung.
    pub(crate) fn hilar(&self) -> impl Iterator<Item = &Solid> + Clone {
        self.vessels.iter().chain(&self.bronchus_walls).filter(|shape| is_hilar(shape))
    }
}

/// Whether a branch is too thick to count as lung.
fn is_hilar(shape: &Solid) -> bool {
    matches!(shape, Solid::Rod { radii, .. } if radii[0].min(radii[1]) >= HILAR_MM)
}

/// Points in the lung on the root's side, at least `margin` below its surface.
fn scatter(anatomy: &Anatomy, plan: &TreePlan, draw: &mut RandomSequence) -> Vec<Point> {
    let side = plan.root[0][0].signum();
    let mut points = Vec::with_capacity(plan.points);
    // Lungs fill about a third of the box; far more tries than that would mean that there is no
    // lung.
    for _ in 0..plan.points * 40 {
        let p = [side * (64.0 + 64.0 * draw.signed()), 88.0 * draw.signed(), -40.0 + 145.0 * draw.signed()];
        if anatomy.level(p[2]).lung(p).surface < -plan.margin {
            points.push(p);
            if points.len() == plan.points {
                break;
            }
        }
    }
    points
}

fn grow_one(anatomy: &Anatomy, plan: &TreePlan, draw: &mut RandomSequence) -> Vec<Node> {
    let [root, hilum] = plan.root;
    let mut nodes = vec![Node { at: root, parent: 0, way: 0.0, feeds: 0 }];
    extend(&mut nodes, 0, hilum, draw);
    let mut points = scatter(anatomy, plan, draw);
    points.sort_by(|a, b| length(minus(*a, hilum)).total_cmp(&length(minus(*b, hilum))));
    for point in points {
        let mut best = (f32::MAX, 0);
        for (i, node) in nodes.iter().enumerate() {
            let step = minus(point, node.at);
            let before = minus(node.at, nodes[node.parent].at);
            let size = length(step) * length(before);
            // Real branches don't turn back on their trunk: turning costs.
            let turn = if size > 0.0 { dot(step, before) / size } else { 1.0 };
            let cost = length(step) * (1.6 - 0.6 * turn) + 0.3 * node.way;
            if cost < best.0 {
                best = (cost, i);
            }
        }
        extend(&mut nodes, best.1, point, draw);
    }
    nodes
}

/// Adds a branch from a node to a point, in pieces that wander a little, and counts the point on
/// the way to the root.
fn extend(nodes: &mut Vec<Node>, from: usize, to: Point, draw: &mut RandomSequence) {
    let start = nodes[from].at;
    let step = minus(to, start);
    let pieces = (length(step) / PIECE_MM).ceil().max(1.0);
    let mut parent = from;
    for piece in 1..=pieces as usize {
        let t = piece as f32 / pieces;
        let wander = if t < 1.0 { 1.2 } else { 0.0 };
        let at = [0, 1, 2].map(|k| start[k] + step[k] * t + wander * draw.signed());
        let way = nodes[parent].way + length(minus(at, nodes[parent].at));
        nodes.push(Node { at, parent, way, feeds: 0 });
        parent = nodes.len() - 1;
    }
    let mut node = parent;
    while node != 0 {
        nodes[node].feeds = nodes[node].feeds.saturating_add(1);
        node = nodes[node].parent;
    }
}

/// The pieces of a tree: from, to, radii.
fn branches(nodes: &[Node], plan: &TreePlan) -> impl Iterator<Item = (Point, Point, [f32; 2])> {
    let radius = |node: &Node| plan.twig_mm * f32::from(node.feeds.max(1)).powf(plan.law);
    nodes.iter().skip(1).map(move |node| {
        let parent = &nodes[node.parent];
        let end = radius(node);
        // At a fork the branch begins with its own width, not the trunk's.
        let start = if node.parent == 0 { end } else { radius(parent).min(1.25 * end) };
        (parent.at, node.at, [start, end])
    })
}
