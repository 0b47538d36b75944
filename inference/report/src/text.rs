//! The English sentences of issues: what happened, what was found, what to do.

use crate::{Counted, End, Found, Identifier, Issue, PictureSide, Reason, Side, StudyOrder};

/// Returns an issue's sentences for a person.
#[must_use]
pub fn message(issue: &Issue) -> String {
    let start = if issue.earlier_study { "The earlier study: " } else { "" };
    if let [Found::Unopened { files, total, folders }] = issue.found[..] {
        return format!("{start}{}", unopened(files, total, folders));
    }
    let (what, to_do) = (issue.code.what(), issue.code.what_to_do());
    if issue.found.is_empty() {
        format!("{start}{what} {to_do}")
    } else {
        format!("{start}{what} Found: {}. {to_do}", found(&issue.found))
    }
}

/// Returns details as a list in words, without a full stop.
#[must_use]
pub fn found(details: &[Found]) -> String {
    details.iter().map(detail).collect::<Vec<_>>().join(", ")
}

fn unopened(files: u64, total: u64, folders: u64) -> String {
    let opened = total - files;
    let of_files = format!("{files} of {} could not be opened", counted(total, "file", "files"));
    let of_folders = format!("{} could not be looked through", counted(folders, "folder", "folders"));
    let what = match (files, folders) {
        (_, 0) => of_files,
        (0, _) => of_folders,
        _ => format!("{of_files}, and {of_folders}"),
    };
    let then = if opened == 0 { "there is nothing to measure" } else { "slices may be missing" };
    format!(
        "{what}: {then}. Copy the study to a folder of this computer with a short path and open it again, or open it \
         with “Choose folder”."
    )
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", (bytes as f64 / 1e4).round() / 100.0)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Right => "right",
        Side::Left => "left",
    }
}

fn study(study: StudyOrder) -> &'static str {
    match study {
        StudyOrder::Earlier => "earlier",
        StudyOrder::Later => "later",
    }
}

fn count(count: u64, of: Counted) -> String {
    match of {
        Counted::Files => counted(count, "file", "files"),
        Counted::Images | Counted::Clashes => counted(count, "image", "images"),
        Counted::NotAxial => format!("{count} not axial"),
        Counted::Copies => counted(count, "copy", "copies"),
        Counted::RenamedCopies => format!("{} under other identifiers", counted(count, "copy", "copies")),
        Counted::DescribedFrames => format!("{} described", counted(count, "frame", "frames")),
        Counted::SharedPositions => format!("{} with several images", counted(count, "position", "positions")),
    }
}

fn detail(found: &Found) -> String {
    match *found {
        Found::Count { count: number, of } => count(number, of),
        Found::AtLeast { count, needed } => format!("{count}, at least {needed} needed"),
        Found::MoreThan { limit, of } => format!("more than {}", count(limit, of)),
        Found::MoreThanBytes { limit } => format!("more than {}", megabytes(limit)),
        Found::Part { count, total } => format!("{count} of {total}"),
        Found::Used { count, total } => format!("{count} of {total} images used"),
        Found::Listed { listed, present } => format!("{listed} listed, {present} found"),
        Found::VolumeSize { slices, columns, rows, bytes, limit } => format!(
            "{slices} slices of {columns} × {rows}, {} as a volume, where {} are the most",
            megabytes(bytes),
            megabytes(limit)
        ),
        Found::Reduced { whole, read } => {
            let size = |[slices, columns, rows]: [u64; 3]| format!("{slices} slices of {columns} × {rows}");
            format!("{} in place of {}", size(read), size(whole))
        }
        Found::ImageSize { columns, rows } => format!("{columns} × {rows} pixels"),
        Found::Bits { stored, allocated } => format!("{stored} bits in {allocated}"),
        Found::TransferSyntax { ref name } | Found::FileFormat { ref name } => name.clone(),
        Found::Gap { missing, total, widest_mm, after } => {
            format!("{missing} of {total}; the widest gap is {widest_mm:.1} mm, after slice {after}")
        }
        Found::Distance { mm } => format!("{mm:.1} mm"),
        Found::Distances { least_mm, greatest_mm } => format!("{least_mm:.2} to {greatest_mm:.2} mm"),
        Found::Angle { degrees } => format!("{degrees:.1}°"),
        Found::LowestHu { hu } => format!("the lowest value is {hu}, and air is −1000"),
        Found::Densities { air, soft, bone } => {
            format!("{:.1} % air, {:.1} % soft tissue, {:.1} % bone", air * 100.0, soft * 100.0, bone * 100.0)
        }
        Found::Lung { side: lung } => format!("the {} one", side(lung)),
        Found::MissingLung { side: lung, study: in_study } => {
            format!("no {} lung in the {} study", side(lung), study(in_study))
        }
        Found::LungVolumes { side: lung, earlier_ml, later_ml } => {
            format!("{} lung {earlier_ml:.0} mL in the earlier study and {later_ml:.0} mL in the later one", side(lung))
        }
        Found::Identifiers { ref identifiers } => {
            let names: Vec<&str> = identifiers.iter().copied().map(identifier).collect();
            format!("different values of {}", names.join(", "))
        }
        Found::PictureSides { ref sides } => {
            let names: Vec<&str> = sides.iter().copied().map(picture_side).collect();
            format!("lung at {}", names.join(", "))
        }
        Found::Ends { ref ends } => match ends[..] {
            [End::Upper] => "lung at the upper end".into(),
            [End::Lower] => "lung at the lower end".into(),
            _ => "lung at the lower and the upper end".into(),
        },
        Found::LungVolume { ml } => format!("{ml:.0} mL in both lungs"),
        Found::LesionVolume { lesion_ml, lung_ml } => format!("{lesion_ml:.1} mL in {lung_ml:.0} mL of lung"),
        Found::LungQuartile { hu, validated_hu } => {
            format!("a quarter of the lungs is below {hu:.0} HU, in the validation below {validated_hu:.0} HU")
        }
        Found::Noise { hu, validated_hu } => {
            format!("noise of {hu:.0} HU in soft tissue, in the validation at most {validated_hu:.0} HU")
        }
        Found::ShareRange { least, greatest } => {
            format!("{:.1} to {:.1} % of both lungs", least * 100.0, greatest * 100.0)
        }
        Found::SliceDistances { previous_mm, current_mm } => {
            format!("slice distance {previous_mm:.1} mm and {current_mm:.1} mm")
        }
        Found::SliceThicknesses { previous_mm, current_mm } => {
            format!("slice thickness {previous_mm:.1} mm and {current_mm:.1} mm")
        }
        Found::TubeVoltages { previous_kv, current_kv } => format!("tube voltage {previous_kv} kV and {current_kv} kV"),
        Found::BothLungVolumes { earlier_ml, later_ml } => {
            format!(
                "another depth of breath: both lungs hold {earlier_ml:.0} mL in the earlier study and {later_ml:.0} mL in the later one"
            )
        }
        Found::SeriesTaken { number, total } => format!("series {number} of {total} was taken"),
        Found::SeriesNumber { number, total: 1 } => format!("number {number}, where there is one"),
        Found::SeriesNumber { number, total } => format!("number {number}, where there are {total}"),
        Found::Deviation { deviation } => format!("a deviation of {deviation:.1e}"),
        Found::Reason { reason: of } => reason(of).into(),
        Found::Unopened { files, total, folders } => unopened(files, total, folders),
        Found::Detail { ref text } => text.clone(),
    }
}

fn identifier(identifier: Identifier) -> &'static str {
    match identifier {
        Identifier::Study => "Study Instance UID",
        Identifier::Series => "Series Instance UID",
        Identifier::FrameOfReference => "Frame of Reference UID",
        Identifier::Patient => "Patient ID",
    }
}

fn picture_side(side: PictureSide) -> &'static str {
    match side {
        PictureSide::Right => "the right side",
        PictureSide::Left => "the left side",
        PictureSide::Front => "the front",
        PictureSide::Back => "the back",
        PictureSide::Circle => "the border of the scanner's circle",
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ShiftedSideways => "slices shifted sideways against one another",
        Reason::SkewedAxes => "rows and columns are not at right angles",
        Reason::NoRotation => "the directions of rows and columns are not at right angles, or have no length",
        Reason::UnexpectedSigns => "signed samples where the header says unsigned",
        Reason::LookupTable => "a table in place of a slope",
        Reason::OtherUnit => "another unit",
        Reason::MissingNumber => "a number that describes the image is missing",
        Reason::SeveralSamples => "several samples a pixel",
        Reason::DecoderStopped => "the decoder stopped over it",
        Reason::OtherKernel => "another convolution kernel",
        Reason::ContrastInOne => "contrast medium in one study and not in the other",
        Reason::SeveralKernels => "several convolution kernels",
        Reason::SeveralVoltages => "several tube voltages",
        Reason::ContrastOnSome => "contrast medium on some slices alone",
        Reason::NoPatientInBoth => "missing in both studies",
        Reason::NoPatientInOne => "missing in one of the two studies",
        Reason::PatientConfirmed => "confirmed to be of one person",
        Reason::NoAnswer => "no answer",
        Reason::NoFile => "no file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssueCode;

    #[test]
    fn a_message_says_what_happened_what_was_found_and_what_to_do() {
        let code = IssueCode::GeometryMissingSlices;
        let text = message(&Issue::new(code, [Found::Gap { missing: 1, total: 148, widest_mm: 5.04, after: 73 }]));
        let found = "Found: 1 of 148; the widest gap is 5.0 mm, after slice 73.";
        assert_eq!(text, format!("{} {found} {}", code.what(), code.what_to_do()));
        assert_eq!(message(&Issue::new(code, [])), format!("{} {}", code.what(), code.what_to_do()));
    }

    #[test]
    fn the_earlier_study_is_named() {
        let issue = Issue::new(IssueCode::SeriesTooFew, [Found::AtLeast { count: 3, needed: 8 }]).of_earlier_study();
        assert!(message(&issue).starts_with("The earlier study: There are too few slices"), "{}", message(&issue));
        assert!(message(&issue).contains("Found: 3, at least 8 needed."));
    }

    #[test]
    fn files_that_cannot_be_opened_are_counted() {
        let text = |files, total, folders| {
            message(&Issue::new(IssueCode::FileUnreadable, [Found::Unopened { files, total, folders }]))
        };
        assert!(text(40, 148, 0).starts_with("40 of 148 files could not be opened: slices may be missing."));
        let start = "1 of 1 file could not be opened, and 2 folders could not be looked through: there is nothing";
        assert!(text(1, 1, 2).starts_with(start), "{}", text(1, 1, 2));
    }
}
