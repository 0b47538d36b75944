//! What the browser tells of its GPU adapter. wgpu passes on too little of it to know a software
//! adapter.

#[cfg(feature = "gpu")]
use corsai_channel::adapter;
#[cfg(feature = "gpu")]
use js_sys::Reflect;
#[cfg(feature = "gpu")]
use wasm_bindgen::JsValue;

/// Names of software adapters: the browser's own, Mesa's, Microsoft's.
#[cfg(any(feature = "gpu", test))]
const SOFTWARE: [&str; 6] = ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render", "warp"];

/// A GPU adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterInfo {
    /// What the adapter calls itself.
    pub name: String,
    /// The adapter emulates a GPU on the CPU.
    pub software: bool,
}

impl AdapterInfo {
    /// Asks the browser; `None` where it has no WebGPU or no adapter.
    #[cfg(feature = "gpu")]
    pub async fn request() -> Option<Self> {
        let get = |of: &JsValue, key: &str| Reflect::get(of, &JsValue::from_str(key)).ok();
        let adapter = adapter().await?;
        let info = get(&adapter, "info").filter(JsValue::is_object)?;
        let text = |key: &str| get(&info, key).and_then(|v| v.as_string()).filter(|t| !t.is_empty());
        let words = ["vendor", "architecture", "device", "description"].into_iter().filter_map(text).collect();
        let fallback = [&info, &adapter].iter().any(|of| get(of, "isFallbackAdapter").is_some_and(|v| v.is_truthy()));
        Some(Self::new(words, fallback))
    }

    /// `words` are vendor, architecture, device and description, without the empty ones.
    #[cfg(any(feature = "gpu", test))]
    fn new(mut words: Vec<String>, fallback: bool) -> Self {
        let all = words.join(" ");
        let lower = all.to_lowercase();
        let software = fallback || SOFTWARE.iter().any(|name| lower.contains(name));
        // A description names vendor and device as well.
        let name = match words.pop() {
            None => "an adapter without a name".into(),
            Some(description) if description.contains(' ') => description,
            Some(_) => all,
        };
        Self { name, software }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(words: &[&str]) -> AdapterInfo {
        AdapterInfo::new(words.iter().map(ToString::to_string).collect(), false)
    }

    #[test]
    fn a_description_stands_alone_and_single_words_stand_together() {
        assert_eq!(info(&["nvidia", "ampere", "NVIDIA GeForce RTX 3060"]).name, "NVIDIA GeForce RTX 3060");
        assert_eq!(info(&["apple", "metal-3"]).name, "apple metal-3");
        assert_eq!(info(&[]).name, "an adapter without a name");
    }

    #[test]
    fn a_software_adapter_is_known_by_its_name_or_its_flag() {
        assert!(info(&["google", "SwiftShader"]).software);
        assert!(info(&["mesa", "llvmpipe (LLVM 15.0.7, 256 bits)"]).software);
        assert!(!info(&["apple", "metal-3"]).software);
        assert!(AdapterInfo::new(Vec::new(), true).software);
    }
}
