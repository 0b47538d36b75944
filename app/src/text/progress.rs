//! The cards of what is being computed.

use corsai_language::message;
use corsai_protocol::{Progress, Stage};

use crate::{
    text::{Text, language},
    weights::{queue::DownloadProgress, status::WeightsStatus},
};

pub const STALLED: Text = Text("progress-stalled");
pub const WORKER_STOPPED: Text = Text("progress-worker-stopped");
pub const STOPPED_BY_PERSON: Text = Text("progress-stopped-by-person");
pub const LISTING: Text = Text("progress-listing");
pub const PICTURES_LOST: Text = Text("progress-pictures-lost");
pub const MEASURE_AGAIN: Text = Text("progress-measure-again");
pub const PROGRESS: Text = Text("progress-progress");
pub const FORCE_STOP: Text = Text("progress-force-stop");
pub const BUSY: Text = Text("progress-busy");
pub const DONE: Text = Text("progress-done");

/// Returns the name of a stage.
pub const fn stage_name(stage: Stage) -> Text {
    match stage {
        Stage::Reading => Text("progress-stage-reading"),
        Stage::Decoding => Text("progress-stage-decoding"),
        Stage::Weights => Text("progress-stage-weights"),
        Stage::Device => Text("progress-stage-device"),
        Stage::Lungs => Text("progress-stage-lungs"),
        Stage::Lesions => Text("progress-stage-lesions"),
        Stage::Refining => Text("progress-stage-refining"),
    }
}

/// Returns "slice 12 of 148".
fn steps(progress: &Progress) -> String {
    let id = match progress.stage {
        Stage::Reading => "progress-file",
        Stage::Weights | Stage::Device => "progress-step",
        Stage::Decoding | Stage::Lungs | Stage::Lesions => "progress-slice",
        Stage::Refining => "progress-run",
    };
    message!(language(), id, done = progress.done.min(progress.total).to_string(), total = progress.total.to_string())
}

/// Returns the number of files that were found so far.
pub fn files_found(files: usize) -> String {
    message!(language(), "progress-files-found", files = files)
}

/// Returns "slice 12 of 148 · about 20 s left", or bytes while weights are loaded.
pub fn detail(progress: &Progress, loaded: &WeightsStatus, download: Option<&DownloadProgress>) -> String {
    let language = language();
    if progress.stage == Stage::Weights && loaded.bytes < loaded.total {
        let (bytes, total) = (language.bytes(loaded.bytes), language.bytes(loaded.total));
        return message!(language, "progress-bytes", bytes = bytes, total = total);
    }
    let mut parts = Vec::new();
    if progress.total > 0 && progress.stage != Stage::Weights {
        parts.push(steps(progress));
    }
    let mut seconds_left = progress.seconds_left;
    if let Some(download) = download {
        let (bytes, total) = (language.bytes(download.bytes), language.bytes(download.total));
        parts.push(message!(language, "progress-loading", bytes = bytes, total = total));
        seconds_left = download.seconds_left();
    }
    parts.extend(seconds_left.map(|seconds| language.time_left(seconds)).filter(|left| !left.is_empty()));
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
