//! The privacy panel.

use crate::format;

pub const REQUESTS_HINT: &str = "The browser lists this page's requests here. It does not list those of the service worker, which fetches the page's own files once to keep them, and is itself looked up now and then for a newer version (sw.js). The computing part, which reads the study, is forbidden any request.";
pub const CHECK_POLICY: &str = "Look at the response headers of worker.js there: “connect-src 'none'” means that the browser lets the part that reads the study connect to nothing, whatever its code says.";
pub const CHECK_REQUESTS: &str = "Or leave it on, open the browser's developer tools (F12) at “Network” before you open a study, and watch: no line is added. Other programs see it too, Wireshark for one.";
pub const CHECK_OFFLINE: &str = "Wait until the networks are loaded, switch the network off (flight mode), and open a study. It is measured all the same: nothing that leaves this computer is needed.";
pub const POLICY_UNKNOWN: &str = "The policy of the computing part couldn't be read from the host. The code makes no connection; whether the browser enforces it isn't known here.";
pub const READY_NO_COPY: &str = "Switch your network off now: it still works as long as this tab is open and the study isn't closed. Nothing is kept here for a later visit.";
pub const POLICY_MISSING: &str = "This host does not send the policy that forbids the computing part any connection. The code makes none, but here nothing enforces it.";
pub const CHECK_STORAGE: &str = "Under “Application” look at what is stored: the page's own files, the networks' weights, the scale you chose. Nothing of a study.";
pub const POLICY_ENFORCED: &str = "The host sends the policy that forbids the computing part any connection (connect-src 'none'), and the browser enforces it.";
pub const LIMITS: &str =
    "None of this covers browser extensions, the operating system, and what you save or copy out of the page yourself.";
pub const STORES_NOTHING: &str =
    "Nothing is stored in this browser, and this tab will store nothing until you load the page again.";
pub const READY_COPYING: &str =
    "Switch your network off now: it still works. The page is still being kept for a later visit.";
pub const READY: &str = "Switch your network off now: it still works, and the page opens again without a network.";
pub const CHECK_BUILD: &str = "Build the page from its source and compare the checksums with those linked above.";
pub const NETWORKS_LOADING: &str = "The networks are still loading. Keep the network on until they are loaded.";
pub const STORAGE_UNKNOWN: &str = "This browser doesn't tell what is stored. Nothing of a study is stored.";
pub const REQUESTS_UNKNOWN: &str = "This browser doesn't list the page's requests.";
pub const FOREIGN_FILES: &str = "not all of them for this page's own files";
pub const NO_REQUEST: &str = "Since a study was opened: no request.";
pub const OWN_FILES: &str = "each for one of this page's own files";
pub const NO_VIOLATION: &str = "The policy has had nothing to stop.";
pub const WEIGHTS: &str = "SHA-256 and licences of the weights";
pub const NOTHING_STORED: &str = "Nothing is stored in this browser.";
pub const HOW_TO_CHECK: &str = "How to check that nothing is sent";
pub const DELETE_AND_RELOAD: &str = "Delete it and reload the page";
pub const NO_STUDY_YET: &str = "No study has been opened yet.";
pub const TITLE: &str = "Privacy, and how to check it";
pub const LICENCES: &str = "Licences of code and weights";
pub const POLICY: &str = "What the browser enforces";
pub const REQUESTS: &str = "Requests of this page";
pub const DELETE: &str = "Delete everything stored";
pub const CHECKSUMS: &str = "Checksums of every file";
pub const FROM_BROWSER: &str = "from this browser";
pub const SBOM: &str = "All parts (SBOM)";
pub const STORAGE: &str = "What is stored";
pub const PARTS: &str = "What runs here";
pub const MANIFEST: &str = "Manifest";
pub const BUILD: &str = "Build";

/// Returns the requests since a study was opened.
pub fn requests_since(requests: usize, own_files: bool) -> String {
    let whose = if own_files { OWN_FILES } else { FOREIGN_FILES };
    format!("Since a study was opened: {}, {whose}.", format::counted(requests, "request", "requests"))
}

/// Returns the count of all requests, and how many of them are listed.
pub fn all_requests(count: usize, listed: usize) -> String {
    let newest = if listed < count { format!("; the newest {listed}") } else { String::new() };
    format!("{} since the page was opened{newest}", format::counted(count, "request", "requests"))
}

/// Returns the directives that were violated.
pub fn violations(directives: &[String]) -> String {
    format!("The policy has stopped: {}.", directives.join(", "))
}

/// Returns what is stored.
pub fn stored(weights: u32, page: u32, settings: &[String], bytes: Option<f64>) -> String {
    let settings = if settings.is_empty() { "none".into() } else { settings.join(", ") };
    let bytes = bytes.map_or_else(String::new, |b| format!(" {} in all.", format::bytes(b as u64)));
    format!(
        "Stored in this browser: {} of weights, {} of the page itself, settings: {settings}.{bytes} Nothing of a study.",
        format::counted(weights as usize, "file", "files"),
        format::counted(page as usize, "file", "files"),
    )
}
