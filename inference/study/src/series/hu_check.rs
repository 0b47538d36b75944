//! Whether a volume's numbers can be Hounsfield units at all: an exporter that applied the intercept twice, or left it
//! out, moves everything by 1,024 and still writes a valid file.
//!
//! Only what no body can look like is refused; whether there are lungs in it is not asked here.

use corsai_protocol::{Issue, IssueCode};

/// Every how many voxels one is looked at; odd, so that it is no multiple of a row.
const EVERY: usize = 37;
/// Fat, blood and muscle. Even a child in the widest field of view fills more of a picture.
const SOFT_HU: std::ops::RangeInclusive<i16> = -200..=200;
const LEAST_SOFT: f64 = 0.02;
/// Bone and metal. A skull is a tenth of its picture.
const DENSE_HU: i16 = 600;
const MOST_DENSE: f64 = 0.25;
/// Air around or within the body; a narrow field of view may leave it out.
const AIR_HU: i16 = -700;
const LEAST_AIR: f64 = 0.001;
/// Without air, so much bone is more likely muscle that lacks its intercept.
const MOST_DENSE_WITHOUT_AIR: f64 = 0.05;

/// The reason not to measure, if there is one.
pub(crate) fn doubt(voxels: &[i16]) -> Option<Issue> {
    let share = |is: fn(i16) -> bool| {
        let seen = voxels.len().div_ceil(EVERY).max(1);
        voxels.iter().step_by(EVERY).filter(|hu| is(**hu)).count() as f64 / seen as f64
    };
    let soft = share(|hu| SOFT_HU.contains(&hu));
    let dense = share(|hu| hu > DENSE_HU);
    let air = share(|hu| hu < AIR_HU);
    let most_dense = if air < LEAST_AIR { MOST_DENSE_WITHOUT_AIR } else { MOST_DENSE };
    let found = format!("{:.1} % air, {:.1} % soft tissue, {:.1} % bone", air * 100.0, soft * 100.0, dense * 100.0);
    (soft < LEAST_SOFT || dense > most_dense).then(|| Issue::new(IssueCode::HuImplausible, &found))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth air, a fifth lung, fat, muscle and some bone, as a chest's slice has it.
    fn chest(shift: i16) -> Vec<i16> {
        let bands: &[(usize, i16)] = &[(300, -1000), (200, -850), (150, -100), (300, 40), (50, 700)];
        let once: Vec<i16> = bands.iter().flat_map(|(count, hu)| vec![(hu + shift).max(-1024); *count]).collect();
        once.repeat(EVERY)
    }

    #[test]
    fn bodies_are_plausible_with_and_without_lungs() {
        assert_eq!(doubt(&chest(0)), None);
        let head: Vec<i16> = [vec![-1000; 400], vec![40; 480], vec![1200; 120]].concat().repeat(EVERY);
        assert_eq!(doubt(&head), None);
        assert_eq!(doubt(&[40, 60, -90, 10].repeat(EVERY * 100)), None);
    }

    #[test]
    fn an_intercept_applied_twice_or_never_is_seen() {
        assert!(doubt(&chest(-1024)).is_some());
        assert!(doubt(&chest(1024)).is_some());
        assert!(doubt(&[-1024; 5000]).is_some());
        assert!(doubt(&[]).is_some());
    }
}
