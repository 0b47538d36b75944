//! Why the device in use was chosen.

use corsai_language::{Argument, message};
use corsai_protocol::{DeviceReason, DeviceReport};

use crate::text::language;

/// Returns the sentences for the settings.
pub fn device_reason(device: &DeviceReport) -> String {
    let language = language();
    let reason = match &device.reason {
        DeviceReason::Settings => language.text("device-settings"),
        DeviceReason::NoAdapter => language.text("device-no-adapter"),
        DeviceReason::InsecureContext => language.text("device-insecure-context"),
        DeviceReason::BuiltWithoutGpu => language.text("device-built-without-gpu"),
        DeviceReason::SoftwareAdapter { adapter } => {
            message!(language, "device-software-adapter", adapter = adapter.as_str())
        }
        DeviceReason::NoTimestamps => language.text("device-no-timestamps"),
        DeviceReason::NoDevice => language.text("device-no-device"),
        DeviceReason::UnsuitableDevice => language.text("device-unsuitable"),
        DeviceReason::SelfTestFailed => language.text("device-self-test-failed"),
        DeviceReason::DeviceLost => language.text("device-lost"),
        DeviceReason::CpuFaster { gpu_slice_ms } => {
            message!(language, "device-cpu-faster", time = Argument::decimal(*gpu_slice_ms, 0))
        }
        DeviceReason::GpuFaster { cpu_slice_ms } => {
            message!(language, "device-gpu-faster", time = Argument::decimal(*cpu_slice_ms, 0))
        }
        DeviceReason::ReopenedAfterLoss => language.text("device-reopened-after-loss"),
        DeviceReason::ReopenedWithoutHalf => language.text("device-reopened-without-half"),
    };
    if device.half_failed { format!("{reason} {}", language.text("device-half-failed")) } else { reason }
}

#[cfg(test)]
mod tests {
    use corsai_protocol::BackendKind;

    use super::*;

    #[test]
    fn a_gpu_without_f16_says_so_beside_its_reason() {
        let mut device = DeviceReport {
            backend: BackendKind::Webgpu,
            name: "a GPU".into(),
            slice_ms: 20.0,
            deviation: 1e-5,
            reason: DeviceReason::GpuFaster { cpu_slice_ms: 61.7 },
            half_failed: false,
        };
        assert_eq!(device_reason(&device), "It is faster than the CPU, which would take about 62 ms a slice.");
        device.half_failed = true;
        assert!(device_reason(&device).ends_with("without f16, with which it computed a known slice wrongly."));
    }
}
