//! A phantom as two raw arrays, for `models/training`: `arrays PREFIX SHARE_LEFT SHARE_RIGHT SEED`
//! writes `PREFIX.hu` (i16, little-endian) and `PREFIX.labels` (label bytes), both `[slices, rows,
//! columns]`.

use std::{env, error::Error, fs};

use corsai_phantom::{Phantom, PhantomOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [prefix, left, right, seed] = arguments.as_slice() else {
        return Err("arguments: PREFIX SHARE_LEFT SHARE_RIGHT SEED".into());
    };
    let phantom = Phantom::generate(PhantomOptions {
        share_left: left.parse()?,
        share_right: right.parse()?,
        seed: seed.parse()?,
        ..PhantomOptions::default()
    })?;
    let hu: Vec<u8> = phantom.hu().iter().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(format!("{prefix}.hu"), hu)?;
    fs::write(format!("{prefix}.labels"), phantom.labels())?;
    Ok(())
}
