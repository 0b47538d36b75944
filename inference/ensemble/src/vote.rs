//! The paper's vote on one voxel (`docs/method.md`, "Vote"), and what some of its members already
//! decide ("Early stop").
//!
//! A member's probability is counted in whole steps of 1/[`ONE`], so a family's sum is exact and
//! the same in any order of arrival. A family's score never falls when its sum rises. After some of
//! the members, the final sum is between the sum so far and that plus [`ONE`] for each member still
//! to come. A voxel with the same decision at both ends is decided: the members still to come can't
//! change it.

use corsai_manifest::{ComponentBounds, Family, Manifest, Vote};

/// The quantized probability of 1: the largest power of two with which the sum of
/// [`Manifest::MOST_MEMBERS`] members fits into 16 bits (`docs/method.md`, "Vote").
pub(crate) const ONE: u16 = 2048;
const _: () = assert!(ONE as usize * Manifest::MOST_MEMBERS <= u16::MAX as usize, "a family's sum is u16");

/// Returns a probability in steps of 1/[`ONE`], rounded to the nearest, halves to even.
pub(crate) fn quantize(probability: f32) -> u16 {
    (probability.clamp(0.0, 1.0) * f32::from(ONE)).round_ties_even() as u16
}

/// Returns the largest quantized probability that isn't above `threshold`.
pub(crate) fn quantize_threshold(threshold: f64) -> u16 {
    (threshold * f64::from(ONE)).floor().clamp(0.0, f64::from(u16::MAX)) as u16
}

/// Families that vote as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VotingGroup {
    /// By their mean.
    Dpn,
    /// By their mean.
    Fpn,
    /// ResNet-21 and ResNet-18, which vote for a lesion when all of them do.
    Resnet,
}

impl VotingGroup {
    /// The group of a family; `None` for the lungs' networks, which don't vote on lesions.
    pub const fn of(family: Family) -> Option<Self> {
        match family {
            Family::Lungs => None,
            Family::Dpn => Some(Self::Dpn),
            Family::Fpn => Some(Self::Fpn),
            Family::Resnet21 | Family::Resnet18 => Some(Self::Resnet),
        }
    }
}

/// The answers for one voxel so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct VoxelVotes {
    /// Sum of the quantized probabilities.
    pub dpn: u16,
    /// Sum of the quantized probabilities.
    pub fpn: u16,
    /// Number of `ResNet`s that vote for a lesion.
    pub resnet: u8,
}

/// Numbers of members by group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MemberCounts {
    pub dpn: u8,
    pub fpn: u8,
    pub resnet: u8,
}

impl MemberCounts {
    /// Counts one member.
    pub fn add(&mut self, group: VotingGroup) {
        match group {
            VotingGroup::Dpn => self.dpn += 1,
            VotingGroup::Fpn => self.fpn += 1,
            VotingGroup::Resnet => self.resnet += 1,
        }
    }
}

/// What the answers so far decide for a voxel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Lesion,
    NoLesion,
    /// Members still to come can turn it either way.
    Open,
}

/// The sums at which a family abstains: for a lesion above `high`, against it below `low`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AbstainBand {
    low: u32,
    high: u32,
}

impl AbstainBand {
    fn new(members: u8, low: f64, high: f64) -> Self {
        let whole = f64::from(ONE) * f64::from(members);
        Self { low: (low * whole).ceil() as u32, high: (high * whole).floor() as u32 }
    }

    /// Returns 1 for a lesion, −1 against it, 0 for an abstention.
    fn score(self, sum: u32) -> i8 {
        match sum {
            sum if sum > self.high => 1,
            sum if sum < self.low => -1,
            _ => 0,
        }
    }
}

/// Volumes of components are summed in whole picolitres, so that a sum is the same in any order.
const PICOLITRES_PER_ML: f64 = 1e9;

/// Returns a volume in whole picolitres.
pub(crate) fn picolitres(ml: f64) -> u64 {
    (ml * PICOLITRES_PER_ML).round() as u64
}

/// What a component needs to count as lesion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ComponentRule {
    /// Least sum of all FPNs and DPNs at one of its voxels.
    peak: u32,
    /// Least quantized probability of a network alone at one of its voxels.
    pub own_peak: u16,
    /// Least volume, picolitres.
    pub least_volume: u64,
}

impl ComponentRule {
    fn new(members: MemberCounts, bounds: ComponentBounds) -> Self {
        let least_sum = |members: u8| (bounds.peak * f64::from(ONE) * f64::from(members)).ceil() as u32;
        Self {
            peak: least_sum(members.dpn + members.fpn),
            own_peak: u16::try_from(least_sum(1)).unwrap_or(u16::MAX),
            least_volume: picolitres(bounds.least_ml),
        }
    }
}

/// The vote among certain members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VoteRule {
    members: MemberCounts,
    dpn: Option<AbstainBand>,
    fpn: Option<AbstainBand>,
    /// `None` where every component counts.
    pub components: Option<ComponentRule>,
}

impl VoteRule {
    /// Groups without members don't vote. FPN or DPN alone decides by `single_family_threshold` on
    /// its mean, since the vote's thresholds are made for several groups.
    pub fn new(members: MemberCounts, vote: &Vote, single_family_threshold: f64) -> Self {
        let single = members.resnet == 0 && (members.dpn == 0 || members.fpn == 0);
        let band = |count: u8, low: f64, high: f64| {
            let (low, high) = if single { (0.0, single_family_threshold) } else { (low, high) };
            (count > 0).then(|| AbstainBand::new(count, low, high))
        };
        Self {
            members,
            dpn: band(members.dpn, vote.dpn.low, vote.dpn.high),
            fpn: band(members.fpn, vote.fpn.low, vote.fpn.high),
            components: vote.components.map(|bounds| ComponentRule::new(members, bounds)),
        }
    }

    /// Returns whether the mean of all FPNs and DPNs reaches the components' peak: whatever the
    /// members to come answer, and with the highest answers that they can give. Where there is no
    /// FPN and no DPN, every voxel reaches it.
    pub fn reaches_peak(&self, rule: ComponentRule, votes: VoxelVotes, answered: MemberCounts) -> [bool; 2] {
        let sum = u32::from(votes.dpn) + u32::from(votes.fpn);
        let to_come = (self.members.dpn + self.members.fpn).checked_sub(answered.dpn + answered.fpn);
        let to_come = u32::from(to_come.expect("invariant: only members answer"));
        [sum >= rule.peak, sum + u32::from(ONE) * to_come >= rule.peak]
    }

    /// Returns the decision that follows from the `votes` of the members that have `answered`.
    pub fn evaluate(&self, votes: VoxelVotes, answered: MemberCounts) -> Decision {
        let (mut lowest, mut highest) = (0, 0);
        let means = [
            (self.dpn, votes.dpn, self.members.dpn, answered.dpn),
            (self.fpn, votes.fpn, self.members.fpn, answered.fpn),
        ];
        for (band, sum, members, answered) in means {
            let Some(band) = band else { continue };
            let sum = u32::from(sum);
            let to_come = members.checked_sub(answered).expect("invariant: only members answer");
            lowest += band.score(sum);
            highest += band.score(sum + u32::from(ONE) * u32::from(to_come));
        }
        if self.members.resnet > 0 {
            let unanimous = votes.resnet >= answered.resnet;
            lowest += i8::from(unanimous && answered.resnet >= self.members.resnet);
            highest += i8::from(unanimous);
        }
        if lowest > 0 {
            Decision::Lesion
        } else if highest > 0 {
            Decision::Open
        } else {
            Decision::NoLesion
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The vote in the paper's words, on exact means.
    fn paper_vote(dpn: &[f64], fpn: &[f64], resnet: &[f64]) -> bool {
        let mean = |p: &[f64]| p.iter().sum::<f64>() / p.len() as f64;
        let mut score = i32::from(!resnet.is_empty() && resnet.iter().all(|p| *p > 0.5));
        for (members, low, high) in [(dpn, 0.3, 0.7), (fpn, 0.15, 0.85)] {
            if !members.is_empty() {
                score += i32::from(mean(members) > high) - i32::from(mean(members) < low);
            }
        }
        score > 0
    }

    fn count(n: usize) -> u8 {
        u8::try_from(n).unwrap()
    }

    fn probabilities(most: usize) -> impl Strategy<Value = Vec<u16>> {
        proptest::collection::vec(0..=ONE, 0..=most)
    }

    fn votes(dpn: &[u16], fpn: &[u16], resnet: &[u16]) -> (VoxelVotes, MemberCounts) {
        let agree = resnet.iter().filter(|p| **p > quantize_threshold(0.5)).count();
        (
            VoxelVotes { dpn: dpn.iter().sum(), fpn: fpn.iter().sum(), resnet: count(agree) },
            MemberCounts { dpn: count(dpn.len()), fpn: count(fpn.len()), resnet: count(resnet.len()) },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_vote_with_every_answer_is_the_papers(
            dpn in probabilities(6), fpn in probabilities(6), resnet in probabilities(6)
        ) {
            let families = [&dpn, &fpn, &resnet].iter().filter(|m| !m.is_empty()).count();
            prop_assume!(families > 1);
            let exact = |quantized: &Vec<u16>| -> Vec<f64> {
                quantized.iter().map(|s| f64::from(*s) / f64::from(ONE)).collect()
            };
            let (found, counts) = votes(&dpn, &fpn, &resnet);
            let decision = VoteRule::new(counts, &Vote::PAPER, 0.4).evaluate(found, counts);
            let expected = paper_vote(&exact(&dpn), &exact(&fpn), &exact(&resnet));
            prop_assert_eq!(decision, if expected { Decision::Lesion } else { Decision::NoLesion });
        }

        #[test]
        fn a_decision_of_some_members_is_never_changed_by_the_others(
            dpn in probabilities(6), fpn in probabilities(6), resnet in probabilities(6),
            answering in proptest::array::uniform3(0_usize..=6), alone in 0.0_f64..1.0,
        ) {
            let (whole, counts) = votes(&dpn, &fpn, &resnet);
            let rule = VoteRule::new(counts, &Vote::PAPER, alone);
            let end = rule.evaluate(whole, counts);
            prop_assert_ne!(end, Decision::Open);
            let first = |members: &[u16], n: usize| members[..n.min(members.len())].to_vec();
            let (part, answered) = votes(&first(&dpn, answering[0]), &first(&fpn, answering[1]), &first(&resnet, answering[2]));
            let early = rule.evaluate(part, answered);
            prop_assert!(early == Decision::Open || early == end, "{early:?} became {end:?}");
        }
    }

    #[test]
    fn a_family_alone_decides_by_its_own_threshold() {
        let counts = MemberCounts { fpn: 1, ..MemberCounts::default() };
        let rule = VoteRule::new(counts, &Vote::PAPER, 0.4);
        let decision = |p| rule.evaluate(VoxelVotes { fpn: quantize(p), ..VoxelVotes::default() }, counts);
        assert_eq!((decision(0.39), decision(0.41)), (Decision::NoLesion, Decision::Lesion));
    }

    #[test]
    fn no_lesion_is_decided_by_four_networks_of_eighteen_and_a_lesion_by_six() {
        // 6 members each; one ResNet against, then the upper ends of the means (`docs/method.md`,
        // "Early stop").
        let members = MemberCounts { dpn: 6, fpn: 6, resnet: 6 };
        let rule = VoteRule::new(members, &Vote::PAPER, 0.4);
        let without_lesion =
            |fpn: u8, dpn: u8| rule.evaluate(VoxelVotes::default(), MemberCounts { fpn, dpn, resnet: 1 });
        assert_eq!(without_lesion(1, 2), Decision::NoLesion);
        assert_eq!(without_lesion(1, 1), Decision::Open);
        let full = |n: u8| u16::from(n) * ONE;
        let sure = rule
            .evaluate(VoxelVotes { dpn: full(5), fpn: full(1), resnet: 0 }, MemberCounts { dpn: 5, fpn: 1, resnet: 0 });
        assert_eq!(sure, Decision::Lesion);
    }
}
