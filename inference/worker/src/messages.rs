//! What the coordinator and its compute workers say to each other.

use corsai_report::IssueCode;
use corsai_study::{FrameDecoder, SliceError};
use serde::{Deserialize, Serialize};

/// Coordinator → compute worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerRequest {
    /// Load a network. Buffers: its parts.
    Load {
        /// Index in the manifest.
        network: usize,
    },
    /// Free a network's memory.
    Unload {
        /// Index in the manifest.
        network: usize,
    },
    /// Compute a loaded network's known slice.
    SelfTest {
        /// Index in the manifest.
        network: usize,
        /// Compute it a second time, warm, for its time.
        timed: bool,
    },
    /// Compute a network on an input. Buffers: the input, f32.
    Run {
        /// Number of the job.
        ticket: u32,
        /// Index in the manifest.
        network: usize,
    },
    /// Decode a slice. Buffers: its encoded bytes.
    Decode {
        /// Number of the slice's picture in the drop.
        picture: u32,
        /// How the bytes are encoded.
        coding: FrameDecoder,
    },
}

/// Compute worker → coordinator.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerResponse {
    /// The compute worker listens.
    Ready,
    /// A known slice was computed.
    SelfTested {
        /// Index in the manifest.
        network: usize,
        /// Time of the last computation.
        milliseconds: f64,
        /// Largest relative difference to the stored answer; `None` without an answer.
        deviation: Option<f64>,
    },
    /// A job's answer. Buffers: the probabilities, f32.
    Answer {
        /// Number of the job.
        ticket: u32,
        /// Size of the compute worker's memory, which never shrinks.
        memory_bytes: u64,
    },
    /// A slice was decoded. Buffers: its HU, i16, unless there is a fault.
    Decoded {
        /// Number of the slice's picture in the drop.
        picture: u32,
        /// Why the slice can't be used.
        fault: Option<SliceError>,
    },
    /// A request could not be read or carried out.
    Failed {
        /// Number of the job; `None` for another request.
        ticket: Option<u32>,
        /// The issue's code.
        code: IssueCode,
        /// The error as it is displayed.
        cause: String,
    },
    /// The compute worker panicked, or its browser ended it.
    Died {
        /// Source file and line of the panic, where there was one.
        location: Option<String>,
    },
}
