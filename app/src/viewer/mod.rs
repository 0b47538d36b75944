//! The viewer's components: axial slices with overlays.

mod annotations;
mod painter;
mod panel;
mod slider;
mod toolbar;
mod viewport;

pub use panel::Viewer;
