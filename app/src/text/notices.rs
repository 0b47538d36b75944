//! The notices.

pub const LOAD_FAILED: &str = "The computing part of this page could not be loaded, or the host's file isn't the one that this page was built with. Check the connection and reload the page.";
pub const UNSUPPORTED: &str = "This browser can't start the computing part of this page (a module worker). Use a current Chrome, Edge, Firefox or Safari.";
pub const OTHER_TAB: &str = "Another tab of this page is measuring a study, too. Both take longer, and the graphics processor's memory may not be enough for both.";
pub const EARLIER_REMOVED: &str = "The earlier study was removed. Undo opens and measures it again.";
pub const CLOSED: &str = "The study was closed. Undo opens and measures it again.";
pub const UPDATE: &str = "There is a newer version of this page. ";
pub const LOAD_UPDATE: &str = "Load it";
pub const UNDO: &str = "Undo";
