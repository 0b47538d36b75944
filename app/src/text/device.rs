//! Why the device in use was chosen.

use corsai_protocol::{DeviceReason, DeviceReport};

/// Returns the sentences for the settings.
pub fn device_reason(device: &DeviceReport) -> String {
    let reason = match &device.reason {
        DeviceReason::Settings => "The settings ask for it.".into(),
        DeviceReason::NoAdapter => "This browser offers no graphics processor to compute on.".into(),
        DeviceReason::InsecureContext => {
            "Browsers offer no graphics processor to a page that isn't served over https.".into()
        }
        DeviceReason::BuiltWithoutGpu => {
            "This part of the page was made for a browser without a graphics processor.".into()
        }
        DeviceReason::SoftwareAdapter { adapter } => {
            format!("The graphics processor is emulated in software ({adapter}) and was passed over.")
        }
        DeviceReason::NoTimestamps => "The graphics processor has no timestamps, which the computation needs.".into(),
        DeviceReason::NoDevice => "The browser could not open the graphics processor.".into(),
        DeviceReason::UnsuitableDevice => "The graphics processor lacks what the computation needs.".into(),
        DeviceReason::SelfTestFailed => "The graphics processor computed a known slice wrongly.".into(),
        DeviceReason::DeviceLost => "The graphics processor was lost.".into(),
        DeviceReason::CpuFaster { gpu_slice_ms } => {
            format!("It is faster than the graphics processor, which took {gpu_slice_ms:.0} ms a slice.")
        }
        DeviceReason::GpuFaster { cpu_slice_ms } => {
            format!("It is faster than the CPU, which would take about {cpu_slice_ms:.0} ms a slice.")
        }
        DeviceReason::ReopenedAfterLoss => "It was lost, and was opened again.".into(),
        DeviceReason::ReopenedWithoutHalf => {
            "It was opened again without f16, with which it computed a known slice wrongly.".into()
        }
    };
    if device.half_failed {
        return reason + " It is used without f16, with which it computed a known slice wrongly.";
    }
    reason
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
