//! The privacy panel.

use corsai_language::{Argument, message};

use crate::text::{Text, language};

pub const REQUESTS_HINT: Text = Text("privacy-requests-hint");
pub const CHECK_POLICY: Text = Text("privacy-check-policy");
pub const CHECK_REQUESTS: Text = Text("privacy-check-requests");
pub const CHECK_OFFLINE: Text = Text("privacy-check-offline");
pub const POLICY_UNKNOWN: Text = Text("privacy-policy-unknown");
pub const READY_NO_COPY: Text = Text("privacy-ready-no-copy");
pub const POLICY_MISSING: Text = Text("privacy-policy-missing");
pub const CHECK_STORAGE: Text = Text("privacy-check-storage");
pub const POLICY_ENFORCED: Text = Text("privacy-policy-enforced");
pub const LIMITS: Text = Text("privacy-limits");
pub const STORES_NOTHING: Text = Text("privacy-stores-nothing");
pub const READY_COPYING: Text = Text("privacy-ready-copying");
pub const READY: Text = Text("privacy-ready");
pub const CHECK_BUILD: Text = Text("privacy-check-build");
pub const NETWORKS_LOADING: Text = Text("privacy-networks-loading");
pub const STORAGE_UNKNOWN: Text = Text("privacy-storage-unknown");
pub const REQUESTS_UNKNOWN: Text = Text("privacy-requests-unknown");
pub const NO_REQUEST: Text = Text("privacy-no-request");
pub const NO_VIOLATION: Text = Text("privacy-no-violation");
pub const WEIGHTS: Text = Text("privacy-weights");
pub const NOTHING_STORED: Text = Text("privacy-nothing-stored");
pub const HOW_TO_CHECK: Text = Text("privacy-how-to-check");
pub const DELETE_AND_RELOAD: Text = Text("privacy-delete-and-reload");
pub const NO_STUDY_YET: Text = Text("privacy-no-study-yet");
pub const TITLE: Text = Text("privacy-title");
pub const LICENCES: Text = Text("privacy-licences");
pub const POLICY: Text = Text("privacy-policy");
pub const REQUESTS: Text = Text("privacy-requests");
pub const DELETE: Text = Text("privacy-delete");
pub const CHECKSUMS: Text = Text("privacy-checksums");
pub const FROM_BROWSER: Text = Text("privacy-from-browser");
pub const SBOM: Text = Text("privacy-sbom");
pub const STORAGE: Text = Text("privacy-storage");
pub const PARTS: Text = Text("privacy-parts");
pub const MANIFEST: Text = Text("privacy-manifest");
pub const BUILD: Text = Text("privacy-build");

/// Returns the requests since a study was opened.
pub fn requests_since(requests: usize, own_files: bool) -> String {
    let id = if own_files { "privacy-requests-own" } else { "privacy-requests-foreign" };
    message!(language(), id, requests = requests)
}

/// Returns the count of all requests, and how many of them are listed.
pub fn all_requests(count: usize, listed: usize) -> String {
    if listed < count {
        message!(language(), "privacy-all-requests-newest", requests = count, listed = listed)
    } else {
        message!(language(), "privacy-all-requests", requests = count)
    }
}

/// Returns the time of a request since the page was opened.
pub fn request_time(seconds: f64) -> String {
    message!(language(), "privacy-request-time", seconds = Argument::decimal(seconds, 1))
}

/// Returns the directives that were violated.
pub fn violations(directives: &[String]) -> String {
    message!(language(), "privacy-violations", directives = directives.join(", "))
}

/// Returns what is stored.
pub fn stored(weights: u32, page: u32, settings: &[String], bytes: Option<f64>) -> String {
    let language = language();
    let settings = if settings.is_empty() { language.text("privacy-stored-no-settings") } else { settings.join(", ") };
    let stored = message!(language, "privacy-stored", weights = weights, page = page, settings = settings);
    let bytes = bytes.map(|b| message!(language, "privacy-stored-bytes", size = language.bytes(b as u64)));
    let sentences = [Some(stored), bytes, Some(language.text("privacy-stored-no-study"))];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
