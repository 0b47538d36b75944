//! The command line, read into what is asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use corsai_ensemble::Options;
use corsai_evaluation::LungLabels;
use corsai_manifest::Vote;
use corsai_phantom::PhantomOptions;
use corsai_protocol::DevicePreference;
use corsai_report::DISCLAIMER;

/// Help of `corsai analyse`: forms of a study, exit statuses.
const ANALYSE: &str = "\
STUDY is a folder or an archive (zip, tar, gzip) of DICOM files, or one NIfTI-1 file (.nii, .nii.gz) in Hounsfield \
units. A NIfTI file has neither patient nor date, so a comparison can't check them.

RUST_LOG=corsai=debug logs every stage with sizes and times to standard error.

Exit status 0: measured. 2: refused, the report says why. 1: something could not be written. 64: the command line was \
not understood.";

/// Help of `corsai evaluate`: forms of a cohort, results, exit statuses.
const EVALUATE: &str = "\
COHORT is a CSV file or a folder.

CSV: the first line names the columns; every other line is one study. Only `study` is required:
  study        a folder or archive of DICOM files, or a NIfTI file
  lesion_mask  NIfTI; every number but 0 is lesion
  lung_mask    NIfTI; 1 is the patient's right lung and 2 the left (other numbers: --lung-labels),
               or one number for both lungs
  class        a reader's CT-class, 0 to 4; without it, the masks' class counts
  previous     an earlier study of the same patient, best one that has a line of its own
  dynamics     a reader's verdict: progression, stable or positive-response; without it, the masks' counts
Relative paths begin at the CSV file's folder.

Folder: each folder, archive and NIfTI file in it is a study. The masks of NAME (NAME/, NAME.zip, NAME.nii.gz) are \
beside it: NAME.lungs.nii.gz and NAME.lesions.nii.gz, as `corsai analyse --masks` writes them.

A mask needs the study's own grid; its axes may have any order and direction.

DIR gets studies.csv, evaluation.json and evaluation.html. DIR/studies gets the result of each study: an evaluation that \
is started again continues from there. A study is measured again if a file, an option or a network has changed. After \
Ctrl-C the studies in progress end; Ctrl-C again stops at once.

Exit status 0: all studies were measured. 2: some were not, and are listed with their codes. 1: something could not be \
read or written. 130: interrupted. 64: the command line was not understood.";

/// Measures lungs and lesions on chest CTs, natively and by the same code as the page.
#[derive(Debug, Parser)]
#[command(name = "corsai", version, after_help = DISCLAIMER, arg_required_else_help = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
}

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure lungs and lesions on one chest CT
    #[command(after_help = format!("{ANALYSE}\n\n{DISCLAIMER}"))]
    Analyse(AnalyseArguments),
    /// Measure many studies and compare them with masks and readings: a check on your own patients
    #[command(after_help = format!("{EVALUATE}\n\n{DISCLAIMER}"))]
    Evaluate(EvaluateArguments),
    /// List the series of a study: number, size, date, description and problems
    #[command(after_help = "Exit status 0: one can be measured. 2: none can.")]
    Series {
        /// A folder, an archive or a NIfTI file
        study: PathBuf,
    },
    /// Write a synthetic chest CT as DICOM files
    Phantom(PhantomArguments),
    /// Time every network on one slice, and check the shipped ones on a known slice
    Bench {
        /// The device: one thread of the CPU, or the fastest graphics processor
        #[arg(long, value_enum, default_value_t = Device::Cpu)]
        device: Device,
        /// Number of runs of each network after the first
        #[arg(long, value_name = "N", default_value_t = 9, value_parser = at_least_one)]
        runs: usize,
    },
    /// Print a script that completes this command's options in a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
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
    /// One network
    Quick,
    /// The mean of a few
    Standard,
    /// All of them
    Full,
}

/// The thresholds of the vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Thresholds {
    /// Chosen for these networks
    Own,
    /// Those of the paper
    Paper,
}

/// Options of every measurement, of one study and of many.
#[derive(Debug, Clone, Args)]
pub struct Method {
    /// The device; by default the GPU if there is a real one, else the CPU
    #[arg(long, value_enum)]
    device: Option<Device>,
    /// The networks that vote
    #[arg(long, value_enum, default_value_t = Tier::Standard)]
    tier: Tier,
    /// Run every network on every slice with lung, without early stop: the same masks, later
    #[arg(long)]
    full_run: bool,
    /// The thresholds of the vote
    #[arg(long, value_enum, default_value_t = Thresholds::Own)]
    vote: Thresholds,
    /// Use the DPNs of three projections in place of the axial ones, if the tier has them
    #[arg(long)]
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
    /// A folder or archive of DICOM files, or a NIfTI file
    study: PathBuf,
    /// The series' number in the list of `corsai series`; by default the first that can be measured
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    series: Option<usize>,
    /// An earlier study of the same patient, to compare with
    #[arg(long, value_name = "STUDY")]
    previous: Option<PathBuf>,
    /// The number of the earlier study's series
    #[arg(long, value_name = "N", requires = "previous", value_parser = at_least_one)]
    previous_series: Option<usize>,
    /// Give a verdict though the identifiers differ: both studies are of one patient
    #[arg(long, requires = "previous")]
    pub same_patient: bool,
    /// The file for the report; by default it is printed
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// A folder for lungs.nii.gz (1 right, 2 left) and lesions.nii.gz (1)
    #[arg(long, value_name = "DIR")]
    pub masks: Option<PathBuf>,
    /// A folder for every network's probabilities on the study's grid, to choose thresholds on
    ///
    /// lungs-right.nii.gz and lungs-left.nii.gz are 32-bit floating-point. Each lesion network's
    /// NAME.nii.gz holds whole steps of 1/2048, with that scale in the header; it is 0 outside the
    /// box around the lungs. All networks of the tier run on all slices with lung, as with
    /// --full-run.
    #[arg(long, value_name = "DIR", conflicts_with = "dpn_3d")]
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
    /// A CSV file or a folder of studies
    pub cohort: PathBuf,
    /// The folder for the results; it is created if necessary
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Number of studies measured at once; they share the CPU's threads
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub jobs: usize,
    /// The numbers of the right and of the left lung in lung masks
    #[arg(long, value_name = "RIGHT,LEFT", default_value = "1,2", value_parser = lung_labels)]
    pub lung_labels: LungLabels,
    #[command(flatten)]
    pub method: Method,
}

/// Arguments of `corsai phantom`.
#[derive(Debug, Args)]
pub struct PhantomArguments {
    /// The folder for the files; it is created if necessary
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Diseased share of the left lung, 0 to 0.9
    #[arg(long, value_name = "X")]
    share_left: f64,
    /// Diseased share of the right lung, 0 to 0.9
    #[arg(long, value_name = "X")]
    share_right: f64,
    /// Date of the acquisition
    #[arg(long, value_name = "YYYYMMDD")]
    date: u32,
    /// The number of the patient: another one has another anatomy
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().seed)]
    seed: u64,
    /// Number of columns, and of rows, of a slice
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().columns)]
    columns: usize,
    /// Number of slices
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().slices)]
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
fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|error| format!("it has to be a whole number: {error}"))?;
    if number == 0 { Err("it has to be at least 1".into()) } else { Ok(number) }
}

/// Parses two different numbers of 1 to 255, separated by a comma.
fn lung_labels(text: &str) -> Result<LungLabels, String> {
    let numbers: Option<Vec<u8>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([right, left]) if right != left && *right > 0 && *left > 0 => {
            Ok(LungLabels { right: *right, left: *left })
        }
        _ => Err("it has to be two different numbers from 1 to 255, for example 1,2".into()),
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
