//! The command line, read into what is asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use corsai_ensemble::Options;
use corsai_evaluation::LungLabels;
use corsai_manifest::Vote;
use corsai_phantom::PhantomOptions;
use corsai_protocol::DevicePreference;
use corsai_report::DISCLAIMER;

/// What a study may be, and the status a program ends with.
const ANALYSE: &str = "\
STUDY is a folder or a zip of DICOM files, or one NIfTI-1 file (.nii, .nii.gz) in Hounsfield units. A NIfTI file bears \
neither patient nor date, so that a comparison can't check them.

Exit status 0: measured. 2: refused, the report says why. 1: something could not be written. 64: the command line was \
not understood.";

const EVALUATE: &str = "\
COHORT is a CSV file or a folder.

CSV: the first line names the columns; every other line is one study. Only `study` is required:
  study        a folder or zip of DICOM files, or a NIfTI file
  lesion_mask  NIfTI, every number but 0 is lesion
  lung_mask    NIfTI, 1 the patient's right lung and 2 the left (--lung-labels for other numbers),
               or one number for both
  class        a reader's CT-class, 0 to 4; else that of the masks counts
  previous     an earlier study of the same patient, best one that has a line of its own
  dynamics     a reader's verdict: progression, stable or positive-response; else that of the masks counts
Paths that don't begin at the root begin at the CSV file's folder.

Folder: each folder, zip and NIfTI file in it is a study; the masks of NAME (NAME/, NAME.zip, NAME.nii.gz) are beside it, \
NAME.lungs.nii.gz and NAME.lesions.nii.gz, as `corsai analyse --masks` writes them.

A mask has to lie on the study's own grid; its axes may be in any order and direction.

DIR gets studies.csv, evaluation.json and evaluation.html, and in DIR/studies what was measured of each study: started \
again, the evaluation goes on from there; another file, option or network computes anew. Ctrl-C lets the studies in \
progress end; twice stops at once.

Exit status 0: all studies were measured. 2: some were not, they are listed with their codes. 1: something could not be \
read or written. 130: interrupted. 64: the command line was not understood.";

/// Measures lungs and lesions on chest CTs, natively and by the same code as the page.
#[derive(Debug, Parser)]
#[command(name = "corsai", version, after_help = DISCLAIMER, arg_required_else_help = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
}

/// What is asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure lungs and lesions on one chest CT
    #[command(after_help = format!("{ANALYSE}\n\n{DISCLAIMER}"))]
    Analyse(Analyse),
    /// Measure many studies and compare with masks and readings: a check on your own patients
    #[command(after_help = format!("{EVALUATE}\n\n{DISCLAIMER}"))]
    Evaluate(Evaluate),
    /// List the series of a study: number, size, date, description, and what is wrong with it
    #[command(after_help = "Exit status 0: one can be measured. 2: none can.")]
    Series {
        /// A folder, a zip or a NIfTI file
        study: PathBuf,
    },
    /// Write a synthetic chest CT as DICOM files
    Phantom(Phantom),
    /// Time every network on one slice, and check the shipped ones against their known answers
    Bench {
        /// What computes: one thread of the CPU, or the fastest graphics processor
        #[arg(long, value_enum, default_value_t = Device::Cpu)]
        device: Device,
        /// How often each network runs after the first time
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

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    Cpu,
    Gpu,
}

impl Device {
    pub const fn preference(self) -> DevicePreference {
        match self {
            Self::Cpu => DevicePreference::Cpu,
            Self::Gpu => DevicePreference::Gpu,
        }
    }
}

/// How many networks vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tier {
    /// One
    Quick,
    /// Some
    Standard,
    /// All there are
    Full,
}

/// Whose thresholds decide the vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Thresholds {
    /// Those chosen for these networks
    Own,
    /// The paper's
    Paper,
}

/// How a study is measured; the same of one study and of many.
#[derive(Debug, Clone, Args)]
pub struct Method {
    /// What computes; else the GPU if there is a real one, else the CPU
    #[arg(long, value_enum)]
    device: Option<Device>,
    /// How many networks vote
    #[arg(long, value_enum, default_value_t = Tier::Standard)]
    tier: Tier,
    /// Every network on every slice with lung, without early stop: the same masks, later
    #[arg(long)]
    full_run: bool,
    /// The vote's thresholds
    #[arg(long, value_enum, default_value_t = Thresholds::Own)]
    vote: Thresholds,
    /// The DPNs of three projections in place of the axial ones alone, where the tier has them
    #[arg(long)]
    dpn_3d: bool,
}

impl Method {
    pub fn device(&self) -> DevicePreference {
        self.device.map_or(DevicePreference::Auto, Device::preference)
    }

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

/// A study, and the series of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub path: PathBuf,
    /// Its number in the list, from 1; the first that can be measured where there is none.
    pub series: Option<usize>,
}

/// `corsai analyse`.
#[derive(Debug, Args)]
pub struct Analyse {
    /// A folder or zip of DICOM files, or a NIfTI file
    study: PathBuf,
    /// The series' number in the list of `corsai series`; else the first that can be measured
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    series: Option<usize>,
    /// An earlier study of the same patient, to compare with
    #[arg(long, value_name = "STUDY")]
    previous: Option<PathBuf>,
    /// The number of that study's series
    #[arg(long, value_name = "N", requires = "previous", value_parser = at_least_one)]
    previous_series: Option<usize>,
    /// Both studies are of one patient: give a verdict though their identifiers differ
    #[arg(long, requires = "previous")]
    pub same_patient: bool,
    /// Where the report goes; else it is printed
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// A folder for lungs.nii.gz (1 right, 2 left) and lesions.nii.gz (1)
    #[arg(long, value_name = "DIR")]
    pub masks: Option<PathBuf>,
    /// A folder for every network's probabilities on the study's grid, to choose thresholds on
    ///
    /// lungs-right.nii.gz and lungs-left.nii.gz are 32-bit floating-point. Each lesion network's
    /// NAME.nii.gz holds whole steps of 1/2048, with that scale in the header; outside the lungs' box
    /// it is 0. All networks of the tier run on all slices with lung, as with --full-run.
    #[arg(long, value_name = "DIR", conflicts_with = "dpn_3d")]
    pub probabilities: Option<PathBuf>,
    #[command(flatten)]
    pub method: Method,
}

impl Analyse {
    pub fn study(&self) -> Chosen {
        Chosen { path: self.study.clone(), series: self.series }
    }

    pub fn previous(&self) -> Option<Chosen> {
        self.previous.clone().map(|path| Chosen { path, series: self.previous_series })
    }

    pub fn options(&self) -> Options {
        let keep_probabilities = self.probabilities.is_some();
        let options = self.method.options();
        Options { keep_probabilities, full_run: options.full_run || keep_probabilities, ..options }
    }
}

/// `corsai evaluate`.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// A CSV file or a folder of studies
    pub cohort: PathBuf,
    /// The folder for the results, made if it isn't there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How many studies are measured at once; the CPU's threads are shared among them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub jobs: usize,
    /// The numbers of the right and of the left lung in lung masks
    #[arg(long, value_name = "RIGHT,LEFT", default_value = "1,2", value_parser = lung_labels)]
    pub lung_labels: LungLabels,
    #[command(flatten)]
    pub method: Method,
}

/// `corsai phantom`.
#[derive(Debug, Args)]
pub struct Phantom {
    /// The folder for the files, made if it isn't there
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
    /// The patient
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().seed)]
    seed: u64,
    /// Columns and rows of a slice
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().columns)]
    columns: usize,
    /// Slices
    #[arg(long, value_name = "N", default_value_t = PhantomOptions::default().slices)]
    slices: usize,
}

impl Phantom {
    pub fn options(&self) -> PhantomOptions {
        let Self { share_left, share_right, date: yyyymmdd, seed, columns, slices, .. } = *self;
        PhantomOptions { yyyymmdd, share_left, share_right, seed, columns, slices }
    }
}

/// # Errors
/// What is no number, or 0.
fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "it has to be a whole number".to_owned())?;
    if number == 0 { Err("it has to be 1 at least".into()) } else { Ok(number) }
}

/// # Errors
/// What are no two different numbers of 1 to 255.
fn lung_labels(text: &str) -> Result<LungLabels, String> {
    let numbers: Option<Vec<u8>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([right, left]) if right != left && *right > 0 && *left > 0 => {
            Ok(LungLabels { right: *right, left: *left })
        }
        _ => Err("it has to be two different numbers of 1 to 255, as 1,2".into()),
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

    fn analyse(line: &str) -> Analyse {
        match parsed(line) {
            Ok(Command::Analyse(asked)) => asked,
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
        let asked = analyse("analyse ct");
        assert_eq!(asked.study(), Chosen { path: "ct".into(), series: None });
        assert_eq!(asked.method.device(), DevicePreference::Auto);
        assert_eq!((asked.previous(), &asked.json, &asked.masks, asked.same_patient), (None, &None, &None, false));
        let standard = Options { tier: corsai_report::Tier::Standard, ..Options::default() };
        assert_eq!(asked.options(), standard);
    }

    #[test]
    fn options_come_before_or_after_the_study() {
        let line = "analyse --device gpu --json=r.json ct.zip --previous old --masks m --tier full --full-run --vote paper --dpn-3d";
        let asked = analyse(line);
        assert_eq!((asked.study().path, asked.method.device()), ("ct.zip".into(), DevicePreference::Gpu));
        assert_eq!(asked.previous(), Some(Chosen { path: "old".into(), series: None }));
        assert_eq!((&asked.json, &asked.masks), (&Some("r.json".into()), &Some("m".into())));
        let options = Options {
            tier: corsai_report::Tier::Full,
            full_run: true,
            vote: Some(Vote::PAPER),
            dpn_3d: true,
            keep_probabilities: false,
        };
        assert_eq!(asked.options(), options);
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
        let asked = analyse("analyse ct --series 2 --previous old --previous-series 3 --same-patient");
        assert_eq!((asked.study().series, asked.same_patient), (Some(2), true));
        assert_eq!(asked.previous(), Some(Chosen { path: "old".into(), series: Some(3) }));
        for line in ["series", "analyse ct --series 0", "analyse ct --series x", "analyse ct --same-patient"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_phantom_needs_shares_and_a_date() {
        let line = "phantom out --share-left 0.1 --share-right .25 --date 20200406 --seed 3";
        let Ok(Command::Phantom(asked)) = parsed(line) else { panic!("phantom") };
        let options = asked.options();
        assert_eq!((asked.folder, options.share_left, options.share_right), ("out".into(), 0.1, 0.25));
        assert_eq!((options.yyyymmdd, options.seed, options.columns), (20_200_406, 3, 256));
        assert!(parsed("phantom out --share-left 0.1 --date 20200406").unwrap_err().contains("--share-right"));
    }

    #[test]
    fn an_evaluation_needs_a_cohort_and_a_folder() {
        let Ok(Command::Evaluate(asked)) = parsed("evaluate c.csv --out o --jobs 2 --lung-labels 2,1 --tier quick")
        else {
            panic!("evaluate")
        };
        assert_eq!((asked.cohort, asked.out, asked.jobs), ("c.csv".into(), "o".into(), 2));
        assert_eq!(asked.lung_labels, LungLabels { right: 2, left: 1 });
        for line in ["evaluate c.csv", "evaluate --out o", "evaluate c --out o --jobs 0"] {
            assert!(parsed(line).is_err(), "{line}");
        }
        for labels in ["1", "1,1", "0,1", "1,2,3", "a,b", "1,256"] {
            assert!(parsed(&format!("evaluate c --out o --lung-labels {labels}")).is_err(), "{labels}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert!(parsed("analyse").unwrap_err().contains("<STUDY>"));
        assert!(parsed("analyse ct --device tpu").unwrap_err().contains("tpu"));
        assert!(parsed("analyse ct --tier best").unwrap_err().contains("best"));
        assert!(parsed("analyse ct --vote mine").unwrap_err().contains("mine"));
        assert!(parsed("analyse one two").unwrap_err().contains("two"));
        assert!(parsed("analyze ct").unwrap_err().contains("analyze"));
        assert!(matches!(parsed("completions bash"), Ok(Command::Completions { .. })));
    }
}
