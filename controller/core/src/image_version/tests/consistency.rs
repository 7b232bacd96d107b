//! The status tells how far the disks of the copy go together, and nothing else changes it.

use azimage_crds::CopiedDisks;
use serde_json::json;

use super::{
    super::*,
    azure::Azure,
    clone::{cloning, with_data},
    controller::{Controller, Fate},
    fixtures::*,
};
use crate::Progress;

fn caching(mut machine: facts::Machine) -> facts::Machine {
    machine.disks[0].caches_writes = true;
    machine
}

fn with_two(size: &str) -> facts::Machine {
    let mut machine = with_data();
    machine.disks.push(facts::AttachedDisk::plain(Some(disk_id("more")), Some(4), false));
    facts::Machine { size: Some(size.to_owned()), ..machine }
}

#[test]
fn the_status_says_of_which_moments_the_disks_are_and_what_azure_does_not_promise() {
    let alone = || caching(machine().tagged("team", "web"));
    let rows = [
        ("one disk", alone(), "AcrossDisks", CopiedDisks::OneDisk, None),
        ("one disk, by itself", alone(), "PerDisk", CopiedDisks::OneDisk, None),
        ("two that cache nothing", with_data(), "AcrossDisks", CopiedDisks::AcrossDisks, None),
        ("by themselves", with_data(), "PerDisk", CopiedDisks::PerDisk, Some("clone.consistency is PerDisk")),
        ("one caches", caching(with_data()), "AcrossDisks", CopiedDisks::NotPromised, Some("missing: the OS disk")),
        (
            "one caches, and the machine is off",
            caching(with_data()).powered(Power::Deallocated),
            "AcrossDisks",
            CopiedDisks::AcrossDisks,
            None,
        ),
        ("an old size", with_two("Standard_D4s_v5"), "AcrossDisks", CopiedDisks::AcrossDisks, None),
        (
            "a new size",
            with_two("Standard_D4s_v6"),
            "AcrossDisks",
            CopiedDisks::NotPromised,
            Some("of the size Standard_D4s_v6"),
        ),
        (
            "a new size, and one caches",
            caching(with_two("Standard_D4as_v7")),
            "AcrossDisks",
            CopiedDisks::NotPromised,
            Some("Standard_D4as_v7, nor for disks with ReadWrite"),
        ),
        (
            "a new size with one data disk",
            facts::Machine { size: Some("Standard_D4s_v6".to_owned()), ..with_data() },
            "AcrossDisks",
            CopiedDisks::AcrossDisks,
            None,
        ),
    ];
    for (what, machine, of, expected, word) in rows {
        let object = cloning(&json!({"source": {"virtualMachine": {"clone": {"consistency": of}}}}));
        let mut controller = Controller::new(object, Azure::cloning(machine));
        controller.run(&[Fate::Fine, Fate::KilledAfterStep, Fate::Restart]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{what}: {:?}", controller.progress());
        let copy = controller.status.source.as_ref().and_then(|source| source.copy.clone()).unwrap();
        assert_eq!(copy.consistency, expected, "{what}");
        let detail = copy.detail.unwrap_or_default();
        assert_eq!(detail.is_empty(), word.is_none(), "{what}: {detail}");
        assert!(word.is_none_or(|word| detail.contains(word)), "{what}: {detail}");
    }
}

#[test]
fn what_is_told_is_of_the_moment_and_what_changes_later_does_not_change_it() {
    let mut controller = Controller::new(cloning(&json!({})), Azure::cloning(with_data()));
    super::clone::until(&mut controller, |azure| azure.restore_points == 1);
    controller.azure.origin = Some(caching(with_two("Standard_D4s_v6")));
    controller.run(&[]);
    let copy = controller.status.source.as_ref().and_then(|source| source.copy.clone()).unwrap();
    assert_eq!((copy.consistency, copy.detail), (CopiedDisks::AcrossDisks, None));
}

#[test]
fn the_longest_detail_fits_into_the_status() {
    let mut machine = caching(with_two("Standard_E96ads_v7"));
    machine.disks.truncate(1);
    machine.disks.extend((0..64_u8).map(|lun| facts::AttachedDisk {
        caches_writes: true,
        ..facts::AttachedDisk::plain(Some(disk_id(&format!("d{lun}"))), Some(lun), false)
    }));
    let mut controller = Controller::new(cloning(&json!({})), Azure::cloning(machine));
    super::clone::until(&mut controller, |azure| azure.restore_points == 1);
    let copy = controller.status.source.as_ref().and_then(|source| source.copy.clone()).unwrap();
    let detail = copy.detail.unwrap();
    assert!(detail.len() <= 1024 && detail.ends_with("LUN 63"), "{detail}");
}
