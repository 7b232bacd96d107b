//! Resource ids as users and Azure write them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::hash_map::DefaultHasher,
    fmt::{Debug, Display},
    hash::{Hash, Hasher},
    str::FromStr,
};

use azimage_names::{
    GalleryId, ImageDefinitionId, ImageVersionId, ResourceId, ResourceIdError, RunCommandId, SubscriptionId,
    VirtualMachineId,
};
use proptest::prelude::*;

const COMPUTE: &str =
    "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/images/providers/Microsoft.Compute";

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Shows and reads back, and compares with the same id in upper and in lower case.
fn check<T>(id: &T)
where
    T: FromStr<Err = ResourceIdError> + Display + Debug + Ord + Hash + serde::Serialize + serde::de::DeserializeOwned,
{
    let shown = id.to_string();
    let again: T = shown.parse().unwrap();
    assert_eq!(again.to_string(), shown);
    for other in [shown.to_ascii_uppercase(), shown.to_ascii_lowercase(), shown] {
        let other: T = other.parse().unwrap();
        assert_eq!(&other, id);
        assert_eq!(other.cmp(id), std::cmp::Ordering::Equal);
        assert_eq!(hash(&other), hash(id));
        assert!(ResourceId::parse(&other.to_string()).is_ok());
        let json = serde_json::to_string(&other).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), id);
    }
}

#[test]
fn an_image_version_knows_its_parents() {
    let id =
        ImageVersionId::parse(&format!("{COMPUTE}/galleries/corpGallery/images/ubuntu-web/versions/1.4.0")).unwrap();
    assert_eq!(id.version().to_string(), "1.4.0");
    assert_eq!(id.definition().name(), "ubuntu-web");
    assert_eq!(id.definition().gallery().name(), "corpGallery");
    assert_eq!(id.definition().gallery().resource_group(), "images");
    assert_eq!(id.definition().version(id.version()), id);
    assert_eq!(id.definition().gallery().definition("Ubuntu-Web").unwrap().version(id.version()), id);
}

#[test]
fn an_error_says_which_segment_is_wrong_and_what_the_form_is() {
    for (text, expected) in [
        (String::new(), "must have the form /subscriptions/{subscriptionId}/resourceGroups"),
        ("builder-7".into(), "\"builder-7\" is not a resource id"),
        (format!("https://management.azure.com{COMPUTE}/virtualMachines/a"), "is not a resource id"),
        (COMPUTE.replace("resourceGroups", "groups"), "segment 3 of the resource id is \"groups\""),
        (format!("{COMPUTE}/galleries/a"), "segment 7 of the resource id is \"galleries\", but \"virtualMachines\""),
        (format!("{COMPUTE}/virtualMachines"), "ends before \"{virtualMachine}\""),
        (format!("{COMPUTE}/virtualMachines/"), "the name of the virtual machine is empty"),
        (format!("{COMPUTE}/virtualMachines/a/"), "goes on with \"\" where it must end"),
        (format!("{COMPUTE}/virtualMachines/a/extensions/b"), "goes on with \"extensions/b\""),
        (format!("{COMPUTE}/virtualMachines/a?b"), "'?' is not allowed"),
        (format!("{COMPUTE}/virtualMachines/.."), "may not end with a dot"),
        (format!("{COMPUTE}/virtualMachines/{}", "a".repeat(65)), "longer than the 64 characters"),
        (COMPUTE.replace("0a1b2c3d-", ""), "is not a subscription id"),
    ] {
        let text = if text.ends_with("Microsoft.Compute") { format!("{text}/virtualMachines/a") } else { text };
        let error = VirtualMachineId::parse(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let latest = format!("{COMPUTE}/galleries/g/images/d/versions/latest");
    let error = ImageVersionId::parse(&latest).unwrap_err().to_string();
    assert!(error.contains("\"latest\" is not an image version: write three integers"), "{error}");
}

/// Reads an id and shows it, or says what is wrong.
type Parse = fn(&str) -> Result<String, ResourceIdError>;

fn parse<T: FromStr<Err = ResourceIdError> + Display>(text: &str) -> Result<String, ResourceIdError> {
    text.parse::<T>().map(|id| id.to_string())
}

/// Every kind: what reads its ids, one of them after the provider, and the form of it.
const KINDS: [(Parse, &str, &str); 5] = [
    (parse::<GalleryId>, "galleries/corpGallery", "galleries/{gallery}"),
    (parse::<ImageDefinitionId>, "galleries/c.1/images/Ubuntu-web", "galleries/{gallery}/images/{definition}"),
    (
        parse::<ImageVersionId>,
        "galleries/c.1/images/u/versions/1.4.0",
        "galleries/{gallery}/images/{definition}/versions/{version}",
    ),
    (parse::<VirtualMachineId>, "virtualMachines/Builder-7", "virtualMachines/{virtualMachine}"),
    (
        parse::<RunCommandId>,
        "virtualMachines/Builder-7/runCommands/azimage-seal",
        "virtualMachines/{virtualMachine}/runCommands/{runCommand}",
    ),
];

#[test]
fn each_kind_reads_its_own_ids_and_no_others() {
    for (kind, (parse, _, form)) in KINDS.into_iter().enumerate() {
        for (other, (_, path, _)) in KINDS.into_iter().enumerate() {
            let id = format!("{COMPUTE}/{path}");
            if kind == other {
                assert_eq!(parse(&id).unwrap(), id, "it is shown as it was given");
                let shouted = COMPUTE.replace("resourceGroups", "RESOURCEGROUPS").replace("Compute", "COMPUTE");
                assert_eq!(parse(&format!("{shouted}/{path}")).unwrap(), id, "fixed words have one letter case");
                for name in path.split('/').skip(1).step_by(2) {
                    let without = id.replacen(&format!("/{name}"), "/", 1);
                    assert!(!parse(&without).unwrap_err().to_string().contains("the form is"), "{without}");
                }
            } else {
                let error = parse(&id).unwrap_err().to_string();
                let whole = format!(
                    "the form is /subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroup}}/providers/Microsoft.Compute/{form}"
                );
                assert!(error.ends_with(&whole), "{id}: {error}");
            }
        }
    }
}

#[test]
fn an_id_knows_in_whose_group_it_lies() {
    let seal: RunCommandId = format!("{COMPUTE}/virtualMachines/Builder-7/runCommands/azimage-seal").parse().unwrap();
    assert_eq!((seal.name(), seal.resource_group()), ("azimage-seal", "images"));
    assert_eq!(seal.virtual_machine().name(), "Builder-7");
    assert_eq!(seal.subscription(), seal.virtual_machine().subscription());
    assert_eq!(seal.subscription().as_str(), "0a1b2c3d-0000-0000-0000-00000000abcd");
    assert_ne!(seal, seal.virtual_machine().run_command("another").unwrap());
}

proptest! {
    #[test]
    fn ids_are_read_back_and_compared_without_letter_case(
        subscription in "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{12}",
        group in "[a-zA-Z0-9_()-]{1,90}",
        machine in "[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}",
        gallery in "[a-zA-Z0-9][a-zA-Z0-9_.]{0,78}[a-zA-Z0-9]",
        version in (0..10_000_u32, 0..10_000_u32, 0..=2_147_483_647_u32),
    ) {
        let subscription = SubscriptionId::parse(&subscription).unwrap();
        let machine = VirtualMachineId::new(subscription.clone(), &group, &machine).unwrap();
        check(&machine);
        check(&machine.run_command("azimage-seal").unwrap());
        let gallery = GalleryId::new(subscription, &group, &gallery).unwrap();
        check(&gallery);
        let definition = gallery.definition("ubuntu-Web").unwrap();
        check(&definition);
        let number = format!("{}.{}.{}", version.0, version.1, version.2).parse().unwrap();
        check(&definition.version(number));
    }

    #[test]
    fn any_text_is_answered_without_a_panic(tail in ".{0,60}", whole in ".{0,120}") {
        for text in [format!("{COMPUTE}/{tail}"), format!("{COMPUTE}/galleries/{tail}"), whole] {
            let _ = VirtualMachineId::parse(&text);
            let _ = RunCommandId::parse(&text);
            let _ = GalleryId::parse(&text);
            let _ = ImageDefinitionId::parse(&text);
            let _ = ImageVersionId::parse(&text);
        }
    }
}
