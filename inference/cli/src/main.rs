//! `corsai`: the page's pipeline on the command line. `analyse` measures a study and writes its
//! report as JSON, `evaluate` holds many studies against masks and readings, `series` lists what
//! there is to measure, `phantom` writes a synthetic study, `bench` times the networks. Nothing is
//! kept but what is asked for, and nothing is sent.
//!
//! Standard output bears the report, the list or the summary and nothing else; what goes on is told
//! on standard error.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod analyse;
mod arguments;
mod bench;
mod crew;
mod engine;
mod evaluate;
mod exit_status;
mod gpu;
mod masks;
mod measured;
mod network_parts;
mod phantom;
mod probabilities;
mod progress;
mod reading;

use std::{io, process::ExitCode};

use arguments::{Command, CommandLine};
use clap::{CommandFactory, Parser, error::ErrorKind};
use exit_status::{NOT_WRITTEN, REFUSED, USAGE};

fn main() -> ExitCode {
    let command = match CommandLine::try_parse() {
        Ok(line) => line.command,
        Err(error) => return told(&error),
    };
    let refused_unless = |measured| if measured { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) };
    let done = match command {
        Command::Analyse(asked) => analyse::run(&asked).map(refused_unless),
        Command::Evaluate(asked) => evaluate::run(&asked),
        Command::Series { study } => reading::list_series(&study).map(refused_unless),
        Command::Phantom(asked) => phantom::write(&asked.folder, asked.options()).map(|()| ExitCode::SUCCESS),
        Command::Bench { device, runs } => bench::run(device.preference(), runs).map(|()| ExitCode::SUCCESS),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut CommandLine::command(), "corsai", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("corsai: {error}");
        ExitCode::from(NOT_WRITTEN)
    })
}

/// Prints help where it is asked for, and else what was not understood.
fn told(error: &clap::Error) -> ExitCode {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    let asked = matches!(error.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand);
    match error.print() {
        Ok(()) if asked => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(USAGE),
        Err(_) => ExitCode::from(NOT_WRITTEN),
    }
}
