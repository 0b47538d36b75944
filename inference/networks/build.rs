//! Compiles in the manifest's golden files and, with the feature `embedded`, the weights, so that
//! no path is needed at run time. `CORSAI_MODELS` names another folder than the repository's
//! `models`, for networks that are trained but not shipped (`models/training` writes such a
//! folder).

#![allow(clippy::disallowed_methods, reason = "it runs on the machine that builds, never in a browser")]
#![allow(clippy::unnecessary_debug_formatting, reason = "a path in quotes is a literal of Rust")]

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=CORSAI_MODELS");
    let shipped = || env::var("CARGO_MANIFEST_DIR").map(|folder| PathBuf::from(folder).join("../../models"));
    let models = env::var_os("CORSAI_MODELS").map_or_else(shipped, |folder| Ok(folder.into()))?.canonicalize()?;
    println!("cargo::rerun-if-changed={}", models.join("manifest.json").display());
    let manifest: serde_json::Value = serde_json::from_str(&fs::read_to_string(models.join("manifest.json"))?)?;
    let embedded = env::var_os("CARGO_FEATURE_EMBEDDED").is_some();
    let mut code = String::from("static SHIPPED: &[Shipped] = &[\n");
    for network in manifest["networks"].as_array().ok_or("no networks")? {
        let name = network["name"].as_str().ok_or("a network without a name")?;
        let golden = models.join("golden").join(network["golden"]["file"].as_str().ok_or("no golden")?);
        write!(code, "Shipped {{ name: {name:?}, golden: include_bytes!({golden:?}), parts: &[")?;
        for part in network["parts"].as_array().filter(|_| embedded).into_iter().flatten() {
            let file = models.join("weights").join(part["file"].as_str().ok_or("a part without a file")?);
            write!(code, "include_bytes!({file:?}), ")?;
        }
        code.push_str("] },\n");
    }
    code.push_str("];\n");
    writeln!(
        code,
        "/// `models/manifest.json`.\npub const MANIFEST_JSON: &str = include_str!({:?});",
        models.join("manifest.json")
    )?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("shipped.rs"), code)?;
    Ok(())
}
