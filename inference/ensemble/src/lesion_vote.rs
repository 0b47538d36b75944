//! The lesion networks' vote on every lung voxel of a study (`docs/method.md`, "Vote").
//!
//! Networks see axial crops around both lungs. After each answer a slice's vote is evaluated; a
//! slice is decided when no network still to come can change any of its voxels. Where components
//! must convince, that depends on neighbouring slices: [`LesionVote::settle`] decides it between
//! two networks.

use std::ops::Range;

use corsai_manifest::{Input, NetworkEntry, Vote};
use corsai_volume::{Grid, HuVolume, RightLeft, label};

use crate::{
    component_runs::{AcceptedRun, ComponentRuns, SliceRuns},
    crop::CropBox,
    error::{EnsembleError, check_length},
    lung_extent::LungExtent,
    resize::{Filter, resize_plane},
    vote::{
        ComponentRule, Decision, MemberCounts, VoteRule, VotingGroup, VoxelVotes, picolitres, quantize,
        quantize_threshold,
    },
};

/// A voxel's flag for [`ComponentRuns`]: the vote may still call it lesion.
const MAY_BE_LESION: u8 = 1;
/// The vote calls it lesion.
const IS_LESION: u8 = 2;
/// It may still reach the components' peak.
const MAY_CONVINCE: u8 = 4;
/// It reaches the components' peak.
const CONVINCES: u8 = 8;

/// One lesion network: its input, and how its answer is read.
#[derive(Debug)]
struct Member {
    group: VotingGroup,
    input: Input,
    crop_box: CropBox,
    /// From the input's size to the box's pixels.
    to_pixels: Filter,
    /// Above this quantized probability a voxel is in the member's own mask.
    own_threshold: u16,
    /// Above this quantized probability a `ResNet` votes for a lesion.
    resnet_threshold: u16,
}

impl Member {
    fn new(entry: &NetworkEntry, extent: &LungExtent, vote: Vote) -> Self {
        let crop_box = CropBox::around(extent.rows, extent.columns, entry.input.box_margin);
        Self {
            group: VotingGroup::of(entry.family).expect("invariant: lung networks don't vote on lesions"),
            input: entry.input.clone(),
            crop_box,
            to_pixels: Filter::new(entry.input.size, crop_box.side),
            own_threshold: quantize_threshold(entry.threshold),
            resnet_threshold: quantize_threshold(vote.resnet),
        }
    }

    /// Resizes an answer `[size, size]` to the box's pixels, `[side, side]`.
    fn to_box(&self, answer: &[f32]) -> Result<Vec<f32>, EnsembleError> {
        let size = self.input.size;
        check_length(answer, size * size)?;
        Ok(resize_plane(answer, size, &self.to_pixels, &self.to_pixels))
    }
}

/// Masks of lesions and of traces, one bit a voxel.
pub(crate) type MarkedBits = [Vec<u8>; 2];

/// A member's own mask of a slice.
#[derive(Debug, Clone)]
struct MemberMask {
    /// Lesion voxels.
    lesions: RightLeft<u32>,
    /// One bit a lung voxel, row by row.
    bits: Vec<u8>,
    /// Bits of the voxels that reach the components' peak; empty where every component counts.
    peaks: Vec<u8>,
}

/// The vote on one slice; without lung voxels it is decided from the start.
#[derive(Debug, Default)]
struct SliceVote {
    /// One a lung voxel, row by row.
    votes: Vec<VoxelVotes>,
    answered: MemberCounts,
    /// Each member's own mask; `None` where the member hasn't answered.
    masks: Vec<Option<MemberMask>>,
    /// Voxels that are lesion whatever the members still to come answer.
    lesions: RightLeft<u32>,
    /// Voxels that members still to come can turn either way.
    open: RightLeft<u32>,
    /// Members still to come can change the labels.
    undecided: bool,
    /// The least and the most lesion voxels by [`LesionVote::settle`].
    settled: Option<RightLeft<[u32; 2]>>,
    /// Some vote on this slice was decided, so that its labels have lesions.
    shown: bool,
}

/// The label bytes of a study, and the vote on its lung voxels.
#[derive(Debug)]
pub(crate) struct LesionVote {
    /// One label byte a voxel; lungs are final, lesions are those of decided slices.
    labels: Vec<u8>,
    /// Voxels of a slice, and columns of a row.
    area: usize,
    columns: usize,
    /// Volume of a voxel of each slice, picolitres.
    voxel_volumes: Vec<u64>,
    extent: LungExtent,
    members: Vec<Member>,
    thresholds: Vote,
    rule: VoteRule,
    slices: Vec<SliceVote>,
    /// The answers of coronal and sagittal networks are counted.
    multi_planar_answered: bool,
}

impl LesionVote {
    /// `labels` holds the lungs' label bytes of the whole volume, `extent` is theirs. The
    /// vote has no members before [`Self::set_members`].
    pub fn new(grid: &Grid, labels: Vec<u8>, extent: LungExtent, entries: &[&NetworkEntry], thresholds: Vote) -> Self {
        let mut slices: Vec<SliceVote> = (0..grid.slices()).map(|_| SliceVote::default()).collect();
        for (area, z) in &extent.slices {
            slices[*z].votes = vec![VoxelVotes::default(); *area];
            slices[*z].masks = vec![None; entries.len()];
        }
        Self {
            labels,
            area: grid.area(),
            columns: grid.columns(),
            voxel_volumes: (0..grid.slices()).map(|z| picolitres(grid.voxel_ml(z))).collect(),
            members: entries.iter().map(|entry| Member::new(entry, &extent, thresholds)).collect(),
            extent,
            thresholds,
            rule: VoteRule::new(MemberCounts::default(), &thresholds, 0.5), // No member: any threshold.
            slices,
            multi_planar_answered: false,
        }
    }

    /// Makes the vote one among `members` and, with `multi_planar`, the DPNs on coronal and
    /// sagittal sections, which weigh as much as the axial DPNs for each projection.
    /// `single_family_threshold` decides where one family votes alone. Earlier answers still count;
    /// all of them must be of `members`.
    pub fn set_members(&mut self, members: &[usize], single_family_threshold: f64, multi_planar: bool) {
        let mut counts = MemberCounts::default();
        for &member in members {
            counts.add(self.members[member].group);
        }
        if multi_planar {
            counts.dpn *= 3;
        }
        self.rule = VoteRule::new(counts, &self.thresholds, single_family_threshold);
        self.slices.iter_mut().for_each(|slice| slice.settled = None);
        self.evaluate_all();
        self.settle();
    }

    /// Label bytes of the whole volume.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Label bytes of slice `z`.
    pub fn slice_labels(&self, z: usize) -> &[u8] {
        &self.labels[z * self.area..(z + 1) * self.area]
    }

    /// Whether slice `z` shows lesions: those of this vote, or of an earlier one that was decided.
    pub fn has_lesion_labels(&self, z: usize) -> bool {
        self.slices[z].shown || self.slices[z].votes.is_empty()
    }

    /// Slices that show lung, the largest lung area first.
    pub fn lung_slices(&self) -> impl ExactSizeIterator<Item = usize> {
        self.extent.slices.iter().map(|(_, z)| *z)
    }

    /// The box for networks on coronal and sagittal sections, and the first and the last slice with
    /// lung.
    pub fn lung_box(&self, input: &Input) -> (CropBox, (usize, usize)) {
        let crop_box = CropBox::around(self.extent.rows, self.extent.columns, input.box_margin);
        let ends = self.lung_slices().min().zip(self.lung_slices().max());
        (crop_box, ends.expect("invariant: a vote begins where there is lung"))
    }

    /// Returns a member's input for slice `z`, `[size, size]`.
    pub fn network_input(&self, volume: &HuVolume, member: usize, z: usize) -> Vec<f32> {
        let member = &self.members[member];
        member.crop_box.crop(volume, z, &member.input)
    }

    /// Counts one member's probabilities `[size, size]` for slice `z`, and evaluates the slice.
    pub fn accept(&mut self, member: usize, z: usize, answer: &[f32]) -> Result<(), EnsembleError> {
        let (index, member) = (member, &self.members[member]);
        let probabilities = member.to_box(answer)?;
        let slice = &mut self.slices[z];
        let bytes = slice.votes.len().div_ceil(8);
        let own_peak = self.rule.components.map(|rule| rule.own_peak);
        let peaks = if own_peak.is_some() { vec![0; bytes] } else { Vec::new() };
        let mut mask = MemberMask { lesions: [0; 2], bits: vec![0; bytes], peaks };
        let labels = &self.labels[z * self.area..(z + 1) * self.area];
        let lung = member.crop_box.at_lung_voxels(&probabilities, labels, self.columns);
        for (nth, ((label, probability), votes)) in lung.zip(&mut slice.votes).enumerate() {
            let quantized = quantize(probability);
            match member.group {
                VotingGroup::Dpn => votes.dpn += quantized,
                VotingGroup::Fpn => votes.fpn += quantized,
                VotingGroup::Resnet => votes.resnet += u8::from(quantized > member.resnet_threshold),
            }
            if quantized > member.own_threshold {
                mask.bits[nth / 8] |= 1 << (nth % 8);
                mask.lesions[side(label)] += 1;
                if own_peak.is_some_and(|peak| quantized >= peak) {
                    mask.peaks[nth / 8] |= 1 << (nth % 8);
                }
            }
        }
        slice.answered.add(member.group);
        slice.masks[index] = Some(mask);
        self.evaluate(z);
        Ok(())
    }

    /// Counts the coronal and sagittal networks on every slice with lung, and evaluates the slices.
    /// `probabilities(z)` returns a quantized sum at each pixel of `crop_box`; it counts `times`,
    /// once for each axial DPN.
    pub fn add_multi_planar(&mut self, crop_box: CropBox, times: u8, probabilities: impl Fn(usize) -> Vec<u16>) {
        self.multi_planar_answered = true;
        for (_, z) in &self.extent.slices {
            let slice = &mut self.slices[*z];
            let labels = &self.labels[z * self.area..(z + 1) * self.area];
            let sums = probabilities(*z);
            for ((_, sum), votes) in crop_box.at_lung_voxels(&sums, labels, self.columns).zip(&mut slice.votes) {
                votes.dpn += u16::from(times) * sum;
            }
            slice.answered.dpn += 2 * times;
        }
        self.evaluate_all();
    }

    /// Returns one member's answer `[size, size]` on a slice of the study's grid, quantized as the
    /// vote counts it; 0 outside the member's box.
    pub fn quantized_on_slice(&self, member: usize, answer: &[f32]) -> Result<Vec<u16>, EnsembleError> {
        let member = &self.members[member];
        let probabilities = member.to_box(answer)?;
        // Every pixel counts as lung.
        let everywhere = vec![u8::MAX; self.area];
        let pixels = member.crop_box.at_lung_voxels(&probabilities, &everywhere, self.columns);
        Ok(pixels.map(|(_, probability)| quantize(probability)).collect())
    }

    fn evaluate_all(&mut self) {
        for z in self.lung_slices().collect::<Vec<_>>() {
            self.evaluate(z);
        }
    }

    /// Evaluates the vote on slice `z`. Where all of its voxels are decided, its labels get their
    /// lesions.
    fn evaluate(&mut self, z: usize) {
        if let Some(rule) = self.rule.components {
            self.evaluate_alone(z, rule);
            return;
        }
        let slice = &mut self.slices[z];
        let labels = &mut self.labels[z * self.area..(z + 1) * self.area];
        (slice.lesions, slice.open) = Default::default();
        // Neighbours mostly have the same votes.
        let mut last = (VoxelVotes::default(), self.rule.evaluate(VoxelVotes::default(), slice.answered));
        let mut decision = |votes: VoxelVotes| {
            if votes != last.0 {
                last = (votes, self.rule.evaluate(votes, slice.answered));
            }
            last.1
        };
        for (label, votes) in labels.iter().filter(|l| **l != 0).zip(&slice.votes) {
            match decision(*votes) {
                Decision::Lesion => slice.lesions[side(*label)] += 1,
                Decision::Open => slice.open[side(*label)] += 1,
                Decision::NoLesion => {}
            }
        }
        slice.undecided = slice.open != [0; 2];
        if !slice.undecided {
            slice.shown = true;
            for (label, votes) in labels.iter_mut().filter(|l| **l != 0).zip(&slice.votes) {
                let lesion = decision(*votes) == Decision::Lesion;
                *label = *label & !label::LESION | if lesion { label::LESION } else { 0 };
            }
        }
    }

    /// Evaluates the vote on slice `z` by what this slice alone tells of its components: those that
    /// convince here are lesions whatever is on other slices. They are shown once the vote has
    /// decided all voxels; [`Self::settle`] adds the others.
    fn evaluate_alone(&mut self, z: usize, rule: ComponentRule) {
        let flags = self.flags(z, rule);
        let mut certain = ComponentRuns::new(self.columns);
        certain.add_slice(z, self.voxel_volumes[z], &flags, self.lung_rows(), [IS_LESION, CONVINCES]);
        let accepted: Vec<_> = certain.into_accepted(rule.least_volume).iter().flat_map(SliceRuns::accepted).collect();
        let labels = &mut self.labels[z * self.area..(z + 1) * self.area];
        let mut least = count_sides(labels, accepted.iter().cloned());
        let mut most = [0; 2];
        for (label, _) in labels.iter().zip(&flags).filter(|(_, flags)| **flags & MAY_BE_LESION != 0) {
            most[side(*label)] += 1;
        }
        let slice = &mut self.slices[z];
        if let Some(settled) = slice.settled {
            for (side, [least_settled, most_settled]) in settled.into_iter().enumerate() {
                (least[side], most[side]) = (least[side].max(least_settled), most[side].min(most_settled));
            }
        }
        slice.lesions = least;
        slice.open = [0, 1].map(|side| most[side] - least[side]);
        slice.undecided |= slice.settled.is_none();
        if slice.undecided && !flags.iter().any(|flags| is_open(*flags)) {
            slice.shown = true;
            clear_marks(labels);
            for voxels in accepted {
                add_bit(&mut labels[voxels], label::LESION);
            }
        }
    }

    /// Decides which components of the whole vote's mask count as lesion, as far as the answers
    /// tell; whether it may have changed labels. Where every component counts it does nothing.
    ///
    /// The final mask of the vote has all voxels that are lesion by now (*certain*), and none that
    /// can't become lesion any more (others are *possible*). So each of its components is in one
    /// component of the possible voxels, and has all of each component of the certain voxels that
    /// it meets. A component of the possible voxels that can't reach the peak or the least volume
    /// has no lesion. A component of the certain voxels that reaches both is lesion. A slice is
    /// decided when that holds for all of its voxels and the vote on each is decided, so that
    /// traces are those of a full run, too.
    pub fn settle(&mut self) -> bool {
        let Some(rule) = self.rule.components else { return false };
        if self.slices.iter().all(|slice| slice.answered == MemberCounts::default()) {
            return false; // Nothing is certain, everything is possible.
        }
        let _span = tracing::info_span!("settle_components", slices = self.lung_slices().len()).entered();
        let (mut possible, mut certain) = (ComponentRuns::new(self.columns), ComponentRuns::new(self.columns));
        let mut rising: Vec<usize> = self.lung_slices().collect();
        rising.sort_unstable();
        for &z in &rising {
            let (flags, rows, volume) = (self.flags(z, rule), self.lung_rows(), self.voxel_volumes[z]);
            possible.add_slice(z, volume, &flags, rows.clone(), [MAY_BE_LESION, MAY_CONVINCE]);
            certain.add_slice(z, volume, &flags, rows, [IS_LESION, CONVINCES]);
            self.slices[z].undecided = flags.iter().any(|flags| is_open(*flags));
        }
        let least = rule.least_volume;
        for (possible, certain) in possible.into_accepted(least).into_iter().zip(certain.into_accepted(least)) {
            let z = certain.z;
            let labels = &mut self.labels[z * self.area..(z + 1) * self.area];
            let (kept, most) = (count_sides(labels, certain.accepted()), count_sides(labels, possible.accepted()));
            let slice = &mut self.slices[z];
            slice.lesions = kept;
            slice.open = [0, 1].map(|side| most[side] - kept[side]);
            slice.settled = Some([0, 1].map(|side| [kept[side], most[side]]));
            slice.undecided |= slice.open != [0; 2];
            if !slice.undecided {
                slice.shown = true;
                clear_marks(labels);
                for AcceptedRun { voxels, accepted } in certain.runs {
                    add_bit(&mut labels[voxels], if accepted { label::LESION } else { label::TRACE });
                }
            }
        }
        true
    }

    /// Returns what the answers so far tell of each voxel of slice `z` ([`MAY_BE_LESION`] and the
    /// others).
    fn flags(&self, z: usize, rule: ComponentRule) -> Vec<u8> {
        let slice = &self.slices[z];
        let flags_of = |votes: VoxelVotes| {
            let lesion = match self.rule.evaluate(votes, slice.answered) {
                Decision::Lesion => MAY_BE_LESION | IS_LESION,
                Decision::Open => MAY_BE_LESION,
                Decision::NoLesion => return 0,
            };
            let [does, may] = self.rule.reaches_peak(rule, votes, slice.answered);
            lesion | if may { MAY_CONVINCE } else { 0 } | if does { CONVINCES } else { 0 }
        };
        // Neighbours mostly have the same votes.
        let mut last = (VoxelVotes::default(), flags_of(VoxelVotes::default()));
        let mut flags = vec![0; self.area];
        let lung = flags.iter_mut().zip(self.slice_labels(z)).filter(|(_, label)| **label != 0);
        for ((flags, _), votes) in lung.zip(&slice.votes) {
            if *votes != last.0 {
                last = (*votes, flags_of(*votes));
            }
            *flags = last.1;
        }
        flags
    }

    /// The rows that show lung on any slice.
    const fn lung_rows(&self) -> Range<usize> {
        self.extent.rows.0..self.extent.rows.1 + 1
    }

    /// Whether no member still to come can change slice `z`.
    pub fn is_decided(&self, z: usize) -> bool {
        !self.slices[z].undecided
    }

    /// Whether the member has answered for slice `z`.
    pub fn has_answered(&self, member: usize, z: usize) -> bool {
        self.slices[z].masks[member].is_some()
    }

    /// Whether the coronal and sagittal networks are counted.
    pub const fn has_multi_planar_answers(&self) -> bool {
        self.multi_planar_answered
    }

    /// Returns the lesion voxels that slice `z` has at least, and those that may become lesion.
    pub fn bounds(&self, z: usize) -> (RightLeft<u32>, RightLeft<u32>) {
        (self.slices[z].lesions, self.slices[z].open)
    }

    /// Returns the lesion voxels in a member's own mask, slice by slice; those of the vote where
    /// the member wasn't needed. Where components must convince, those of the member's own mask
    /// must, by its own probabilities.
    pub fn member_lesions(&self, member: usize) -> Vec<(usize, RightLeft<u32>)> {
        let Some(rule) = self.rule.components else {
            let lesions = |z: usize| {
                let slice = &self.slices[z];
                slice.masks[member].as_ref().map_or(slice.lesions, |mask| mask.lesions)
            };
            return self.lung_slices().map(|z| (z, lesions(z))).collect();
        };
        let mut runs = ComponentRuns::new(self.columns);
        let mut rising: Vec<usize> = self.lung_slices().collect();
        rising.sort_unstable();
        for z in rising {
            let flags = self.member_flags(member, z);
            runs.add_slice(z, self.voxel_volumes[z], &flags, self.lung_rows(), [IS_LESION, CONVINCES]);
        }
        let slices = runs.into_accepted(rule.least_volume).into_iter();
        slices.map(|slice| (slice.z, count_sides(self.slice_labels(slice.z), slice.accepted()))).collect()
    }

    /// Returns, for each voxel of slice `z`, whether a member marks it and whether its probability
    /// reaches the components' peak. Where the member wasn't needed, the vote's lesions stand for
    /// its marks, and count as reaching the peak.
    fn member_flags(&self, member: usize, z: usize) -> Vec<u8> {
        let labels = self.slice_labels(z);
        let Some(mask) = &self.slices[z].masks[member] else {
            let lesion = |label: &u8| if label & label::LESION != 0 { IS_LESION | CONVINCES } else { 0 };
            return labels.iter().map(lesion).collect();
        };
        let mut flags = vec![0; labels.len()];
        let lung = flags.iter_mut().zip(labels).filter(|(_, label)| **label != 0);
        for (nth, (flags, _)) in lung.enumerate() {
            let has = |bits: &[u8]| bits[nth / 8] >> (nth % 8) & 1 == 1;
            if has(&mask.bits) {
                *flags = IS_LESION | if has(&mask.peaks) { CONVINCES } else { 0 };
            }
        }
        flags
    }

    /// Returns for every voxel of slice `z` the share, in per cent, of those `members` whose own
    /// mask has the voxel, among those that have answered for the slice; `None` before two have,
    /// and on a slice without lung.
    pub fn agreement(&self, members: &[usize], z: usize) -> Option<Vec<u8>> {
        let masks = &self.slices[z].masks;
        let answered: Vec<&MemberMask> = members.iter().filter_map(|m| masks.get(*m)?.as_ref()).collect();
        if answered.len() < 2 {
            return None;
        }
        let labels = self.slice_labels(z);
        let mut percent = vec![0; labels.len()];
        let lung = percent.iter_mut().zip(labels).filter(|(_, l)| **l != 0);
        for (nth, (out, _)) in lung.enumerate() {
            let marked = |mask: &&&MemberMask| mask.bits[nth / 8] >> (nth % 8) & 1 == 1;
            *out = (100 * answered.iter().filter(marked).count() / answered.len()) as u8;
        }
        Some(percent)
    }

    /// Returns the masks of lesions and of traces, one bit a voxel.
    pub fn marked_bits(&self) -> MarkedBits {
        [label::LESION, label::TRACE].map(|bit| {
            let byte = |eight: &[u8]| (0..).zip(eight).fold(0, |byte, (nth, l)| byte | u8::from(l & bit != 0) << nth);
            self.labels.chunks(8).map(byte).collect()
        })
    }

    /// Shows the lesions and traces of an earlier answer in place of this vote's, until
    /// [`Self::show_this_vote`].
    pub fn show_marked(&mut self, [lesions, traces]: &MarkedBits) {
        for ((labels, lesions), traces) in self.labels.chunks_mut(8).zip(lesions).zip(traces) {
            for (nth, label) in labels.iter_mut().enumerate() {
                let bit = |bits: &u8, bit: u8| if bits >> nth & 1 == 1 { bit } else { 0 };
                *label =
                    *label & !(label::LESION | label::TRACE) | bit(lesions, label::LESION) | bit(traces, label::TRACE);
            }
        }
    }

    /// Shows this vote's lesions again on the slices that are decided.
    pub fn show_this_vote(&mut self) {
        self.evaluate_all();
        self.settle();
    }
}

/// Index of a label byte's side in a [`RightLeft`].
fn side(label: u8) -> usize {
    usize::from(label & label::LEFT_LUNG != 0)
}

/// Returns whether members still to come can change the vote on a voxel.
const fn is_open(flags: u8) -> bool {
    flags & (MAY_BE_LESION | IS_LESION) == MAY_BE_LESION
}

/// Counts the voxels of these runs of a slice by their side.
fn count_sides(labels: &[u8], runs: impl Iterator<Item = Range<usize>>) -> RightLeft<u32> {
    let mut count = [0; 2];
    for label in runs.flat_map(|voxels| &labels[voxels]) {
        count[side(*label)] += 1;
    }
    count
}

/// Takes lesions and traces from labels.
fn clear_marks(labels: &mut [u8]) {
    for label in labels {
        *label &= !(label::LESION | label::TRACE);
    }
}

fn add_bit(labels: &mut [u8], bit: u8) {
    for label in labels {
        *label |= bit;
    }
}
