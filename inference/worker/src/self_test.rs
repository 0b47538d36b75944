//! The self-test of a device: a known slice computed, timed and compared with its stored answer.

use corsai_manifest::{Family, Manifest, NetworkEntry};
use corsai_networks::{Network, NetworkError, Precision, golden, shipped};
use web_time::{Duration, Instant};

/// A known slice that takes longer than this, warming up included, isn't computed a second time.
const SLOW: Duration = Duration::from_secs(3);

/// How a device computed a network's known slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfTest {
    /// Index in the manifest.
    pub network: usize,
    /// Time of the last computation.
    pub milliseconds: f64,
    /// Largest relative difference to the stored answer; `None` without an answer.
    pub deviation: Option<f64>,
}

impl SelfTest {
    /// Whether the deviation is within the bounds of this precision.
    pub fn passed(&self, precision: Precision) -> bool {
        self.deviation.is_some_and(|deviation| deviation <= golden::tolerance(precision))
    }
}

/// Computes the network's known slice; with `timed`, a second time where the first one wasn't slow.
///
/// # Errors
/// Any of [`Network::logits`].
pub async fn self_test(
    (index, entry): (usize, &NetworkEntry),
    network: &Network,
    timed: bool,
) -> Result<SelfTest, NetworkError> {
    let shape = network.shape();
    let mut begun = Instant::now();
    let mut logits = network.logits(golden::known_input(shape)).await?;
    if timed && begun.elapsed() < SLOW {
        begun = Instant::now();
        logits = network.logits(golden::known_input(shape)).await?;
    }
    let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
    let deviation =
        shipped::golden(entry).and_then(|stored| golden::deviation(shape, entry.golden.stride, &logits, &stored));
    Ok(SelfTest { network: index, milliseconds, deviation })
}

/// Returns the time of a lesion network's slice in milliseconds and the largest deviation.
///
/// # Errors
/// The first test that did not pass.
pub fn judge(manifest: &Manifest, tests: &[SelfTest], precision: Precision) -> Result<(f64, f64), SelfTest> {
    if let Some(failed) = tests.iter().find(|test| !test.passed(precision)) {
        return Err(*failed);
    }
    let largest = tests.iter().filter_map(|test| test.deviation).fold(0.0, f64::max);
    let of_lesions = |test: &&SelfTest| manifest.networks[test.network].family != Family::Lungs;
    let lesions = tests.iter().find(of_lesions).expect("invariant: the quick tier has a lesion network");
    Ok((lesions.milliseconds, largest))
}

#[cfg(test)]
mod tests {
    use corsai_networks::read_manifest;

    use super::*;

    #[test]
    fn the_lesion_networks_time_and_the_largest_deviation_count() {
        let manifest = read_manifest(shipped::MANIFEST_JSON).unwrap();
        let index =
            |lungs: bool| manifest.networks.iter().position(|entry| (entry.family == Family::Lungs) == lungs).unwrap();
        let test = |lungs, milliseconds, deviation| SelfTest { network: index(lungs), milliseconds, deviation };
        let allowed = golden::tolerance(Precision::Single);
        let tests = [test(true, 90.0, Some(allowed)), test(false, 20.0, Some(allowed / 2.0))];
        assert_eq!(judge(&manifest, &tests, Precision::Single), Ok((20.0, allowed)));
        for deviation in [None, Some(allowed * 1.01), Some(f64::NAN)] {
            let failed = test(true, 1.0, deviation);
            let found = judge(&manifest, &[tests[1], failed], Precision::Single).unwrap_err();
            assert_eq!(found.network, failed.network, "{deviation:?}");
        }
    }
}
