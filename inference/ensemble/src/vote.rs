//! The paper's vote (`networks.md` §3), and what a part of the members already decides.
//!
//! A member's probability is counted in whole steps of 1/[`UNIT`], so a family's sum is exact and the same in any order
//! of arrival. Every family's say rises with its sum; after some of its members the sum lies between what they gave and
//! that plus [`UNIT`] for each member to come. A pixel whose verdict is the same at both ends is decided: the members
//! left can't change it, to the bit.

use corsai_manifest::{Family, Manifest, Vote};

/// Steps of a probability of 1.
pub(crate) const UNIT: u16 = 2048;
const _: () = assert!(UNIT as usize * Manifest::MOST_MEMBERS <= u16::MAX as usize, "a ballot's sums are u16");

/// A probability in steps, rounded to the nearest, halves to the even one (as `training/pipeline.py`).
pub(crate) fn steps(probability: f32) -> u16 {
    (probability.clamp(0.0, 1.0) * f32::from(UNIT)).round_ties_even() as u16
}

/// Steps whose probability is above `threshold` are more than this.
pub(crate) fn above(threshold: f64) -> u16 {
    (threshold * f64::from(UNIT)).floor().clamp(0.0, f64::from(u16::MAX)) as u16
}

/// Which of the vote's three parts a family speaks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Dpn,
    Fpn,
    /// Both kinds together.
    Resnet,
}

impl Part {
    pub const fn of(family: Family) -> Option<Self> {
        match family {
            Family::Lungs => None,
            Family::Dpn => Some(Self::Dpn),
            Family::Fpn => Some(Self::Fpn),
            Family::Resnet21 | Family::Resnet18 => Some(Self::Resnet),
        }
    }
}

/// What has been said of one pixel so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ballot {
    /// Sums in steps.
    pub dpn: u16,
    pub fpn: u16,
    /// ResNets that were for a lesion.
    pub resnet: u8,
}

/// How many members of each part spoke, or will.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub dpn: u8,
    pub fpn: u8,
    pub resnet: u8,
}

impl Counts {
    pub fn add(&mut self, part: Part) {
        match part {
            Part::Dpn => self.dpn += 1,
            Part::Fpn => self.fpn += 1,
            Part::Resnet => self.resnet += 1,
        }
    }
}

/// What is known of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Lesion,
    Clear,
    /// Members still to come can turn it either way.
    Open,
}

/// The two sums between which a family says nothing: for a lesion above `high`, against one below `low`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Between {
    low: u32,
    high: u32,
}

impl Between {
    fn new(members: u8, low: f64, high: f64) -> Self {
        let whole = f64::from(UNIT) * f64::from(members);
        Self { low: (low * whole).ceil() as u32, high: (high * whole).floor() as u32 }
    }

    fn say(self, sum: u32) -> i8 {
        match sum {
            sum if sum > self.high => 1,
            sum if sum < self.low => -1,
            _ => 0,
        }
    }
}

/// A vote among certain members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    members: Counts,
    dpn: Option<Between>,
    fpn: Option<Between>,
}

impl Rule {
    /// Families that have no members don't vote. One family of means by itself decides by `alone`: the vote's
    /// thresholds are made for several.
    pub fn new(members: Counts, vote: &Vote, alone: f64) -> Self {
        let by_itself = members.resnet == 0 && (members.dpn == 0 || members.fpn == 0);
        let between = |count: u8, low: f64, high: f64| {
            let (low, high) = if by_itself { (0.0, alone) } else { (low, high) };
            (count > 0).then(|| Between::new(count, low, high))
        };
        Self {
            members,
            dpn: between(members.dpn, vote.dpn.low, vote.dpn.high),
            fpn: between(members.fpn, vote.fpn.low, vote.fpn.high),
        }
    }

    /// What `ballot`, of those members that `spoke`, decides.
    pub fn verdict(&self, ballot: Ballot, spoke: Counts) -> Verdict {
        let (mut least, mut most) = (0, 0);
        for (between, sum, members, spoke) in
            [(self.dpn, ballot.dpn, self.members.dpn, spoke.dpn), (self.fpn, ballot.fpn, self.members.fpn, spoke.fpn)]
        {
            let Some(between) = between else { continue };
            let sum = u32::from(sum);
            let to_come =
                u32::from(UNIT) * u32::from(members.checked_sub(spoke).expect("invariant: only members speak"));
            least += between.say(sum);
            most += between.say(sum + to_come);
        }
        if self.members.resnet > 0 {
            let unanimous = ballot.resnet >= spoke.resnet;
            least += i8::from(unanimous && spoke.resnet >= self.members.resnet);
            most += i8::from(unanimous);
        }
        if least > 0 {
            Verdict::Lesion
        } else if most > 0 {
            Verdict::Open
        } else {
            Verdict::Clear
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The vote as the paper words it, on whole means.
    fn worded(dpn: &[f64], fpn: &[f64], resnet: &[f64]) -> bool {
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
        proptest::collection::vec(0..=UNIT, 0..=most)
    }

    fn ballot(dpn: &[u16], fpn: &[u16], resnet: &[u16]) -> (Ballot, Counts) {
        let agree = resnet.iter().filter(|p| **p > above(0.5)).count();
        (
            Ballot { dpn: dpn.iter().sum(), fpn: fpn.iter().sum(), resnet: count(agree) },
            Counts { dpn: count(dpn.len()), fpn: count(fpn.len()), resnet: count(resnet.len()) },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_whole_vote_is_the_papers(
            dpn in probabilities(6), fpn in probabilities(6), resnet in probabilities(6)
        ) {
            let families = [&dpn, &fpn, &resnet].iter().filter(|m| !m.is_empty()).count();
            prop_assume!(families > 1);
            let exact = |steps: &Vec<u16>| -> Vec<f64> {
                steps.iter().map(|s| f64::from(*s) / f64::from(UNIT)).collect()
            };
            let (ballot, counts) = ballot(&dpn, &fpn, &resnet);
            let verdict = Rule::new(counts, &Vote::PAPER, 0.4).verdict(ballot, counts);
            let expected = worded(&exact(&dpn), &exact(&fpn), &exact(&resnet));
            prop_assert_eq!(verdict, if expected { Verdict::Lesion } else { Verdict::Clear });
        }

        #[test]
        fn what_some_members_decide_the_others_do_not_change(
            dpn in probabilities(6), fpn in probabilities(6), resnet in probabilities(6),
            heard in proptest::array::uniform3(0_usize..=6), alone in 0.0_f64..1.0,
        ) {
            let (whole, counts) = ballot(&dpn, &fpn, &resnet);
            let rule = Rule::new(counts, &Vote::PAPER, alone);
            let end = rule.verdict(whole, counts);
            prop_assert_ne!(end, Verdict::Open);
            let first = |members: &[u16], n: usize| members[..n.min(members.len())].to_vec();
            let (part, spoke) = ballot(&first(&dpn, heard[0]), &first(&fpn, heard[1]), &first(&resnet, heard[2]));
            let early = rule.verdict(part, spoke);
            prop_assert!(early == Verdict::Open || early == end, "{early:?} became {end:?}");
        }
    }

    #[test]
    fn a_family_by_itself_decides_by_its_threshold() {
        let counts = Counts { fpn: 1, ..Counts::default() };
        let rule = Rule::new(counts, &Vote::PAPER, 0.4);
        let verdict = |p| rule.verdict(Ballot { fpn: steps(p), ..Ballot::default() }, counts);
        assert_eq!((verdict(0.39), verdict(0.41)), (Verdict::Clear, Verdict::Lesion));
    }

    #[test]
    fn a_clear_pixel_needs_four_networks_of_eighteen_and_a_lesion_more() {
        // networks.md §3: 6 members each; one ResNet against, then the means' upper ends.
        let members = Counts { dpn: 6, fpn: 6, resnet: 6 };
        let rule = Rule::new(members, &Vote::PAPER, 0.4);
        let clear = |fpn: u8, dpn: u8| rule.verdict(Ballot::default(), Counts { fpn, dpn, resnet: 1 });
        assert_eq!(clear(1, 2), Verdict::Clear);
        assert_eq!(clear(1, 1), Verdict::Open);
        let full = |n: u8| u16::from(n) * UNIT;
        let sure = rule.verdict(Ballot { dpn: full(5), fpn: full(1), resnet: 0 }, Counts { dpn: 5, fpn: 1, resnet: 0 });
        assert_eq!(sure, Verdict::Lesion);
    }
}
