//! Whether the values of a volume can be Hounsfield units: an exporter that applies the intercept
//! twice, or leaves it out, moves all values by 1,024 and still writes a valid file.
//!
//! Only volumes that no body looks like are refused. Whether there are lungs isn't checked here.

use std::ops::RangeInclusive;

use corsai_report::{Found, Issue, IssueCode};

/// One voxel in this many is sampled; odd, so that it is no multiple of a row.
const SAMPLING: usize = 37;
/// Fat, blood and muscle, HU.
const SOFT_TISSUE_HU: RangeInclusive<i16> = -200..=200;
/// Least share of soft tissue. Even a child in the widest field of view fills more of an image.
const MIN_SOFT_TISSUE: f64 = 0.02;
/// Bone and metal are above, HU.
const BONE_HU: i16 = 600;
/// Largest share of bone. A skull is a tenth of its image.
const MAX_BONE: f64 = 0.25;
/// Lung, and the air around the body, are below, HU.
const AIR_BELOW_HU: i16 = -700;
/// A smaller share of air is none; a narrow field of view may leave air out.
const MIN_AIR: f64 = 0.001;
/// Largest share of bone without air: more is probably muscle without its intercept.
const MAX_BONE_WITHOUT_AIR: f64 = 0.05;

/// The lowest value of a chest is below, HU: a chest has air. Values that were shifted, windowed or
/// reduced to 8 bits may have none.
const LOWEST_HU: i16 = -500;

/// Returns why the values can't be Hounsfield units; `None` where they can.
pub(crate) fn check(voxels: &[i16]) -> Option<Issue> {
    let share = |is: fn(i16) -> bool| {
        let sampled = voxels.len().div_ceil(SAMPLING).max(1);
        voxels.iter().step_by(SAMPLING).filter(|hu| is(**hu)).count() as f64 / sampled as f64
    };
    let soft = share(|hu| SOFT_TISSUE_HU.contains(&hu));
    let bone = share(|hu| hu > BONE_HU);
    let air = share(|hu| hu < AIR_BELOW_HU);
    let max_bone = if air < MIN_AIR { MAX_BONE_WITHOUT_AIR } else { MAX_BONE };
    let implausible = soft < MIN_SOFT_TISSUE || bone > max_bone;
    implausible.then(|| Issue::new(IssueCode::HuImplausible, [Found::Densities { air, soft, bone }]))
}

/// As [`check`], of values whose header doesn't say how they came about: a chest has air, too.
pub(crate) fn check_derived(voxels: &[i16]) -> Option<Issue> {
    check(voxels).or_else(|| {
        let hu = voxels.iter().min().copied()?;
        (hu > LOWEST_HU).then(|| Issue::new(IssueCode::HuImplausible, [Found::LowestHu { hu }]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth air, a fifth lung, fat, muscle and some bone, as a chest's slice has it.
    fn chest(shift: i16) -> Vec<i16> {
        let bands: &[(usize, i16)] = &[(300, -1000), (200, -850), (150, -100), (300, 40), (50, 700)];
        let once: Vec<i16> = bands.iter().flat_map(|(count, hu)| vec![(hu + shift).max(-1024); *count]).collect();
        once.repeat(SAMPLING)
    }

    #[test]
    fn bodies_are_plausible_with_and_without_lungs() {
        assert_eq!(check(&chest(0)), None);
        let head: Vec<i16> = [vec![-1000; 400], vec![40; 480], vec![1200; 120]].concat().repeat(SAMPLING);
        assert_eq!(check(&head), None);
        assert_eq!(check(&[40, 60, -90, 10].repeat(SAMPLING * 100)), None);
    }

    #[test]
    fn an_intercept_applied_twice_or_never_is_seen() {
        assert!(check(&chest(-1024)).is_some());
        assert!(check(&chest(1024)).is_some());
        assert!(check(&[-1024; 5000]).is_some());
        assert!(check(&[]).is_some());
    }
}
