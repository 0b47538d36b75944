//! The cards of what is being computed.

use corsai_protocol::{Progress, Stage};

use crate::{
    format,
    weights::{queue::DownloadProgress, status::WeightsStatus},
};

pub const STALLED: &str = "There has been no progress for a minute. You can wait, or stop the run.";
pub const WORKER_STOPPED: &str = "The computing part of this page has stopped. The numbers stay.";
pub const STOPPED_BY_PERSON: &str = "You stopped the measurement. What was finished stays.";
pub const LISTING: &str = "Looking through the folder";
pub const PICTURES_LOST: &str = "Pictures lost";
pub const MEASURE_AGAIN: &str = "Measure again";
pub const PROGRESS: &str = "Progress";
pub const FORCE_STOP: &str = "Stop the run";
pub const BUSY: &str = "Busy";
pub const DONE: &str = "Done";

/// Returns the name of a stage.
pub const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "Reading files",
        Stage::Decoding => "Decoding slices",
        Stage::Weights => "Loading the networks",
        Stage::Device => "Choosing where to compute",
        Stage::Lungs => "Finding the lungs",
        Stage::Lesions => "Finding lesions",
        Stage::Refining => "More networks are voting",
    }
}

const fn unit(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "file",
        Stage::Weights => "network",
        Stage::Device => "step",
        Stage::Decoding | Stage::Lungs | Stage::Lesions => "slice",
        Stage::Refining => "run",
    }
}

/// Returns "slice 12 of 148 · about 20 s left", or bytes while weights are loaded.
pub fn detail(progress: &Progress, loaded: &WeightsStatus, download: Option<&DownloadProgress>) -> String {
    if progress.stage == Stage::Weights && loaded.bytes < loaded.total {
        return format!("{} of {}", format::bytes(loaded.bytes), format::bytes(loaded.total));
    }
    let mut parts = Vec::new();
    if progress.total > 0 && progress.stage != Stage::Weights {
        parts.push(format!("{} {} of {}", unit(progress.stage), progress.done.min(progress.total), progress.total));
    }
    let mut seconds_left = progress.seconds_left;
    if let Some(download) = download {
        parts.push(format!(
            "loading a network: {} of {}",
            format::bytes(download.bytes),
            format::bytes(download.total)
        ));
        seconds_left = download.seconds_left();
    }
    parts.extend(seconds_left.map(format::time_left).filter(|l| !l.is_empty()));
    parts.join(" · ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const LOADED: WeightsStatus = WeightsStatus { bytes: 9, total: 9, failed: false, cached: true };

    pub(crate) fn at(stage: Stage, done: u32, total: u32, seconds_left: Option<f64>) -> Progress {
        Progress { stage, done, total, seconds_left }
    }

    #[test]
    fn says_which_slice_and_how_long() {
        let text = detail(&at(Stage::Lesions, 12, 148, Some(21.0)), &LOADED, None).replace('\u{202f}', " ");
        assert_eq!(text, "slice 12 of 148 · about 25 s left");
        assert_eq!(detail(&at(Stage::Reading, 3, 0, None), &LOADED, None), "");
    }

    #[test]
    fn a_further_network_is_counted_in_bytes_beside_the_runs() {
        let mut download = DownloadProgress::new(0, 15_800_000, 0.0);
        download.update(3_950_000, 10_000.0);
        for stage in [Stage::Refining, Stage::Weights] {
            let text = detail(&at(stage, 0, 600, Some(3.0)), &LOADED, Some(&download)).replace('\u{202f}', " ");
            let loading = "loading a network: 4.0 MB of 15.8 MB · about 30 s left";
            assert_eq!(
                text,
                if stage == Stage::Weights { loading.into() } else { format!("run 0 of 600 · {loading}") }
            );
        }
    }
}
