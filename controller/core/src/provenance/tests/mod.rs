//! From what a version was made, and what becomes of its ancestors.

mod verdicts;

use azimage_crds::Withdrawn;
use azimage_names::DiskOrSnapshotId;
use proptest::prelude::*;

use super::*;
use crate::owner::{TAG_VALUE_LIMIT, find_tag};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/build";

fn compute(rest: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Compute/{rest}")
}

fn version_id(definition: &str, number: &str) -> ImageVersionId {
    ImageVersionId::parse(&compute(&format!("galleries/corp/images/{definition}/versions/{number}"))).unwrap()
}

fn marketplace(version: Option<&str>) -> ImageReference {
    ImageReference {
        publisher: Some("Canonical".into()),
        offer: Some("ubuntu".into()),
        sku: Some("server".into()),
        version: version.map(str::to_owned),
        id: None,
    }
}

fn with_id(id: &str, version: Option<&str>) -> ImageReference {
    ImageReference { id: Some(id.to_owned()), version: version.map(str::to_owned), ..ImageReference::default() }
}

/// A line in one line: the steps, then each ancestor by the end of its id.
fn shown(line: &Provenance) -> String {
    let one = |it: &Ancestor| {
        let id = it.id.rsplit_once("Compute/").map_or(it.id.as_str(), |(_, rest)| rest);
        let uid = it.uid.as_ref().map(|uid| format!("#{uid}")).unwrap_or_default();
        format!("{}={id}{uid}", it.kind)
    };
    let all: Vec<String> = std::iter::once(line.steps.to_string()).chain(line.ancestors.iter().map(one)).collect();
    all.join(" ")
}

fn base() -> Parent {
    let machine = VirtualMachineId::parse(&compute("virtualMachines/first")).unwrap();
    let image = marketplace(Some("24.04"));
    let origin = Origin::Machine { id: &machine, uid: Some("vm-0"), image: Some(&image) };
    Parent { uid: Some("u-0".into()), provenance: Some(origin.line(Parent::default())) }
}

#[test]
fn a_line_goes_back_to_the_first_image_that_is_known() {
    let machine = VirtualMachineId::parse(&compute("virtualMachines/builder")).unwrap();
    let (version, image) = (version_id("base", "1.0.0"), ManagedImageId::parse(&compute("images/golden")).unwrap());
    let disk = DiskOrSnapshotId::parse(&compute("snapshots/os")).unwrap();
    let of = |image: Option<ImageReference>, parent: Parent| {
        Origin::Machine { id: &machine, uid: Some("vm-1"), image: image.as_ref() }.line(parent)
    };
    let (none, definition) = (Parent::default, compute("galleries/corp/images/base"));
    let rows = [
        ("a machine of no image", of(None, none()), "1 VirtualMachine=virtualMachines/builder#vm-1"),
        (
            "of the Marketplace, with the exact version",
            of(Some(marketplace(Some("24.04"))), none()),
            "1 VirtualMachine=virtualMachines/builder#vm-1 MarketplaceImage=Canonical:ubuntu:server:24.04",
        ),
        (
            "of the Marketplace, and Azure tells no version",
            of(Some(marketplace(None)), none()),
            "1 VirtualMachine=virtualMachines/builder#vm-1 MarketplaceImage=Canonical:ubuntu:server",
        ),
        (
            "of an image that Azure doesn't name",
            of(Some(ImageReference::default()), none()),
            "1 VirtualMachine=virtualMachines/builder#vm-1",
        ),
        (
            "of a managed image",
            of(Some(with_id(&compute("images/golden"), None)), none()),
            "1 VirtualMachine=virtualMachines/builder#vm-1 ManagedImage=images/golden",
        ),
        (
            "of a community gallery",
            of(Some(with_id("/CommunityGalleries/g/Images/i", Some("2.0.0"))), none()),
            "1 VirtualMachine=virtualMachines/builder#vm-1 Image=/CommunityGalleries/g/Images/i/Versions/2.0.0",
        ),
        (
            "of a version of which nothing more is known",
            of(Some(with_id(&version.to_string(), None)), none()),
            "2 VirtualMachine=virtualMachines/builder#vm-1 ImageVersion=galleries/corp/images/base/versions/1.0.0",
        ),
        (
            "of the latest version, which was one with a line of its own",
            of(Some(with_id(&definition, Some("1.0.0"))), base()),
            "2 VirtualMachine=virtualMachines/builder#vm-1 ImageVersion=galleries/corp/images/base/versions/1.0.0#u-0 \
             VirtualMachine=virtualMachines/first#vm-0 MarketplaceImage=Canonical:ubuntu:server:24.04",
        ),
        (
            "another version",
            Origin::Version { id: &version }.line(base()),
            "2 ImageVersion=galleries/corp/images/base/versions/1.0.0#u-0 VirtualMachine=virtualMachines/first#vm-0 \
             MarketplaceImage=Canonical:ubuntu:server:24.04",
        ),
        ("a managed image", Origin::ManagedImage { id: &image }.line(none()), "1 ManagedImage=images/golden"),
        ("a snapshot", Origin::Disk { id: &disk }.line(none()), "1 Disk=snapshots/os"),
    ];
    for (case, line, expected) in rows {
        assert_eq!(shown(&line), expected, "{case}");
        // Its tags tell the same, wherever they have room for it.
        assert_eq!(of_tags(&tags(&line)), Some(line), "{case}");
    }
}

/// A line of so many versions, each made from the one before.
fn long(versions: u32) -> Provenance {
    let mut parent = base();
    for number in 1..=versions {
        let id = version_id("web", &format!("1.0.{number}"));
        let line = Origin::Version { id: &id }.line(parent);
        parent = Parent { uid: Some(format!("u-{number}")), provenance: Some(line) };
    }
    parent.provenance.unwrap()
}

#[test]
fn a_long_line_keeps_its_beginning_its_end_and_its_count() {
    let line = long(365);
    assert_eq!((line.steps, line.ancestors.len()), (366, MOST));
    assert!(line.ancestors[0].id.ends_with("/1.0.365") && line.ancestors[14].id.ends_with("/1.0.351"));
    assert_eq!(line.ancestors[15].kind, AncestorKind::MarketplaceImage, "the root stays");
    let tags = tags(&line);
    assert_eq!(find_tag(&tags, "azimage-steps"), Some("366"));
    assert_eq!(find_tag(&tags, "azimage-root"), Some("Canonical:ubuntu:server:24.04"));
    let near = find_tag(&tags, "azimage-made-from-3").unwrap();
    assert!(near.ends_with("/versions/1.0.363 u-362"), "{near}");
    assert_eq!(tags.len(), 5);
    assert_eq!(of_tags(&tags).map(|line| (line.steps, line.ancestors.len())), Some((366, 4)));
}

#[test]
fn what_was_told_stays_where_less_can_be_found_and_gives_way_to_another_source() {
    let id = version_id("web", "1.0.0");
    let told = Origin::Version { id: &id }.line(base());
    let found = || Origin::Version { id: &id }.line(Parent::default());
    assert_eq!(settled(None, found()), found());
    assert_eq!(settled(Some(&told), found()), told, "the parent's object is gone");
    assert_eq!(settled(Some(&found()), told.clone()), told, "more was found since");
    let machine = VirtualMachineId::parse(&compute("virtualMachines/builder")).unwrap();
    let image = marketplace(None);
    let of = |uid: &'static str| Origin::Machine { id: &machine, uid: Some(uid), image: Some(&image) };
    let bare =
        |uid: &'static str| Origin::Machine { id: &machine, uid: Some(uid), image: None }.line(Parent::default());
    let known = of("vm-1").line(Parent::default());
    assert_eq!(settled(Some(&known), bare("vm-1")), known);
    assert_eq!(settled(Some(&known), bare("vm-2")), bare("vm-2"), "another machine of the same name");
}

#[test]
fn tags_of_others_tell_no_line() {
    for (case, tags) in [
        ("none", vec![]),
        ("no count", vec![("azimage-root", "a:b:c:d")]),
        ("no number", vec![("azimage-steps", "many"), ("azimage-root", "a:b:c:d")]),
        ("less than one", vec![("azimage-steps", "0")]),
    ] {
        let tags = tags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(of_tags(&tags), None, "{case}");
    }
}

proptest! {
    #[test]
    fn tags_and_statuses_hold_any_line(
        ids in proptest::collection::vec("[ -~]{1,300}", 0..40),
        uid in proptest::option::of("[ -~]{0,80}"),
        steps in any::<i32>(),
    ) {
        let image = with_id(&version_id("web", "1.0.0").to_string(), None);
        let ancestors = ids.iter().map(|id| ancestor(AncestorKind::Image, id, uid.as_deref())).collect();
        let parent = Parent { uid: uid.clone(), provenance: Some(Provenance { steps, ancestors }) };
        let machine = VirtualMachineId::parse(&compute("virtualMachines/builder")).unwrap();
        let line = Origin::Machine { id: &machine, uid: uid.as_deref(), image: Some(&image) }.line(parent);
        prop_assert!(line.steps >= 2 && line.ancestors.len() <= MOST);
        prop_assert!(line.ancestors.iter().all(|it| it.id.len() <= ID_LIMIT && it.uid.as_ref().is_none_or(|uid| (1..=UID_LIMIT).contains(&uid.len()))));
        let tags = tags(&line);
        prop_assert!(tags.len() <= 5 && tags.values().all(|value| value.chars().count() <= TAG_VALUE_LIMIT));
        let again = of_tags(&tags).unwrap();
        prop_assert!(again.steps == line.steps && again.ancestors.len() <= 4);
    }
}
