//! In place of `gpu` in the binary without one: nothing is offered, so no [`GpuBackend`] ever is.

use std::convert::Infallible;

use corsai_ensemble::Job;
use corsai_manifest::NetworkEntry;
use corsai_networks::{NetworkError, Precision};
use corsai_report::Issue;

use crate::{cpu_backend::Check, device_selection::AdapterInfo, engine::Outcome, weight_store::Parts};

#[allow(clippy::unused_async, reason = "as with a graphics processor")]
pub async fn offered() -> Option<AdapterInfo> {
    None
}

/// There is none.
#[derive(Debug)]
pub struct GpuBackend(Infallible);

#[allow(clippy::unused_async, clippy::needless_pass_by_ref_mut, reason = "as with a graphics processor")]
impl GpuBackend {
    pub async fn acquire(_: Precision) -> Result<Self, &'static str> {
        Err("this part of the page was made for a browser without a graphics processor")
    }

    pub const fn precision(&self) -> Precision {
        match self.0 {}
    }

    pub fn has(&self, _: usize) -> bool {
        match self.0 {}
    }

    pub async fn give(&mut self, _: usize, _: &NetworkEntry, _: &Parts) -> Result<(), Issue> {
        match self.0 {}
    }

    pub fn load(&mut self, _: usize, _: &NetworkEntry, _: &Parts) -> Result<(), NetworkError> {
        match self.0 {}
    }

    pub async fn check(&self, _: &NetworkEntry, _: usize) -> Check {
        match self.0 {}
    }

    pub fn has_room(&self) -> bool {
        match self.0 {}
    }

    pub fn busy(&self) -> bool {
        match self.0 {}
    }

    pub fn start(&mut self, _: Job) {
        match self.0 {}
    }

    pub async fn next(&mut self) -> Outcome {
        match self.0 {}
    }

    pub fn abandon(&mut self) {
        match self.0 {}
    }
}
