//! The choice of a device, with devices that answer at once.

use corsai_networks::golden;
use futures_util::FutureExt;

use super::*;
use crate::fakes::{FakeBackend, FakePlatform};

fn store() -> WeightStore {
    let store = WeightStore::default();
    let manifest = manifest().unwrap();
    for network in quick_networks(&manifest) {
        store.put(manifest.networks[network].name.clone(), Vec::new());
    }
    store
}

fn gpu(slice_ms: f64) -> FakeBackend {
    FakeBackend::new(BackendKind::Webgpu, slice_ms)
}

fn half(deviation: Option<f64>) -> FakeBackend {
    FakeBackend { precision: Precision::Half, deviation, ..gpu(10.0) }
}

fn chosen(platform: &FakePlatform, preference: DevicePreference) -> Engine {
    let request = DeviceRequest { preference, cores: 4 };
    choose(platform, request, &store(), |_| {}).now_or_never().unwrap().unwrap()
}

#[test]
fn the_faster_device_is_chosen_and_the_cpu_counts_with_all_its_workers() {
    let faster = chosen(&FakePlatform::with_gpus([Ok(gpu(20.0))]), DevicePreference::Auto);
    assert_eq!(faster.report.reason, DeviceReason::GpuFaster { cpu_slice_ms: 25.0 });
    assert_eq!((faster.report.backend, faster.name().as_str()), (BackendKind::Webgpu, "webgpu: a GPU"));
    let slower = chosen(&FakePlatform::with_gpus([Ok(gpu(30.0))]), DevicePreference::Auto);
    assert_eq!(slower.report.reason, DeviceReason::CpuFaster { gpu_slice_ms: 30.0 });
    assert_eq!((slower.report.backend, slower.name().as_str()), (BackendKind::Cpu, "cpu: 4 workers"));
    assert!(slower.issues.is_empty());
}

#[test]
fn the_settings_decide_where_they_name_a_device() {
    let gpu = chosen(&FakePlatform::with_gpus([Ok(gpu(9_000.0))]), DevicePreference::Gpu);
    assert_eq!((gpu.report.backend, gpu.report.reason), (BackendKind::Webgpu, DeviceReason::Settings));
    let cpu = chosen(&FakePlatform::with_gpus([]), DevicePreference::Cpu);
    assert_eq!((cpu.report.backend, cpu.report.reason), (BackendKind::Cpu, DeviceReason::Settings));
}

#[test]
fn a_software_adapter_is_used_where_the_settings_ask_for_the_gpu_only() {
    let mut platform = FakePlatform::with_gpus([Ok(gpu(1.0))]);
    platform.adapter = Ok(AdapterInfo { name: "llvmpipe".into(), software: true });
    let reason = chosen(&platform, DevicePreference::Auto).report.reason;
    assert_eq!(reason, DeviceReason::SoftwareAdapter { adapter: "llvmpipe".into() });
    assert_eq!(chosen(&platform, DevicePreference::Gpu).report.backend, BackendKind::Webgpu);
}

#[test]
fn without_a_gpu_the_cpu_computes_and_says_why() {
    let platform = FakePlatform::with_gpus([Err(DeviceReason::NoTimestamps)]);
    let engine = chosen(&platform, DevicePreference::Auto);
    assert_eq!((engine.report.backend, engine.report.reason), (BackendKind::Cpu, DeviceReason::NoTimestamps));
}

#[test]
fn a_gpu_that_computes_wrongly_with_f16_is_tried_without() {
    let wrong = golden::tolerance(Precision::Half) * 1.1;
    let platform = FakePlatform::with_gpus([Ok(half(Some(wrong))), Ok(gpu(20.0))]);
    let engine = chosen(&platform, DevicePreference::Auto);
    assert_eq!(*platform.opened.borrow(), [Precision::Half, Precision::Single]);
    assert!(engine.report.half_failed && engine.report.backend == BackendKind::Webgpu);
    let right = FakePlatform::with_gpus([Ok(half(Some(wrong / 1.2)))]);
    let engine = chosen(&right, DevicePreference::Auto);
    assert_eq!((engine.report.name.as_str(), engine.report.half_failed), ("a GPU, f16", false));
}

#[test]
fn a_gpu_that_computes_wrongly_without_f16_too_is_not_used_and_every_result_says_so() {
    for deviation in [None, Some(0.5)] {
        let wrong = FakeBackend { deviation, ..gpu(1.0) };
        let engine = chosen(&FakePlatform::with_gpus([Ok(wrong)]), DevicePreference::Auto);
        assert_eq!(engine.report.reason, DeviceReason::SelfTestFailed);
        assert_eq!(engine.issues[0].code, IssueCode::DeviceSelfTest);
    }
}

#[test]
fn a_cpu_that_computes_wrongly_is_not_trusted_with_a_study() {
    let mut platform = FakePlatform::with_gpus([]);
    platform.cpu.deviation = Some(0.5);
    let request = DeviceRequest { preference: DevicePreference::Cpu, cores: 2 };
    let error = choose(&platform, request, &store(), |_| {}).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.code(), IssueCode::InternalFault);
}

#[test]
fn a_lost_gpu_is_opened_again_without_f16_and_says_so() {
    let platform = FakePlatform::with_gpus([Ok(gpu(20.0))]);
    let engine = reopen_gpu(&platform, &store(), &WorkerError::DeviceLost).now_or_never().unwrap().unwrap();
    assert_eq!(*platform.opened.borrow(), [Precision::Single]);
    assert_eq!(engine.report.reason, DeviceReason::ReopenedAfterLoss);
    assert_eq!(engine.issues[0].code, IssueCode::DeviceRestarted);
}

#[test]
fn after_a_gpu_the_cpu_goes_on_with_the_reason_beside_its_results() {
    let request = DeviceRequest { preference: DevicePreference::Auto, cores: 99 };
    let platform = FakePlatform::with_gpus([]);
    let store = store();
    let engine =
        fall_back_to_cpu(&platform, request, &store, &WorkerError::DeviceLost).now_or_never().unwrap().unwrap();
    assert_eq!((engine.report.name.as_str(), engine.report.reason), ("8 workers", DeviceReason::DeviceLost));
    assert_eq!(engine.issues[0].code, IssueCode::DeviceLost);
}
