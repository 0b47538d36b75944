//! Whether two studies are of one person, by what their headers say.

use corsai_protocol::SeriesSummary;
use corsai_report::{Found, Issue, IssueCode, Reason};

/// Returns whether the two studies disagree about the patient: by identifier, birth date or sex. A
/// disagreement, another name alone, and a missing identifier are an issue.
pub(crate) fn check_patient(
    one: &SeriesSummary,
    other: &SeriesSummary,
    same_patient: bool,
    issues: &mut Vec<Issue>,
) -> bool {
    let same = |key: fn(&SeriesSummary) -> Option<u64>| key(one).zip(key(other)).map(|(one, other)| one == other);
    let identifier = same(|series| series.patient_key);
    let [name, birth_date, sex] =
        [same(|series| series.person.name), same(|series| series.person.birth_date), same(|series| series.person.sex)];
    let differing = |values: &[(Option<bool>, Reason)]| -> Vec<Found> {
        values.iter().filter(|(same, _)| *same == Some(false)).map(|(_, reason)| (*reason).into()).collect()
    };
    let mut found = differing(&[
        (identifier, Reason::OtherPatientId),
        (birth_date, Reason::OtherBirthDate),
        (sex, Reason::OtherSex),
    ]);
    let other_patient = !found.is_empty();
    let other_name = differing(&[(name, Reason::OtherName)]);
    if other_patient {
        found.extend(other_name);
        found.extend(same_patient.then_some(Found::from(Reason::PatientConfirmed)));
        issues.push(Issue::new(IssueCode::DynamicsOtherPatient, found));
        return true;
    }
    if !other_name.is_empty() {
        issues.push(Issue::new(IssueCode::DynamicsOtherName, []));
    }
    if identifier.is_none() {
        let neither = one.patient_key.or(other.patient_key).is_none();
        let missing = if neither { Reason::NoPatientInBoth } else { Reason::NoPatientInOne };
        let agree = (name == Some(true) && birth_date == Some(true)).then_some(Reason::SameNameAndBirthDate);
        let found = [missing].into_iter().chain(agree).map(Found::from);
        issues.push(Issue::new(IssueCode::DynamicsUnknownPatient, found));
    }
    false
}
