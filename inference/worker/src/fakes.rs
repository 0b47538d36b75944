//! A platform for native tests: its devices answer at once, and fail when they are told to.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use corsai_networks::Precision;
use corsai_protocol::{BackendKind, DeviceReason};
use futures_util::future::{LocalBoxFuture, ready};

use crate::{
    adapter_info::AdapterInfo,
    backend::{Backend, BackendEvent, NetworkWeights},
    error::WorkerError,
    platform::Platform,
    self_test::SelfTest,
};

/// A device of the tests.
#[derive(Debug, Clone)]
pub struct FakeBackend {
    pub kind: BackendKind,
    pub precision: Precision,
    pub slice_ms: f64,
    /// Of every known slice.
    pub deviation: Option<f64>,
    pub workers: usize,
    pub networks: Vec<usize>,
    /// The jobs that wait: ticket, network and input.
    pub jobs: VecDeque<(u32, usize, Vec<f32>)>,
    /// Computes a network's answer to an input.
    pub answer: fn(usize, &[f32]) -> Vec<f32>,
    /// The next events, before those of the jobs.
    pub events: Rc<RefCell<VecDeque<BackendEvent>>>,
}

impl FakeBackend {
    pub fn new(kind: BackendKind, slice_ms: f64) -> Self {
        Self {
            kind,
            precision: Precision::Single,
            slice_ms,
            deviation: Some(1e-6),
            workers: 0,
            networks: Vec::new(),
            jobs: VecDeque::new(),
            answer: |network, _| vec![network as f32],
            events: Rc::default(),
        }
    }
}

impl Backend for FakeBackend {
    fn kind(&self) -> BackendKind {
        self.kind
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn has_capacity(&self) -> bool {
        self.jobs.len() < 2
    }

    fn is_busy(&self) -> bool {
        !self.jobs.is_empty() || !self.events.borrow().is_empty()
    }

    fn submit(&mut self, ticket: u32, network: usize, input: Vec<f32>) {
        self.jobs.push_back((ticket, network, input));
    }

    fn next_event(&mut self) -> LocalBoxFuture<'_, BackendEvent> {
        let told = self.events.borrow_mut().pop_front();
        Box::pin(ready(told.unwrap_or_else(|| {
            let (ticket, network, input) = self.jobs.pop_front().unwrap();
            BackendEvent::Answer { ticket, values: (self.answer)(network, &input) }
        })))
    }

    fn has_network(&self, network: usize) -> bool {
        self.networks.contains(&network)
    }

    fn load(&mut self, weights: NetworkWeights) -> LocalBoxFuture<'_, Result<(), WorkerError>> {
        self.networks.push(weights.network);
        Box::pin(ready(Ok(())))
    }

    fn self_test(&mut self, networks: Vec<NetworkWeights>) -> LocalBoxFuture<'_, Result<Vec<SelfTest>, WorkerError>> {
        self.networks.extend(networks.iter().map(|weights| weights.network));
        let (milliseconds, deviation) = (self.slice_ms, self.deviation);
        let test = |weights: &NetworkWeights| SelfTest { network: weights.network, milliseconds, deviation };
        Box::pin(ready(Ok(networks.iter().map(test).collect())))
    }

    fn grow(&mut self, count: usize) {
        self.workers = self.workers.max(count);
    }

    fn workers(&self) -> usize {
        self.workers
    }
}

/// What the browser of a test offers.
#[derive(Debug)]
pub struct FakePlatform {
    pub adapter: Result<AdapterInfo, DeviceReason>,
    /// The devices that are opened, one after the other.
    pub gpus: RefCell<VecDeque<Result<FakeBackend, DeviceReason>>>,
    /// Every compute worker.
    pub cpu: FakeBackend,
    /// The precisions that GPUs were opened with.
    pub opened: RefCell<Vec<Precision>>,
}

impl FakePlatform {
    /// A browser with this GPU, beside a CPU that takes 100 ms a slice and worker.
    pub fn with_gpus(gpus: impl IntoIterator<Item = Result<FakeBackend, DeviceReason>>) -> Self {
        Self {
            adapter: Ok(AdapterInfo { name: "a GPU".into(), software: false }),
            gpus: RefCell::new(gpus.into_iter().collect()),
            cpu: FakeBackend::new(BackendKind::Cpu, 100.0),
            opened: RefCell::default(),
        }
    }
}

impl Platform for FakePlatform {
    fn adapter(&self) -> LocalBoxFuture<'_, Result<AdapterInfo, DeviceReason>> {
        Box::pin(ready(self.adapter.clone()))
    }

    fn open_gpu(&self, precision: Precision) -> LocalBoxFuture<'_, Result<Box<dyn Backend>, DeviceReason>> {
        self.opened.borrow_mut().push(precision);
        let gpu = self.gpus.borrow_mut().pop_front().expect("a test names the GPUs that are opened");
        Box::pin(ready(gpu.map(|gpu| Box::new(gpu) as Box<dyn Backend>)))
    }

    fn open_cpu(&self, workers: usize) -> Box<dyn Backend> {
        Box::new(FakeBackend { workers, ..self.cpu.clone() })
    }
}
