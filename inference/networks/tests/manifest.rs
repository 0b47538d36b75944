//! Manifests that are refused.

#![allow(clippy::unwrap_used)]

use corsai_manifest::{Family, Manifest, NetworkEntry};
use corsai_networks::{NetworkError, read_manifest};
use corsai_report::IssueCode;

const SHIPPED: &str = include_str!("../../../models/manifest.json");

fn written(change: impl FnOnce(&mut Manifest)) -> String {
    let mut manifest = read_manifest(SHIPPED).unwrap();
    change(&mut manifest);
    serde_json::to_string(&manifest).unwrap()
}

#[test]
fn another_format_is_refused_and_the_right_one_named() {
    let refused = read_manifest(&written(|manifest| manifest.format = 2)).unwrap_err();
    assert_eq!(refused.to_string(), format!("the manifest's format 2 is not {}", Manifest::FORMAT));
    assert_eq!(refused.code(), IssueCode::WeightsCorrupt);
}

#[test]
fn more_members_than_the_vote_counts_are_refused() {
    let of = |count: usize| {
        written(|manifest| {
            let fpn = manifest.networks.iter().find(|network| network.family == Family::Fpn).unwrap().clone();
            manifest.networks.retain(|network| network.family != Family::Fpn);
            let named = |n| NetworkEntry { name: format!("fpn-{n}"), ..fpn.clone() };
            manifest.networks.extend((0..count).map(named));
        })
    };
    assert!(read_manifest(&of(Manifest::MOST_MEMBERS)).is_ok());
    let refused = read_manifest(&of(Manifest::MOST_MEMBERS + 1)).unwrap_err();
    assert!(matches!(refused, NetworkError::FamilyTooLarge(Family::Fpn)), "{refused}");
    assert_eq!(refused.code(), IssueCode::WeightsCorrupt);
}
