//! The command line, read into what is asked for.

use std::{num::ParseIntError, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use corsai_ensemble::Options;
use corsai_evaluation::LungLabels;
use corsai_language::{Language, message};
use corsai_manifest::Vote;
use corsai_phantom::PhantomOptions;
use corsai_protocol::DevicePreference;

use crate::locale::language;

/// Returns a text of the help.
fn text(id: &str) -> String {
    language().text(id)
}

/// Returns the help behind a command's options: a text, and that this is not a medical device.
fn after(id: &str) -> String {
    format!("{}\n\n{}", text(id), language().disclaimer())
}

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "corsai",
    version,
    about = text("command-about"),
    after_help = language().disclaimer(),
    arg_required_else_help = true
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
    #[arg(
        long,
        global = true,
        value_name = "TAG",
        value_parser = PossibleValuesParser::new(Language::all().map(Language::tag)),
        help = text("argument-language")
    )]
    // It is read by the module `locale` before the help is made.
    language: Option<String>,
}

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(about = text("command-analyse"), after_help = after("command-analyse-after"))]
    Analyse(AnalyseArguments),
    #[command(about = text("command-evaluate"), after_help = after("command-evaluate-after"))]
    Evaluate(EvaluateArguments),
    #[command(about = text("command-series"), after_help = text("command-series-after"))]
    Series {
        #[arg(help = text("argument-study-of-series"))]
        study: PathBuf,
    },
    #[command(about = text("command-phantom"))]
    Phantom(PhantomArguments),
    #[command(about = text("command-bench"))]
    Bench {
        #[arg(long, value_enum, default_value_t = Device::Cpu, help = text("argument-bench-device"))]
        device: Device,
        #[arg(
            long,
            value_name = "N",
            default_value_t = 9,
            value_parser = at_least_one,
            help = text("argument-runs")
        )]
        runs: usize,
    },
    #[command(about = text("command-completions"))]
    Completions {
        #[arg(value_enum, help = text("argument-shell"))]
        shell: clap_complete::Shell,
    },
}

/// The device that computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    Cpu,
    Gpu,
}

impl Device {
    /// Returns the preference for this device.
    pub const fn preference(self) -> DevicePreference {
        match self {
            Self::Cpu => DevicePreference::Cpu,
            Self::Gpu => DevicePreference::Gpu,
        }
    }
}

/// The networks that vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tier {
    #[value(help = text("value-tier-quick"))]
    Quick,
    #[value(help = text("value-tier-standard"))]
    Standard,
    #[value(help = text("value-tier-full"))]
    Full,
}

/// The thresholds of the vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Thresholds {
    #[value(help = text("value-vote-own"))]
    Own,
    #[value(help = text("value-vote-paper"))]
    Paper,
}

/// Options of every measurement, of one study and of many.
#[derive(Debug, Clone, Args)]
pub struct Method {
    #[arg(long, value_enum, help = text("argument-device"))]
    device: Option<Device>,
    #[arg(long, value_enum, default_value_t = Tier::Standard, help = text("argument-tier"))]
    tier: Tier,
    #[arg(long, help = text("argument-full-run"))]
    full_run: bool,
    #[arg(long, value_enum, default_value_t = Thresholds::Own, help = text("argument-vote"))]
    vote: Thresholds,
    #[arg(long, help = text("argument-dpn-3d"))]
    dpn_3d: bool,
}

impl Method {
    /// Returns the preferred device.
    pub fn device(&self) -> DevicePreference {
        self.device.map_or(DevicePreference::Auto, Device::preference)
    }

    /// Returns the options of the analysis.
    pub fn options(&self) -> Options {
        Options {
            tier: match self.tier {
                Tier::Quick => corsai_report::Tier::Quick,
                Tier::Standard => corsai_report::Tier::Standard,
                Tier::Full => corsai_report::Tier::Full,
            },
            full_run: self.full_run,
            vote: (self.vote == Thresholds::Paper).then_some(Vote::PAPER),
            dpn_3d: self.dpn_3d,
            keep_probabilities: false,
        }
    }
}

/// A study, and optionally one of its series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyArgument {
    /// A folder, an archive or a NIfTI file.
    pub path: PathBuf,
    /// The series' number in the list of `corsai series`, from 1.
    pub series: Option<usize>,
}

/// Arguments of `corsai analyse`.
#[derive(Debug, Args)]
pub struct AnalyseArguments {
    #[arg(help = text("argument-study"))]
    study: PathBuf,
    #[arg(long, value_name = "N", value_parser = at_least_one, help = text("argument-series"))]
    series: Option<usize>,
    #[arg(long, value_name = "STUDY", help = text("argument-previous"))]
    previous: Option<PathBuf>,
    #[arg(
        long,
        value_name = "N",
        requires = "previous",
        value_parser = at_least_one,
        help = text("argument-previous-series")
    )]
    previous_series: Option<usize>,
    #[arg(long, requires = "previous", help = text("argument-same-patient"))]
    pub same_patient: bool,
    #[arg(long, value_name = "FILE", help = text("argument-json"))]
    pub json: Option<PathBuf>,
    #[arg(long, value_name = "DIR", help = text("argument-masks"))]
    pub masks: Option<PathBuf>,
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "dpn_3d",
        help = text("argument-probabilities"),
        long_help = text("argument-probabilities-long")
    )]
    pub probabilities: Option<PathBuf>,
    #[command(flatten)]
    pub method: Method,
}

impl AnalyseArguments {
    /// Returns the study to measure.
    pub fn study(&self) -> StudyArgument {
        StudyArgument { path: self.study.clone(), series: self.series }
    }

    /// Returns the earlier study, to compare with.
    pub fn previous(&self) -> Option<StudyArgument> {
        self.previous.clone().map(|path| StudyArgument { path, series: self.previous_series })
    }

    /// Returns the options of the analysis.
    pub fn options(&self) -> Options {
        let keep_probabilities = self.probabilities.is_some();
        let options = self.method.options();
        Options { keep_probabilities, full_run: options.full_run || keep_probabilities, ..options }
    }
}

/// Arguments of `corsai evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    #[arg(help = text("argument-cohort"))]
    pub cohort: PathBuf,
    #[arg(long, value_name = "DIR", help = text("argument-out"))]
    pub out: PathBuf,
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one, help = text("argument-jobs"))]
    pub jobs: usize,
    #[arg(
        long,
        value_name = "RIGHT,LEFT",
        default_value = "1,2",
        value_parser = lung_labels,
        help = text("argument-lung-labels")
    )]
    pub lung_labels: LungLabels,
    #[command(flatten)]
    pub method: Method,
}

/// Arguments of `corsai phantom`.
#[derive(Debug, Args)]
pub struct PhantomArguments {
    #[arg(value_name = "DIR", help = text("argument-folder"))]
    pub folder: PathBuf,
    #[arg(long, value_name = "X", help = text("argument-share-left"))]
    share_left: f64,
    #[arg(long, value_name = "X", help = text("argument-share-right"))]
    share_right: f64,
    #[arg(long, value_name = "YYYYMMDD", help = text("argument-date"))]
    date: u32,
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().seed, help = text("argument-seed"))]
    seed: u64,
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().columns, help = text("argument-columns"))]
    columns: usize,
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().slices, help = text("argument-slices"))]
    slices: usize,
}

impl PhantomArguments {
    /// Returns the options of the phantom.
    pub fn options(&self) -> PhantomOptions {
        let Self { share_left, share_right, date: yyyymmdd, seed, columns, slices, .. } = *self;
        PhantomOptions { yyyymmdd, share_left, share_right, seed, columns, slices }
    }
}

/// Parses a number of 1 or more.
fn at_least_one(argument: &str) -> Result<usize, String> {
    let number: usize = argument
        .parse()
        .map_err(|error: ParseIntError| message!(language(), "number-not-whole", error = error.to_string()))?;
    if number == 0 { Err(text("number-at-least-one")) } else { Ok(number) }
}

/// Parses two different numbers of 1 to 255, separated by a comma.
fn lung_labels(argument: &str) -> Result<LungLabels, String> {
    let numbers: Option<Vec<u8>> = argument.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([right, left]) if right != left && *right > 0 && *left > 0 => {
            Ok(LungLabels { right: *right, left: *left })
        }
        _ => Err(text("lung-labels-wrong")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let words = ["corsai"].into_iter().chain(line.split_whitespace());
        CommandLine::try_parse_from(words).map(|line| line.command).map_err(|error| error.to_string())
    }

    fn analyse(line: &str) -> AnalyseArguments {
        match parsed(line) {
            Ok(Command::Analyse(arguments)) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_bench_takes_a_device_and_a_number_of_runs() {
        let bench = |line: &str| match parsed(line) {
            Ok(Command::Bench { device, runs }) => (device, runs),
            other => panic!("{other:?}"),
        };
        assert_eq!(bench("bench"), (Device::Cpu, 9));
        assert_eq!(bench("bench --device gpu --runs 3"), (Device::Gpu, 3));
        for line in ["bench --device tpu", "bench ct", "bench --runs 0", "bench --runs many"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_study_is_enough() {
        let arguments = analyse("analyse ct");
        assert_eq!(arguments.study(), StudyArgument { path: "ct".into(), series: None });
        assert_eq!(arguments.method.device(), DevicePreference::Auto);
        assert_eq!(
            (arguments.previous(), &arguments.json, &arguments.masks, arguments.same_patient),
            (None, &None, &None, false)
        );
        let standard = Options { tier: corsai_report::Tier::Standard, ..Options::default() };
        assert_eq!(arguments.options(), standard);
    }

    #[test]
    fn options_come_before_or_after_the_study() {
        let line = "analyse --device gpu --json=r.json ct.zip --previous old --masks m --tier full --full-run --vote paper --dpn-3d";
        let arguments = analyse(line);
        assert_eq!((arguments.study().path, arguments.method.device()), ("ct.zip".into(), DevicePreference::Gpu));
        assert_eq!(arguments.previous(), Some(StudyArgument { path: "old".into(), series: None }));
        assert_eq!((&arguments.json, &arguments.masks), (&Some("r.json".into()), &Some("m".into())));
        let options = Options {
            tier: corsai_report::Tier::Full,
            full_run: true,
            vote: Some(Vote::PAPER),
            dpn_3d: true,
            keep_probabilities: false,
        };
        assert_eq!(arguments.options(), options);
    }

    #[test]
    fn probabilities_are_of_a_full_run() {
        let options = analyse("analyse ct --probabilities p").options();
        assert!(options.full_run && options.keep_probabilities);
        assert!(parsed("analyse ct --probabilities p --dpn-3d").is_err());
    }

    #[test]
    fn a_series_is_named_by_its_number() {
        assert!(matches!(parsed("series ct"), Ok(Command::Series { study }) if study.as_os_str() == "ct"));
        let arguments = analyse("analyse ct --series 2 --previous old --previous-series 3 --same-patient");
        assert_eq!((arguments.study().series, arguments.same_patient), (Some(2), true));
        assert_eq!(arguments.previous(), Some(StudyArgument { path: "old".into(), series: Some(3) }));
        for line in ["series", "analyse ct --series 0", "analyse ct --series x", "analyse ct --same-patient"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_phantom_needs_shares_and_a_date() {
        let line = "phantom out --share-left 0.1 --share-right .25 --date 20200406 --seed 3";
        let Ok(Command::Phantom(arguments)) = parsed(line) else { panic!("phantom") };
        let options = arguments.options();
        assert_eq!((arguments.folder, options.share_left, options.share_right), ("out".into(), 0.1, 0.25));
        assert_eq!((options.yyyymmdd, options.seed, options.columns), (20_200_406, 3, 256));
        assert!(parsed("phantom out --share-left 0.1 --date 20200406").unwrap_err().contains("--share-right"));
    }

    #[test]
    fn an_evaluation_needs_a_cohort_and_a_folder() {
        let Ok(Command::Evaluate(arguments)) = parsed("evaluate c.csv --out o --jobs 2 --lung-labels 2,1 --tier quick")
        else {
            panic!("evaluate")
        };
        assert_eq!((arguments.cohort, arguments.out, arguments.jobs), ("c.csv".into(), "o".into(), 2));
        assert_eq!(arguments.lung_labels, LungLabels { right: 2, left: 1 });
        for line in ["evaluate c.csv", "evaluate --out o", "evaluate c --out o --jobs 0"] {
            assert!(parsed(line).is_err(), "{line}");
        }
        for labels in ["1", "1,1", "0,1", "1,2,3", "a,b", "1,256"] {
            assert!(parsed(&format!("evaluate c --out o --lung-labels {labels}")).is_err(), "{labels}");
        }
    }

    #[test]
    fn errors_name_the_wrong_argument() {
        assert!(parsed("analyse").unwrap_err().contains("<STUDY>"));
        assert!(parsed("analyse ct --device tpu").unwrap_err().contains("tpu"));
        assert!(parsed("analyse ct --tier best").unwrap_err().contains("best"));
        assert!(parsed("analyse ct --vote mine").unwrap_err().contains("mine"));
        assert!(parsed("analyse one two").unwrap_err().contains("two"));
        assert!(parsed("analyze ct").unwrap_err().contains("analyze"));
        assert!(matches!(parsed("completions bash"), Ok(Command::Completions { .. })));
    }
}
