//! What distinguishes the parts of one series, for the list: kernel, voltage, acquisition, time.

use crate::image::description::ReconstructionKey;
use crate::series::stack::SliceStack;

/// An attribute, and how a value of it is written in any language.
type Label = (fn(&ReconstructionKey) -> &str, fn(&str) -> String);

const LABELS: [Label; 6] = [
    (|key| &key.kernel, str::to_owned),
    (|key| &key.contrast, str::to_owned),
    (|key| &key.kvp, |kv| format!("{kv} kV")),
    (|key| &key.thickness, |mm| format!("{mm} mm")),
    (|key| &key.acquisition, |number| format!("#{number}")),
    (|key| &key.series_number, |number| format!("#{number}")),
];

/// Returns for each part what distinguishes it from the others, the time where nothing else does;
/// nothing of one part.
pub(crate) fn part_labels(parts: &[&SliceStack]) -> Vec<String> {
    let mut labels = vec![Vec::new(); parts.len()];
    for (attribute, write) in LABELS {
        let values: Vec<Option<&str>> = parts.iter().map(|part| common_value(part, attribute)).collect();
        for (label, value) in labels.iter_mut().zip(&values) {
            let differs = values.iter().any(|other| other != value);
            label.extend(value.filter(|value| differs && !value.is_empty()).map(write));
        }
    }
    let several = parts.len() > 1;
    let label = |(label, part): (Vec<String>, &&SliceStack)| match start(part) {
        Some(time) if label.is_empty() && several => time,
        _ => label.join(", "),
    };
    labels.into_iter().zip(parts).map(label).collect()
}

/// Returns the value that all slices have.
fn common_value(part: &SliceStack, attribute: fn(&ReconstructionKey) -> &str) -> Option<&str> {
    let mut values = part.slices.iter().map(|slice| attribute(&slice.reconstruction));
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Returns the time of the first slice.
fn start(part: &SliceStack) -> Option<String> {
    let seconds = part.slices.iter().filter_map(|slice| slice.reconstruction.time).min()? % 86_400;
    Some(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}
