//! `corsai`: the page's pipeline on the command line. `analyse` measures a study and writes its
//! report as JSON, `series` lists what there is to measure, `phantom` writes a synthetic study,
//! `bench` times the networks. Nothing of a study is kept, and nothing is sent.
//!
//! Standard output bears the report or the list and nothing else; what goes on is told on standard
//! error.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod analyse;
mod arguments;
mod bench;
mod crew;
mod engine;
mod gpu;
mod masks;
mod phantom;
mod reading;

use std::{io, process::ExitCode};

use arguments::Command;

/// Refused: the report says why.
const REFUSED: u8 = 2;
/// The report, the masks or the phantom could not be written.
const NOT_WRITTEN: u8 = 1;
/// The command line was not understood (`sysexits.h`'s EX_USAGE).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let done = match arguments::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            io::Write::write_all(&mut io::stdout(), arguments::HELP.as_bytes()).map(|()| ExitCode::SUCCESS)
        }
        Ok(Command::Analyse(asked)) => analyse::run(&asked).map(|measured| match measured {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(REFUSED),
        }),
        Ok(Command::Series(study)) => reading::list_series(&study).map(|usable| match usable {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(REFUSED),
        }),
        Ok(Command::Bench { device, runs }) => bench::run(device, runs).map(|()| ExitCode::SUCCESS),
        Ok(Command::Phantom { folder, options }) => phantom::write(&folder, options).map(|()| ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("corsai: {error}\n\n{}", arguments::HELP);
            return ExitCode::from(USAGE);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("corsai: {error}");
        ExitCode::from(NOT_WRITTEN)
    })
}
