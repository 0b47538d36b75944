//! Lesions on axial slices: a square box around the lungs, one network after the other over the slices that it can
//! still change, and the vote on every lung voxel.

use corsai_manifest::{Input, NetworkEntry, Vote};
use corsai_volume::label;
use corsai_volume::{Grid, HuVolume};

use crate::{
    EnsembleError,
    prepare::Square,
    resize::{Filter, plane},
    vote::{Ballot, Counts, Part, Rule, Verdict, above, steps},
};

/// Voxels of the right and of the left lung.
pub(crate) type Sides = [u32; 2];

/// One lesion network: what it sees and how it is read.
#[derive(Debug)]
struct Member {
    part: Part,
    input: Input,
    square: Square,
    /// From the input's size to the box's pixels.
    back: Filter,
    /// More steps than this and the network by itself says lesion.
    own: u16,
    /// More steps than this and it counts for a lesion where its family must be unanimous.
    agrees: u16,
}

/// A member's own mask of a slice.
#[derive(Debug, Clone, Default)]
struct Own {
    lesions: Sides,
    /// A bit a lung voxel.
    marks: Vec<u8>,
}

/// What is known of one slice; the vectors hold one value a lung voxel, row by row.
#[derive(Debug, Default)]
struct Slice {
    ballots: Vec<Ballot>,
    spoke: Counts,
    /// What each member marks by itself; `None` where it didn't run.
    own: Vec<Option<Own>>,
    /// Voxels that are lesion whatever is still to come, and those not decided.
    certain: Sides,
    open: Sides,
    /// The rule had its say here.
    judged: bool,
}

/// The lesions' stage of an analysis.
#[derive(Debug)]
pub(crate) struct LesionStage {
    members: Vec<Member>,
    vote: Vote,
    rule: Rule,
    /// First and last row and column with lung on any slice.
    rows: (usize, usize),
    columns: (usize, usize),
    /// Slices that show lung, the largest lung area first.
    pub slices: Vec<usize>,
    states: Vec<Slice>,
}

impl LesionStage {
    /// `labels` holds the lungs' label bytes of the whole volume. `None` when no voxel is lung.
    pub fn new(grid: &Grid, labels: &[u8], entries: &[&NetworkEntry], vote: Vote) -> Option<Self> {
        let [mut top, mut bottom, mut left, mut right] = [usize::MAX, 0, usize::MAX, 0];
        let mut areas = Vec::new();
        for (z, slice) in labels.chunks_exact(grid.area()).enumerate() {
            let mut area = 0usize;
            for (row, line) in slice.chunks_exact(grid.columns()).enumerate() {
                let count = line.iter().filter(|l| **l != 0).count();
                let ends = [line.iter().position(|l| *l != 0), line.iter().rposition(|l| *l != 0)];
                let [Some(first), Some(last)] = ends else { continue };
                area += count;
                (top, bottom) = (top.min(row), bottom.max(row));
                (left, right) = (left.min(first), right.max(last));
            }
            if area > 0 {
                areas.push((area, z));
            }
        }
        if areas.is_empty() {
            return None;
        }
        areas.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut states: Vec<Slice> = (0..grid.slices()).map(|_| Slice::default()).collect();
        for (area, z) in &areas {
            let state = &mut states[*z];
            state.ballots = vec![Ballot::default(); *area];
            state.own = vec![None; entries.len()];
        }
        let members = entries
            .iter()
            .map(|entry| {
                let square = Square::around((top, bottom), (left, right), entry.input.box_margin);
                Member {
                    part: Part::of(entry.family).expect("invariant: lung networks don't vote on lesions"),
                    input: entry.input.clone(),
                    square,
                    back: Filter::new(entry.input.size, square.side),
                    own: above(entry.threshold),
                    agrees: above(vote.resnet),
                }
            })
            .collect();
        Some(Self {
            members,
            vote,
            rule: Rule::new(Counts::default(), &vote, 0.5),
            rows: (top, bottom),
            columns: (left, right),
            slices: areas.into_iter().map(|(_, z)| z).collect(),
            states,
        })
    }

    /// From now on the vote is among `members`; `alone` is the threshold of a family that votes by itself. What was
    /// said before still counts, if its member is among them. With `cross`, two more projections' DPNs count as much as
    /// the axial ones each.
    pub fn convene(&mut self, members: &[usize], alone: f64, cross: bool) {
        let mut counts = Counts::default();
        for &member in members {
            counts.add(self.members[member].part);
        }
        if cross {
            counts.dpn *= 3;
        }
        self.rule = Rule::new(counts, &self.vote, alone);
        self.reconsider();
    }

    /// Every slice is to be judged again.
    pub fn reconsider(&mut self) {
        self.states.iter_mut().for_each(|state| state.judged = false);
    }

    /// The box and the slices with lung that a network's sections are made of.
    pub fn frame(&self, input: &Input) -> (Square, (usize, usize)) {
        let square = Square::around(self.rows, self.columns, input.box_margin);
        let ends = |f: fn(usize, usize) -> usize| self.slices.iter().copied().reduce(f);
        let ends = ends(usize::min).zip(ends(usize::max));
        (square, ends.expect("invariant: this stage begins where there is lung"))
    }

    /// Adds what coronal and sagittal networks say of slice `z`: `said` is a sum in steps at `square`'s pixels, which
    /// counts `times`.
    pub fn add_cross(&mut self, z: usize, square: Square, said: &[u16], times: u8, columns: usize, labels: &[u8]) {
        let state = &mut self.states[z];
        for ((_, said), ballot) in square.on(said, labels, columns).zip(&mut state.ballots) {
            ballot.dpn += u16::from(times) * said;
        }
        state.spoke.dpn += 2 * times;
        state.judged = false;
    }

    pub fn network_input(&self, volume: &HuVolume, member: usize, z: usize) -> Vec<f32> {
        let member = &self.members[member];
        member.square.cut(volume, z, &member.input)
    }

    /// Takes one member's probabilities `[size, size]` of slice `z`, whose lung labels are `labels`.
    pub fn accept(
        &mut self,
        (member, z): (usize, usize),
        answer: &[f32],
        columns: usize,
        labels: &[u8],
    ) -> Result<(), EnsembleError> {
        let index = member;
        let (member, state) = (&self.members[index], &mut self.states[z]);
        let size = member.input.size;
        if answer.len() != size * size {
            return Err(EnsembleError::Answer { found: answer.len(), expected: size * size });
        }
        let probability = plane(answer, size, &member.back, &member.back);
        let mut own = Own { lesions: Sides::default(), marks: vec![0; state.ballots.len().div_ceil(8)] };
        let lung = member.square.on(&probability, labels, columns);
        for (nth, ((l, probability), ballot)) in lung.zip(&mut state.ballots).enumerate() {
            let given = steps(probability);
            match member.part {
                Part::Dpn => ballot.dpn += given,
                Part::Fpn => ballot.fpn += given,
                Part::Resnet => ballot.resnet += u8::from(given > member.agrees),
            }
            if given > member.own {
                own.marks[nth / 8] |= 1 << (nth % 8);
                own.lesions[side(l)] += 1;
            }
        }
        state.spoke.add(member.part);
        state.judged = false;
        state.own[index] = Some(own);
        Ok(())
    }

    /// Returns one member's answer `[size, size]` resized to a slice of `rows × columns`, in steps as
    /// the vote counts them; 0 outside the member's box.
    pub fn on_slice(
        &self,
        member: usize,
        answer: &[f32],
        rows: usize,
        columns: usize,
    ) -> Result<Vec<u16>, EnsembleError> {
        let Member { input, square, back, .. } = &self.members[member];
        let size = input.size;
        if answer.len() != size * size {
            return Err(EnsembleError::Answer { found: answer.len(), expected: size * size });
        }
        let probability = plane(answer, size, back, back);
        // Every pixel is asked for, lung or not.
        let everywhere = vec![u8::MAX; rows * columns];
        Ok(square.on(&probability, &everywhere, columns).map(|(_, probability)| steps(probability)).collect())
    }

    /// Applies the rule to slice `z`. Where it is decided, its lesions are marked in `labels` and true is returned.
    pub fn judge(&mut self, z: usize, labels: &mut [u8]) -> bool {
        let state = &mut self.states[z];
        if !state.judged {
            (state.certain, state.open) = Default::default();
            // Neighbours mostly say the same.
            let mut last = (Ballot::default(), self.rule.verdict(Ballot::default(), state.spoke));
            let mut verdict = |ballot: Ballot| {
                if ballot != last.0 {
                    last = (ballot, self.rule.verdict(ballot, state.spoke));
                }
                last.1
            };
            for (l, ballot) in labels.iter().filter(|l| **l != 0).zip(&state.ballots) {
                match verdict(*ballot) {
                    Verdict::Lesion => state.certain[side(*l)] += 1,
                    Verdict::Open => state.open[side(*l)] += 1,
                    Verdict::Clear => {}
                }
            }
            state.judged = true;
            if state.open == Sides::default() {
                for (l, ballot) in labels.iter_mut().filter(|l| **l != 0).zip(&state.ballots) {
                    let lesion = verdict(*ballot) == Verdict::Lesion;
                    *l = *l & !label::LESION | if lesion { label::LESION } else { 0 };
                }
            }
        }
        state.open == Sides::default()
    }

    /// Whether the member has answered for the slice.
    pub fn spoke(&self, member: usize, z: usize) -> bool {
        self.states[z].own[member].is_some()
    }

    /// Lesion voxels that slice `z` has at least, and those that may come to them; by side.
    pub fn bounds(&self, z: usize) -> (Sides, Sides) {
        (self.states[z].certain, self.states[z].open)
    }

    /// Lesion voxels of slice `z` in a member's own mask; the vote's where it wasn't needed.
    pub fn own_mask(&self, member: usize, z: usize) -> Sides {
        let state = &self.states[z];
        state.own[member].as_ref().map_or(state.certain, |own| own.lesions)
    }

    /// For every lung voxel of slice `z`, the share of those `members` that have answered for it and marked it, in per
    /// cent; `None` before there are two.
    pub fn agreement(&self, members: &[usize], z: usize, labels: &[u8]) -> Option<Vec<u8>> {
        let state = self.states.get(z)?;
        let spoke: Vec<&Own> = members.iter().filter_map(|m| state.own.get(*m)?.as_ref()).collect();
        if spoke.len() < 2 {
            return None;
        }
        let mut percent = vec![0; labels.len()];
        let lung = percent.iter_mut().zip(labels).filter(|(_, l)| **l != 0);
        for (nth, (out, _)) in lung.enumerate() {
            let marked = |own: &&&Own| own.marks[nth / 8] >> (nth % 8) & 1 == 1;
            *out = (100 * spoke.iter().filter(marked).count() / spoke.len()) as u8;
        }
        Some(percent)
    }
}

fn side(label: u8) -> usize {
    usize::from(label & label::LEFT_LUNG != 0)
}
