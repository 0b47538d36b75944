//! `corsai`: the page's pipeline on the command line. `analyse` measures a study and writes its
//! report as JSON, `evaluate` compares many studies with masks and readings, `series` lists the
//! series of a study, `phantom` writes a synthetic study, `bench` times the networks. The program
//! writes only the files it is asked for, and sends nothing.
//!
//! Standard output has the report, the list or the summary and nothing else. Messages, progress and
//! log lines go to standard error.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::float_cmp))]

mod analyse;
mod arguments;
mod bench;
mod console;
mod error;
mod evaluate;
mod exit_status;
mod gpu_backend;
mod inference_session;
mod locale;
mod masks;
mod measurement;
mod phantom;
mod probabilities;
mod reading;
mod thread_pool;

use std::{io, process::ExitCode};

use arguments::{Command, CommandLine};
use clap::{CommandFactory, Parser, error::ErrorKind};
use exit_status::{FAILED, REFUSED, USAGE};

fn main() -> ExitCode {
    let command = match CommandLine::try_parse() {
        Ok(line) => line.command,
        Err(error) => return print_parse_error(&error),
    };
    console::start_logging();
    let status = |measured| if measured { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) };
    let result = match command {
        Command::Analyse(arguments) => analyse::run(&arguments).map(status),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Series { study } => reading::list_series(&study).map(status),
        Command::Phantom(arguments) => phantom::run(&arguments.folder, arguments.options()).map(|()| ExitCode::SUCCESS),
        Command::Bench { device, runs } => bench::run(device.preference(), runs).map(|()| ExitCode::SUCCESS),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut CommandLine::command(), "corsai", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    result.unwrap_or_else(|error| {
        console::message(format_args!("corsai: {error}"));
        ExitCode::from(FAILED)
    })
}

/// Prints the help, or the error of a command line that was not understood.
fn print_parse_error(error: &clap::Error) -> ExitCode {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    let is_help = matches!(error.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand);
    match error.print() {
        Ok(()) if is_help => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(USAGE),
        Err(_) => ExitCode::from(FAILED),
    }
}
