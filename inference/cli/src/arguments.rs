//! The command line, read into what is asked for.

use std::path::PathBuf;

use corsai_ensemble::Options;
use corsai_phantom::PhantomOptions;
use corsai_protocol::{DevicePreference, Tier, Vote};
use lexopt::prelude::*;

pub const HELP: &str = "\
corsai analyse STUDY [--series N] [--previous STUDY] [--previous-series N] [--same-patient] [--json FILE] [--masks DIR]
               [--device cpu|gpu] [--tier quick|standard|full] [--full-run] [--vote own|paper] [--dpn-3d]
    Measures lungs and lesions on a chest CT. STUDY is a folder or a zip of DICOM files.
    --series    the number of the series to measure, as `corsai series` lists them; else the first that can be measured
    --previous  an earlier study of the same patient, to compare with
    --previous-series  the number of that study's series
    --same-patient  both studies are of one patient, though their identifiers differ: there is a verdict all the same
    --json      where the report goes; else it is printed
    --masks     a folder for lungs.nii.gz (1 right, 2 left) and lesions.nii.gz (1)
    --device    what computes; else the GPU if there is a real one, else the CPU
    --tier      how many networks vote: one (quick), some (standard) or all; standard unless said
    --full-run  every network on every slice with lung, also where the vote is decided already: the same masks, later
    --dpn-3d    the DPNs of three projections in place of the axial ones alone, where the tier has them
    --vote      the thresholds chosen for these networks, or the paper's; own unless said
    Exit status 0: measured. 2: refused, the report says why. 1: something could not be written.

corsai series STUDY
    Lists the series of a study: number, whether it can be measured, size, date, description, and what is wrong with it.
    Exit status 0: one can be measured. 2: none can.

corsai phantom DIR --share-left X --share-right X --date YYYYMMDD [--seed N] [--columns N] [--slices N]
    Writes a synthetic chest CT as DICOM files. X is the diseased share of a lung, 0 to 0.9; a seed is a patient.

corsai bench [--device cpu|gpu] [--runs N]
    How long one slice takes through every network, shipped or not, on one thread or on the fastest graphics processor:
    the first time, then the median of N runs (9 unless said); and how far the shipped ones are off their known answers.

Not a medical device: for research and demonstration, not for diagnosis or treatment.
";

/// What is asked for.
#[derive(Debug, PartialEq)]
pub enum Command {
    Help,
    Analyse(Analyse),
    /// Lists the series of a study.
    Series(PathBuf),
    Phantom {
        folder: PathBuf,
        options: PhantomOptions,
    },
    Bench {
        device: DevicePreference,
        runs: usize,
    },
}

/// A study, and the series of it that is meant.
#[derive(Debug, PartialEq)]
pub struct Chosen {
    pub path: PathBuf,
    /// Its number in the list, from 1; the first that can be measured where there is none.
    pub series: Option<usize>,
}

/// `corsai analyse`.
#[derive(Debug, PartialEq)]
pub struct Analyse {
    pub study: Chosen,
    pub previous: Option<Chosen>,
    /// A person has confirmed that both studies are of one patient.
    pub same_patient: bool,
    pub json: Option<PathBuf>,
    pub masks: Option<PathBuf>,
    pub device: DevicePreference,
    pub options: Options,
}

/// # Errors
/// What was not understood, in words for the person.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None | Some(Long("help") | Short('h')) => Ok(Command::Help),
        Some(Value(command)) if command == "help" => Ok(Command::Help),
        Some(Value(command)) if command == "analyse" => analyse(&mut parser),
        Some(Value(command)) if command == "series" => series(&mut parser),
        Some(Value(command)) if command == "phantom" => phantom(&mut parser),
        Some(Value(command)) if command == "bench" => bench(&mut parser),
        Some(other) => Err(other.unexpected()),
    }
}

fn analyse(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let (mut study, mut previous, mut json, mut masks) = (None, None, None, None);
    let (mut series, mut previous_series, mut same_patient) = (None, None, false);
    let mut device = DevicePreference::Auto;
    let mut options = Options { tier: Tier::Standard, ..Options::default() };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("previous") => previous = Some(parser.value()?.into()),
            Long("series") => series = Some(number(parser)?),
            Long("previous-series") => previous_series = Some(number(parser)?),
            Long("same-patient") => same_patient = true,
            Long("json") => json = Some(parser.value()?.into()),
            Long("masks") => masks = Some(parser.value()?.into()),
            Long("device") => device = named_device(&parser.value()?.string()?)?,
            Long("tier") => {
                let named = parser.value()?.string()?;
                let tier = Tier::ALL.into_iter().find(|tier| tier.as_str() == named);
                options.tier = tier.ok_or(format!("there is no tier {named:?}: it is quick, standard or full"))?;
            }
            Long("full-run") => options.full_run = true,
            Long("dpn-3d") => options.dpn_3d = true,
            Long("vote") => {
                options.vote = match parser.value()?.string()?.as_str() {
                    "own" => None,
                    "paper" => Some(Vote::PAPER),
                    other => return Err(format!("there is no vote {other:?}: it is own or paper").into()),
                }
            }
            Long("help") | Short('h') => return Ok(Command::Help),
            Value(path) if study.is_none() => study = Some(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    let study = Chosen { path: study.ok_or("analyse needs a STUDY")?, series };
    if previous.is_none() && (previous_series.is_some() || same_patient) {
        return Err("--previous-series and --same-patient need a --previous study".into());
    }
    let previous = previous.map(|path| Chosen { path, series: previous_series });
    Ok(Command::Analyse(Analyse { study, previous, same_patient, json, masks, device, options }))
}

/// Returns the number of a series, from 1.
fn number(parser: &mut lexopt::Parser) -> Result<usize, lexopt::Error> {
    let number = parser.value()?.parse()?;
    if number == 0 { Err("series are numbered from 1".into()) } else { Ok(number) }
}

fn series(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut study = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help),
            Value(path) if study.is_none() => study = Some(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Series(study.ok_or("series needs a STUDY")?))
}

fn bench(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let (mut device, mut runs) = (DevicePreference::Cpu, 9);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("device") => device = named_device(&parser.value()?.string()?)?,
            Long("runs") => runs = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    if runs == 0 {
        return Err("bench needs a run at least".into());
    }
    Ok(Command::Bench { device, runs })
}

fn named_device(name: &str) -> Result<DevicePreference, lexopt::Error> {
    match name {
        "cpu" => Ok(DevicePreference::Cpu),
        "gpu" => Ok(DevicePreference::Gpu),
        other => Err(format!("there is no device {other:?}: it is cpu or gpu").into()),
    }
}

fn phantom(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let (mut folder, mut left, mut right, mut date) = (None, None, None, None);
    let mut options = PhantomOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("share-left") => left = Some(parser.value()?.parse()?),
            Long("share-right") => right = Some(parser.value()?.parse()?),
            Long("date") => date = Some(parser.value()?.parse()?),
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("columns") => options.columns = parser.value()?.parse()?,
            Long("slices") => options.slices = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(Command::Help),
            Value(path) if folder.is_none() => folder = Some(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    options.share_left = left.ok_or("phantom needs --share-left")?;
    options.share_right = right.ok_or("phantom needs --share-right")?;
    options.yyyymmdd = date.ok_or("phantom needs --date")?;
    Ok(Command::Phantom { folder: folder.ok_or("phantom needs a DIR")?, options })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(lexopt::Parser::from_args(line.split_whitespace())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_bench_takes_a_device_and_a_number_of_runs() {
        assert_eq!(parsed("bench"), Ok(Command::Bench { device: DevicePreference::Cpu, runs: 9 }));
        let asked = Command::Bench { device: DevicePreference::Gpu, runs: 3 };
        assert_eq!(parsed("bench --device gpu --runs 3"), Ok(asked));
        for line in ["bench --device tpu", "bench ct", "bench --runs 0", "bench --runs many"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_study_is_enough() {
        let Ok(Command::Analyse(asked)) = parsed("analyse ct") else { panic!("analyse") };
        assert_eq!((asked.study, asked.device), (Chosen { path: "ct".into(), series: None }, DevicePreference::Auto));
        assert_eq!((asked.previous, asked.json, asked.masks, asked.same_patient), (None, None, None, false));
        assert_eq!(asked.options, Options { tier: Tier::Standard, ..Options::default() });
    }

    #[test]
    fn options_come_before_or_after_the_study() {
        let line = "analyse --device gpu --json=r.json ct.zip --previous old --masks m --tier full --full-run --vote paper --dpn-3d";
        let Ok(Command::Analyse(asked)) = parsed(line) else { panic!("analyse") };
        assert_eq!((asked.study.path, asked.device), ("ct.zip".into(), DevicePreference::Gpu));
        assert_eq!(asked.previous, Some(Chosen { path: "old".into(), series: None }));
        assert_eq!((asked.json, asked.masks), (Some("r.json".into()), Some("m".into())));
        assert_eq!(asked.options, Options { tier: Tier::Full, full_run: true, vote: Some(Vote::PAPER), dpn_3d: true });
    }

    #[test]
    fn a_series_is_named_by_its_number() {
        assert_eq!(parsed("series ct"), Ok(Command::Series("ct".into())));
        let Ok(Command::Analyse(asked)) =
            parsed("analyse ct --series 2 --previous old --previous-series 3 --same-patient")
        else {
            panic!("analyse")
        };
        assert_eq!((asked.study.series, asked.same_patient), (Some(2), true));
        assert_eq!(asked.previous, Some(Chosen { path: "old".into(), series: Some(3) }));
        for line in ["series", "analyse ct --series 0", "analyse ct --series x", "analyse ct --same-patient"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_phantom_needs_shares_and_a_date() {
        let Ok(Command::Phantom { folder, options }) =
            parsed("phantom out --share-left 0.1 --share-right .25 --date 20200406 --seed 3")
        else {
            panic!("phantom")
        };
        assert_eq!((folder, options.share_left, options.share_right), ("out".into(), 0.1, 0.25));
        assert_eq!((options.yyyymmdd, options.seed), (20_200_406, 3));
        assert_eq!(parsed("phantom out --share-left 0.1 --date 20200406"), Err("phantom needs --share-right".into()));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(parsed("analyse"), Err("analyse needs a STUDY".into()));
        assert!(parsed("analyse ct --device tpu").unwrap_err().contains("tpu"));
        assert!(parsed("analyse ct --tier best").unwrap_err().contains("best"));
        assert!(parsed("analyse ct --vote mine").unwrap_err().contains("mine"));
        assert!(parsed("analyse one two").unwrap_err().contains("two"));
        assert!(parsed("analyze ct").unwrap_err().contains("analyze"));
        assert_eq!(parsed(""), Ok(Command::Help));
    }
}
