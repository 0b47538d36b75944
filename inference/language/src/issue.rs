//! The sentences of issues: what happened, what was found, what to do.

use corsai_report::{Counted, End, Found, Identifier, Issue, IssueCode, PictureSide, Reason, Side, StudyOrder};

use crate::{Argument, Language, message};

impl Language {
    /// Returns an issue's sentences for a person.
    #[must_use]
    pub fn issue(self, issue: &Issue) -> String {
        let sentences = match issue.found[..] {
            [Found::Unopened { files, total, folders }] => self.unopened(files, total, folders),
            [] => message!(
                self,
                "issue-sentences",
                what = self.issue_what(issue.code),
                advice = self.issue_to_do(issue.code)
            ),
            _ => message!(
                self,
                "issue-sentences-found",
                what = self.issue_what(issue.code),
                found = self.found(&issue.found),
                advice = self.issue_to_do(issue.code)
            ),
        };
        if issue.earlier_study { message!(self, "issue-earlier-study", sentences = sentences) } else { sentences }
    }

    /// Returns what was met, as a sentence.
    #[must_use]
    pub fn issue_what(self, code: IssueCode) -> String {
        self.text(&issue_id(code))
    }

    /// Returns what the person can do about it, as a sentence.
    #[must_use]
    pub fn issue_to_do(self, code: IssueCode) -> String {
        self.text(&format!("{}.to-do", issue_id(code)))
    }

    /// Returns details as a list in words, without a full stop.
    #[must_use]
    pub fn found(self, details: &[Found]) -> String {
        self.list(details.iter().map(|detail| self.detail(detail)))
    }

    fn list(self, parts: impl Iterator<Item = String>) -> String {
        parts.collect::<Vec<_>>().join(&self.text("found-separator"))
    }

    fn unopened(self, files: u64, total: u64, folders: u64) -> String {
        let of_files = message!(self, "unopened-files", files = files, total = total);
        let of_folders = message!(self, "unopened-folders", folders = folders);
        let what = match (files, folders) {
            (_, 0) => of_files,
            (0, _) => of_folders,
            _ => message!(self, "unopened-both", files = of_files, folders = of_folders),
        };
        let id = if files == total { "unopened-nothing" } else { "unopened-some" };
        message!(self, id, what = what, advice = self.text("unopened-to-do"))
    }

    /// Returns bytes as megabytes with the decimals that they need, at most two.
    fn exact_megabytes(self, bytes: u64) -> String {
        message!(self, "found-megabytes", size = (bytes as f64 / 1e4).round() / 100.0)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    fn detail(self, found: &Found) -> String {
        match *found {
            Found::Count { count, of } => self.count(count, of),
            Found::AtLeast { count, needed } => message!(self, "found-at-least", count = count, needed = needed),
            Found::MoreThan { limit, of: Counted::Files } => message!(self, "more-than-files", limit = limit),
            Found::MoreThan { limit, .. } => message!(self, "more-than-images", limit = limit),
            Found::MoreThanBytes { limit } => {
                message!(self, "found-more-than-bytes", limit = self.exact_megabytes(limit))
            }
            Found::Part { count, total } => message!(self, "found-part", count = count, total = total),
            Found::Used { count, total } => message!(self, "found-used", count = count, total = total),
            Found::Listed { listed, present } => message!(self, "found-listed", listed = listed, present = present),
            Found::VolumeSize { slices, columns, rows, bytes, limit } => message!(
                self,
                "found-volume-size",
                slices = slices,
                columns = columns.to_string(),
                rows = rows.to_string(),
                size = self.exact_megabytes(bytes),
                limit = self.exact_megabytes(limit)
            ),
            Found::ImageSize { columns, rows } => {
                message!(self, "found-image-size", columns = columns.to_string(), rows = rows.to_string())
            }
            Found::Bits { stored, allocated } => message!(self, "found-bits", stored = stored, allocated = allocated),
            Found::TransferSyntax { ref name } | Found::FileFormat { ref name } => name.clone(),
            Found::Reduced { whole, read } => {
                message!(self, "found-reduced", read = self.volume_size(read), whole = self.volume_size(whole))
            }
            Found::Gap { missing, total, widest_mm, after } => message!(
                self,
                "found-gap",
                missing = missing,
                total = total,
                widest = Argument::decimal(widest_mm, 1),
                after = after
            ),
            Found::Distance { mm } => message!(self, "found-distance", distance = Argument::decimal(mm, 1)),
            Found::Distances { least_mm, greatest_mm } => message!(
                self,
                "found-distances",
                least = Argument::decimal(least_mm, 2),
                greatest = Argument::decimal(greatest_mm, 2)
            ),
            Found::Angle { degrees } => message!(self, "found-angle", degrees = Argument::decimal(degrees, 1)),
            Found::LowestHu { hu } => message!(self, "found-lowest-hu", hu = f64::from(hu)),
            Found::Densities { air, soft, bone } => message!(
                self,
                "found-densities",
                air = Argument::decimal(air * 100.0, 1),
                soft = Argument::decimal(soft * 100.0, 1),
                bone = Argument::decimal(bone * 100.0, 1)
            ),
            Found::Lung { side: lung } => message!(self, "found-lung", side = side(lung)),
            Found::MissingLung { side: lung, study: of } => {
                message!(self, "found-missing-lung", side = side(lung), study = study(of))
            }
            Found::LungVolumes { side: lung, earlier_ml, later_ml } => message!(
                self,
                "found-lung-volumes",
                side = side(lung),
                earlier = Argument::decimal(earlier_ml, 0),
                later = Argument::decimal(later_ml, 0)
            ),
            Found::Identifiers { ref identifiers } => {
                let names = self.list(identifiers.iter().map(|one| self.text(identifier(*one))));
                message!(self, "found-identifiers", identifiers = names)
            }
            Found::PictureSides { ref sides } => {
                let names = self.list(sides.iter().map(|one| self.text(picture_side(*one))));
                message!(self, "found-picture-sides", sides = names)
            }
            Found::Ends { ref ends } => self.text(match ends[..] {
                [End::Upper] => "found-upper-end",
                [End::Lower] => "found-lower-end",
                _ => "found-both-ends",
            }),
            Found::LungQuartile { hu, validated_hu } => self.hu_and_validated("found-lung-quartile", hu, validated_hu),
            Found::Noise { hu, validated_hu } => self.hu_and_validated("found-noise", hu, validated_hu),
            Found::ShareRange { least, greatest } => message!(
                self,
                "found-share-range",
                least = Argument::decimal(least * 100.0, 1),
                greatest = Argument::decimal(greatest * 100.0, 1)
            ),
            Found::LungVolume { ml } => message!(self, "found-lung-volume", volume = Argument::decimal(ml, 0)),
            Found::LesionVolume { lesion_ml, lung_ml } => message!(
                self,
                "found-lesion-volume",
                lesions = Argument::decimal(lesion_ml, 1),
                lungs = Argument::decimal(lung_ml, 0)
            ),
            Found::SliceDistances { previous_mm, current_mm } => {
                self.both("found-slice-distances", Argument::decimal(previous_mm, 1), Argument::decimal(current_mm, 1))
            }
            Found::SliceThicknesses { previous_mm, current_mm } => self.both(
                "found-slice-thicknesses",
                Argument::decimal(previous_mm, 1),
                Argument::decimal(current_mm, 1),
            ),
            Found::TubeVoltages { previous_kv, current_kv } => {
                self.both("found-tube-voltages", previous_kv.into(), current_kv.into())
            }
            Found::BothLungVolumes { earlier_ml, later_ml } => message!(
                self,
                "found-both-lung-volumes",
                earlier = Argument::decimal(earlier_ml, 0),
                later = Argument::decimal(later_ml, 0)
            ),
            Found::SeriesTaken { number, total } => {
                message!(self, "found-series-taken", number = number, total = total)
            }
            Found::SeriesNumber { number, total } => {
                message!(self, "found-series-number", number = number, total = total)
            }
            Found::Deviation { deviation } => {
                message!(self, "found-deviation", deviation = self.scientific(deviation))
            }
            Found::Reason { reason: of } => self.text(reason(of)),
            Found::Unopened { files, total, folders } => self.unopened(files, total, folders),
            Found::Detail { ref text } => text.clone(),
        }
    }

    fn volume_size(self, [slices, columns, rows]: [u64; 3]) -> String {
        message!(self, "found-reduced-size", slices = slices, columns = columns.to_string(), rows = rows.to_string())
    }

    fn hu_and_validated(self, id: &str, hu: f64, validated_hu: f64) -> String {
        message!(self, id, hu = Argument::decimal(hu, 0), validated = Argument::decimal(validated_hu, 0))
    }

    fn both(self, id: &str, previous: Argument, current: Argument) -> String {
        message!(self, id, previous = previous, current = current)
    }

    fn count(self, count: u64, of: Counted) -> String {
        let id = match of {
            Counted::Files => "count-files",
            Counted::Images | Counted::Clashes => "count-images",
            Counted::NotAxial => "count-not-axial",
            Counted::Copies => "count-copies",
            Counted::RenamedCopies => "count-renamed-copies",
            Counted::DescribedFrames => "count-described-frames",
            Counted::SharedPositions => "count-shared-positions",
        };
        message!(self, id, count = count)
    }
}

/// Returns the name of a code's message: `issue-file-empty` of `file.empty`.
fn issue_id(code: IssueCode) -> String {
    format!("issue-{}", code.as_str().replace('.', "-"))
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

fn identifier(identifier: Identifier) -> &'static str {
    match identifier {
        Identifier::Study => "identifier-study",
        Identifier::Series => "identifier-series",
        Identifier::FrameOfReference => "identifier-frame-of-reference",
        Identifier::Patient => "identifier-patient",
        Identifier::Person => "identifier-person",
    }
}

fn picture_side(side: PictureSide) -> &'static str {
    match side {
        PictureSide::Right => "picture-side-right",
        PictureSide::Left => "picture-side-left",
        PictureSide::Front => "picture-side-front",
        PictureSide::Back => "picture-side-back",
        PictureSide::Circle => "picture-side-circle",
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ShiftedSideways => "reason-shifted-sideways",
        Reason::SkewedAxes => "reason-skewed-axes",
        Reason::NoRotation => "reason-no-rotation",
        Reason::UnexpectedSigns => "reason-unexpected-signs",
        Reason::LookupTable => "reason-lookup-table",
        Reason::OtherUnit => "reason-other-unit",
        Reason::MissingNumber => "reason-missing-number",
        Reason::SeveralSamples => "reason-several-samples",
        Reason::DecoderStopped => "reason-decoder-stopped",
        Reason::OtherKernel => "reason-other-kernel",
        Reason::ContrastInOne => "reason-contrast-in-one",
        Reason::SeveralKernels => "reason-several-kernels",
        Reason::SeveralVoltages => "reason-several-voltages",
        Reason::ContrastOnSome => "reason-contrast-on-some",
        Reason::NoPatientInBoth => "reason-no-patient-in-both",
        Reason::NoPatientInOne => "reason-no-patient-in-one",
        Reason::OtherPatientId => "reason-other-patient-id",
        Reason::OtherBirthDate => "reason-other-birth-date",
        Reason::OtherSex => "reason-other-sex",
        Reason::OtherName => "reason-other-name",
        Reason::SameNameAndBirthDate => "reason-same-name-and-birth-date",
        Reason::PatientConfirmed => "reason-patient-confirmed",
        Reason::NoAnswer => "reason-no-answer",
        Reason::NoFile => "reason-no-file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Found = Found::Gap { missing: 1, total: 148, widest_mm: 5.04, after: 73 };

    fn russian() -> Language {
        Language::from_tag("ru").unwrap()
    }

    #[test]
    fn sentences_say_what_happened_what_was_found_and_what_to_do() {
        let (code, language) = (IssueCode::GeometryMissingSlices, Language::english());
        let (what, to_do) = (language.issue_what(code), language.issue_to_do(code));
        let text = language.issue(&Issue::new(code, [GAP]));
        assert_eq!(text, format!("{what} Found: 1 of 148; the widest gap is 5.0 mm, after slice 73. {to_do}"));
        assert_eq!(language.issue(&Issue::new(code, [])), format!("{what} {to_do}"));
        let text = russian().issue(&Issue::new(code, [GAP]));
        let found = "Обнаружено: 1 из 148; самый широкий пропуск — 5,0 мм, после среза 73.";
        assert!(
            text.starts_with("Не хватает срезов; в объёмах их заменяют соседние. ") && text.contains(found),
            "{text}"
        );
    }

    #[test]
    fn the_earlier_study_is_named() {
        let issue = Issue::new(IssueCode::SeriesTooFew, [Found::AtLeast { count: 3, needed: 8 }]).of_earlier_study();
        let text = Language::english().issue(&issue);
        assert!(text.starts_with("The earlier study: There are too few slices"), "{text}");
        assert!(text.contains("Found: 3, at least 8 needed."), "{text}");
        assert!(russian().issue(&issue).starts_with("Предыдущее исследование: Срезов слишком мало"));
    }

    #[test]
    fn files_that_cannot_be_opened_are_counted() {
        let text = |language: Language, files, total, folders| {
            language.issue(&Issue::new(IssueCode::FileUnreadable, [Found::Unopened { files, total, folders }]))
        };
        let english = Language::english();
        let some = text(english, 40, 148, 0);
        assert!(some.starts_with("40 of 148 files could not be opened: slices may be missing."), "{some}");
        let start = "1 of 1 file could not be opened, and 2 folders could not be looked through: there is nothing";
        assert!(text(english, 1, 1, 2).starts_with(start), "{}", text(english, 1, 1, 2));
        let start =
            "Файлы недоступны: не удалось открыть 1 из 1 файла, не удалось просмотреть 2 папки. Измерять нечего.";
        assert!(text(russian(), 1, 1, 2).starts_with(start), "{}", text(russian(), 1, 1, 2));
    }

    #[test]
    fn counts_take_the_language_s_plural() {
        let words = |language: Language| {
            [1, 2, 5, 11, 21, 1000].map(|count| language.found(&[Found::Count { count, of: Counted::Images }]))
        };
        let english = ["1 image", "2 images", "5 images", "11 images", "21 images", "1000 images"];
        assert_eq!(words(Language::english()), english);
        let russian_words =
            ["1 изображение", "2 изображения", "5 изображений", "11 изображений", "21 изображение", "1000 изображений"];
        assert_eq!(words(russian()), russian_words);
    }
}
