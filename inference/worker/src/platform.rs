//! What the browser offers to compute on. The feature `gpu` is decided here and in the list of
//! modules, and nowhere else.

use corsai_networks::Precision;
use corsai_protocol::DeviceReason;
use futures_util::future::LocalBoxFuture;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::{adapter_info::AdapterInfo, backend::Backend, cpu_backend::CpuBackend};

/// What opens devices; native tests have their own.
pub trait Platform: std::fmt::Debug {
    /// Returns the GPU adapter, or why there is none.
    fn adapter(&self) -> LocalBoxFuture<'_, Result<AdapterInfo, DeviceReason>>;

    /// Opens the GPU. With [`Precision::Half`] feature maps and weights are f16 where the GPU has
    /// it.
    ///
    /// # Errors
    /// Why the GPU can't be used.
    fn open_gpu(&self, precision: Precision) -> LocalBoxFuture<'_, Result<Box<dyn Backend>, DeviceReason>>;

    /// Starts this many compute workers, without waiting for them.
    fn open_cpu(&self, workers: usize) -> Box<dyn Backend>;
}

/// The browser that this worker runs in.
#[derive(Debug)]
pub struct Browser;

impl Platform for Browser {
    fn adapter(&self) -> LocalBoxFuture<'_, Result<AdapterInfo, DeviceReason>> {
        Box::pin(async {
            // Without the feature nothing of the request may be in the binary.
            #[cfg(feature = "gpu")]
            let found = AdapterInfo::request().await;
            #[cfg(not(feature = "gpu"))]
            let found = None;
            found.ok_or_else(|| {
                let secure = Reflect::get(&js_sys::global(), &JsValue::from_str("isSecureContext"));
                if secure.is_ok_and(|secure| secure.is_falsy()) {
                    DeviceReason::InsecureContext
                } else {
                    DeviceReason::NoAdapter
                }
            })
        })
    }

    #[cfg(feature = "gpu")]
    fn open_gpu(&self, precision: Precision) -> LocalBoxFuture<'_, Result<Box<dyn Backend>, DeviceReason>> {
        Box::pin(async move {
            let gpu = crate::gpu_backend::GpuBackend::open(precision).await?;
            Ok(Box::new(gpu) as Box<dyn Backend>)
        })
    }

    #[cfg(not(feature = "gpu"))]
    fn open_gpu(&self, _: Precision) -> LocalBoxFuture<'_, Result<Box<dyn Backend>, DeviceReason>> {
        Box::pin(async { Err(DeviceReason::BuiltWithoutGpu) })
    }

    fn open_cpu(&self, workers: usize) -> Box<dyn Backend> {
        Box::new(CpuBackend::start(workers))
    }
}
