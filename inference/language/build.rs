//! Lists the tables below `languages`: one folder for each language, named by its BCP 47 tag. A
//! further language is a further folder.

#![allow(clippy::disallowed_methods, reason = "it runs on the machine that builds, never in a browser")]

use std::{env, error::Error, fmt::Write, fs, path::Path, path::PathBuf};

/// Tables that belong to the command line.
const COMMAND_LINE: [&str; 2] = ["command-line.ftl", "evaluation.ftl"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=languages");
    let with_command_line = env::var_os("CARGO_FEATURE_COMMAND_LINE").is_some();
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("languages");
    let folders = sorted(&root)?;
    let mut code = format!("static TABLES: [Table; {}] = [\n", folders.len());
    for (index, folder) in folders.iter().enumerate() {
        let files = sorted(folder)?.into_iter().filter(|file| {
            let belongs_to_command_line = COMMAND_LINE.iter().any(|name| file.ends_with(name));
            with_command_line || !belongs_to_command_line
        });
        let sources: String = files.map(|file| format!("include_str!({:?}), ", file.display().to_string())).collect();
        let tag = folder.file_name().ok_or("a folder without a name")?.to_string_lossy();
        writeln!(code, "    Table::new({tag:?}, &[{sources}], format_number::<{index}>),")?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("tables.rs"), code)?;
    Ok(())
}

/// Returns the entries of a folder by name.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut entries: Vec<PathBuf> = entries.collect::<Result<_, std::io::Error>>()?;
    entries.sort();
    Ok(entries)
}
