//! The studies as CSV (RFC 4180), one a row.

use corsai_report::Verdict;

use crate::{
    evaluation::{Evaluation, Quantity, StudyOutcome, StudyRow},
    overlap::Overlap,
};

/// Returns the table; its first line has the columns' names.
#[must_use]
pub fn csv(evaluation: &Evaluation) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut write = |row: Vec<String>| table.write_record(row).expect("invariant: every row has as many fields");
    let masks = ["lesions", "lungs", "right", "left"];
    let mut names: Vec<String> = ["study", "status", "codes", "slices", "seconds"].map(String::from).into();
    names.extend(masks.iter().flat_map(|mask| [format!("{mask}_dice"), format!("{mask}_iou")]));
    let quantities = ["share", "share_right", "share_left", "lesion_ml", "lungs_ml", "right_ml", "left_ml"];
    names.extend(quantities.iter().flat_map(|name| [format!("{name}_true"), format!("{name}_found")]));
    names.extend(
        [
            "lesions_missed_outside_lungs",
            "true_lesions_outside_lung_mask",
            "class_true",
            "class_found",
            "change_true_points",
            "change_found_points",
            "verdict_true",
            "verdict_found",
            "verdict_right",
        ]
        .map(String::from),
    );
    write(names);
    for row in &evaluation.studies {
        write(fields(row));
    }
    let bytes = table.into_inner().expect("invariant: writing to memory doesn't fail");
    String::from_utf8(bytes).expect("invariant: all fields are text")
}

fn fields(row: &StudyRow) -> Vec<String> {
    let (status, codes, slices, seconds) = match &row.outcome {
        StudyOutcome::Measured { warnings, slices, seconds, .. } => {
            ("measured", warnings.clone(), slices.to_string(), format!("{seconds:.1}"))
        }
        StudyOutcome::Failed { reasons } => {
            ("failed", reasons.iter().map(|reason| reason.code.clone()).collect(), String::new(), String::new())
        }
    };
    let mut fields = vec![row.study.clone(), status.into(), codes.join(" "), slices, seconds];
    let plain = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.6}"));
    let scores = row.scores();
    let overlaps = scores.map_or([None; 4], |scores| [scores.lesion, scores.lungs, scores.right, scores.left]);
    for overlap in overlaps {
        fields.extend([overlap.and_then(Overlap::dice), overlap.and_then(Overlap::iou)].map(plain));
    }
    for of in Quantity::ALL {
        let [truth, found] = of.reference_and_measured(row);
        fields.extend([plain(truth), plain(found)]);
    }
    fields.push(plain(scores.and_then(|scores| scores.lesions_missed_outside)));
    fields.push(plain(scores.and_then(|scores| scores.truth.lesions_outside)));
    let found_class = row.lungs().and_then(|lungs| lungs.both.ct_class);
    fields.extend([row.true_class, found_class].map(|class| class.map_or_else(String::new, |c| c.to_string())));
    let dynamics = row.dynamics.as_ref();
    fields.push(plain(dynamics.and_then(|dynamics| dynamics.true_points)));
    fields.push(plain(dynamics.and_then(|dynamics| dynamics.found_points)));
    let verdicts = dynamics.map_or([None; 2], |dynamics| [dynamics.truth, dynamics.found]);
    fields.extend(verdicts.map(|verdict| verdict.map_or_else(String::new, |verdict| Verdict::as_str(verdict).into())));
    let right = dynamics.and_then(crate::DynamicsComparison::is_correct);
    fields.push(right.map_or_else(String::new, |right| right.to_string()));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::tests::evaluation;

    #[test]
    fn every_study_is_a_row_with_all_fields() {
        let mut evaluation = evaluation();
        evaluation.studies[0].study = "a, \"quoted\"".into();
        let text = csv(&evaluation);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let field = |row: usize, name: &str| {
            let at = names.iter().position(|found| found == name).unwrap();
            rows[row].get(at).unwrap().to_owned()
        };
        assert_eq!(rows.len(), 4);
        assert_eq!((field(0, "study"), field(0, "status")), ("a, \"quoted\"".into(), "measured".into()));
        assert_eq!((field(0, "lesions_dice"), field(0, "lesions_iou")), ("0.888889".into(), "0.800000".into()));
        assert_eq!(
            (field(0, "lesion_ml_true"), field(0, "lesion_ml_found")),
            ("100.000000".into(), "80.000000".into())
        );
        // The reference doesn't tell the sides: what was found stands there all the same.
        assert_eq!((field(0, "right_ml_true"), field(0, "right_ml_found")), (String::new(), "1000.000000".into()));
        assert_eq!((field(2, "verdict_true"), field(2, "verdict_right")), ("positive-response".into(), "true".into()));
        assert_eq!((field(3, "status"), field(3, "codes")), ("failed".into(), "input.nothing".into()));
        assert_eq!((field(3, "class_true"), field(3, "class_found")), ("3".into(), String::new()));
    }
}
