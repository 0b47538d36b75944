# The command line: its help and its messages.

## Commands

command-about = Measures lungs and lesions on chest CTs, natively and by the same code as the page.
command-analyse = Measure lungs and lesions on one chest CT
command-evaluate = Measure many studies and compare them with masks and readings: a check on your own patients
command-series = List the series of a study: number, size, date, description and problems
command-series-after = Exit status 0: one can be measured. 2: none can.
command-phantom = Write a synthetic chest CT as DICOM files
command-bench = Time every network on one slice, and check the shipped ones on a known slice
command-completions = Print a script that completes this command's options in a shell

command-analyse-after =
    STUDY is a folder or an archive (zip, tar, gzip) of DICOM files, or one NIfTI-1 file (.nii, .nii.gz) in Hounsfield units. A NIfTI file has neither patient nor date, so a comparison can't check them.

    RUST_LOG=corsai=debug logs every stage with sizes and times to standard error.

    Exit status 0: measured. 2: refused, the report says why. 1: something could not be written. 64: the command line was not understood.

command-evaluate-after =
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

    Folder: each folder, archive and NIfTI file in it is a study. The masks of NAME (NAME/, NAME.zip, NAME.nii.gz) are beside it: NAME.lungs.nii.gz and NAME.lesions.nii.gz, as `corsai analyse --masks` writes them.

    A mask needs the study's own grid; its axes may have any order and direction.

    DIR gets studies.csv, evaluation.json and evaluation.html. DIR/studies gets the result of each study: an evaluation that is started again continues from there. A study is measured again if a file, an option or a network has changed. After Ctrl-C the studies in progress end; Ctrl-C again stops at once.

    Exit status 0: all studies were measured. 2: some were not, and are listed with their codes. 1: something could not be read or written. 130: interrupted. 64: the command line was not understood.

## Arguments and their values

argument-language = The language of messages and reports; by default the system's
argument-study = A folder or archive of DICOM files, or a NIfTI file
argument-study-of-series = A folder, an archive or a NIfTI file
argument-series = The series' number in the list of `corsai series`; by default the first that can be measured
argument-previous = An earlier study of the same patient, to compare with
argument-previous-series = The number of the earlier study's series
argument-same-patient = Give a verdict though the studies disagree about who the patient is: both studies are of one patient
argument-json = The file for the report; by default it is printed
argument-masks = A folder for lungs.nii.gz (1 right, 2 left) and lesions.nii.gz (1)
argument-probabilities = A folder for every network's probabilities on the study's grid, to choose thresholds on
argument-probabilities-long =
    A folder for every network's probabilities on the study's grid, to choose thresholds on

    lungs-right.nii.gz and lungs-left.nii.gz are 32-bit floating-point. Each lesion network's NAME.nii.gz holds whole steps of 1/2048, with that scale in the header; it is 0 outside the box around the lungs. All networks of the tier run on all slices with lung, as with --full-run.
argument-device = The device; by default the GPU if there is a real one, else the CPU
argument-tier = The networks that vote
argument-full-run = Run every network on every slice with lung, without early stop: the same masks, later
argument-vote = The thresholds of the vote
argument-dpn-3d = Use the DPNs of three projections in place of the axial ones, if the tier has them
argument-cohort = A CSV file or a folder of studies
argument-out = The folder for the results; it is created if necessary
argument-jobs = Number of studies measured at once; they share the CPU's threads
argument-lung-labels = The numbers of the right and of the left lung in lung masks
argument-folder = The folder for the files; it is created if necessary
argument-share-left = Diseased share of the left lung, 0 to 0.9
argument-share-right = Diseased share of the right lung, 0 to 0.9
argument-date = Date of the acquisition
argument-seed = The number of the patient: another one has another anatomy
argument-columns = Number of columns, and of rows, of a slice
argument-slices = Number of slices
argument-bench-device = The device: one thread of the CPU, or the fastest graphics processor
argument-runs = Number of runs of each network after the first
argument-shell = The shell
value-tier-quick = One network
value-tier-standard = The mean of a few
value-tier-full = All of them
value-vote-own = Chosen for these networks
value-vote-paper = Those of the paper
number-not-whole = it has to be a whole number: { $error }
number-at-least-one = it has to be at least 1
lung-labels-wrong = it has to be two different numbers from 1 to 255, for example 1,2

## Messages

log-not-understood = RUST_LOG is not understood: { $error }
study-size = { $slices } slices of { $columns } × { $rows }
earlier-study-follows = The earlier study:
stage-lungs = lungs
stage-lesions = lesions
stage-progress = { $stage }: { $completed } of { $total }
cpu-computes = The CPU computes: { $reason }.
cpu-completes = The CPU completes the analysis: { $reason }.
phantom-lung =
    { $side ->
        [right] right
       *[left] left
    } lung: { $volume } mL, lesions { $lesions } mL, share { $share }

## A series in one line

listed-usable = can be measured
listed-unusable = can't be measured
listed-size = { $slices } slices of { $columns } × { $rows }
listed-spacing = every { $distance } mm
listed-thickness = thickness { $distance } mm
listed-no-date = no date
listed-no-description = no description

## Evaluations

studies-begun = studies: { $studies }, measured before: { $before }
studies-stopping = No further study is begun. Those in progress are completed; Ctrl-C again stops at once.
study-not-measured = { $study }: not measured, { $codes }
study-measured = { $study }: measured in { $seconds } s
study-measured-dice = { $study }: measured in { $seconds } s, lesion Dice { $dice }
studies-progress = { $study } ({ $count } of { $total }, about { $left } left)
time-seconds = { $seconds } s
time-minutes = { $minutes } min
columns-not-used = These columns of the cohort are not used: { $columns }.
