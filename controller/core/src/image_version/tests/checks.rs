//! Which sources may be captured, and which fit the definition.

use azimage_crds::{CONSENT_TAG, OWNER_TAG, Reason};
use serde_json::json;

use super::{
    super::{
        stage::compatible::{SourceTraits, fits},
        *,
    },
    fixtures::*,
    scene::*,
    told::*,
};

fn refused(reason: Reason) -> String {
    format!("- False/{reason} SourceReady={reason} Resync")
}

fn misfit(reason: Reason) -> String {
    format!("- False/{reason} Compatible={reason} Resync")
}

const FINE: &str = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";

fn marketplace(name: &str) -> MarketplacePlan {
    MarketplacePlan { name: name.into(), publisher: "p".into(), product: "o".into() }
}

fn to_an_account(machine: facts::Machine) -> facts::Machine {
    let account = BootDiagnostics::StorageAccount("https://mine.blob.core.windows.net/".into());
    facts::Machine { boot_diagnostics: account, ..machine }
}

fn no_extensions() -> facts::Machine {
    facts::Machine { allows_extensions: false, ..machine() }
}

/// Where the serial console is recorded of which a guest to be sealed has to be heard.
fn diagnostics() -> Vec<(&'static str, Scene, String)> {
    let with = |machine: facts::Machine| scene(&json!({})).machine(machine);
    let unsupported = refused(Reason::SourceUnsupported);
    vec![
        ("boot diagnostics in an account of one's own", with(to_an_account(machine())), unsupported.clone()),
        (
            "boot diagnostics in an account of one's own since the claim",
            with(to_an_account(machine()).claimed()),
            unsupported.clone(),
        ),
        (
            "boot diagnostics in an account of one's own since the seal was proven",
            with(to_an_account(machine()).claimed().marked().powered(Power::Deallocated)),
            "Generalize Unknown/Progressing Generalized=Progressing Poll".to_owned(),
        ),
        (
            "boot diagnostics in an account of one's own, marked for somebody who is gone",
            with(to_an_account(machine()).tagged(OWNER_TAG, "c1/images/web-0/u-0").marked()),
            unsupported,
        ),
        (
            "boot diagnostics in an account of one's own, of a machine that is said to be sealed",
            scene(&already_generalized()).machine(to_an_account(machine()).powered(Power::Stopped)),
            FINE.to_owned(),
        ),
        (
            "boot diagnostics off",
            with(facts::Machine { boot_diagnostics: BootDiagnostics::Off, ..machine() }),
            FINE.to_owned(),
        ),
    ]
}

/// A machine with so many tags, of which one is the consent.
fn with_tags(mut machine: facts::Machine, count: usize) -> facts::Machine {
    for number in machine.tags.len()..count {
        machine.tags.insert(format!("tag-{number}"), "x".to_owned());
    }
    machine
}

pub(super) fn sources() -> Vec<Row> {
    let with = |machine: facts::Machine| scene(&json!({})).machine(machine);
    let generalized = |machine: facts::Machine| {
        scene(&already_generalized()).machine(facts::Machine { generalized: true, ..machine })
    };
    let unsupported = refused(Reason::SourceUnsupported);
    let untagged = facts::Machine { tags: tags(&[]), ..machine() };
    let rows = vec![
        ("all is well", with(machine()), FINE.to_owned()),
        (
            "a member of a scale set",
            with(facts::Machine { scale_set: Some("set".into()), ..machine() }),
            unsupported.clone(),
        ),
        ("an ephemeral disk", with(facts::Machine { ephemeral_os_disk: true, ..machine() }), unsupported.clone()),
        ("an unmanaged disk", with(facts::Machine { unmanaged_os_disk: true, ..machine() }), unsupported.clone()),
        (
            "a system that nobody knows",
            with(facts::Machine { os_type: OsType::Other("Plan9".into()), ..machine() }),
            unsupported.clone(),
        ),
        (
            "a confidential machine",
            with(facts::Machine { security_type: Some("confidentialvm".into()), ..machine() })
                .definition(facts::Definition { security_type: Some("ConfidentialVM".into()), ..definition() }),
            unsupported.clone(),
        ),
        (
            "a confidential machine, generalized already",
            generalized(facts::Machine { security_type: Some("ConfidentialVM".into()), ..machine() }),
            unsupported.clone(),
        ),
        ("room for three tags", with(with_tags(machine(), 47)), FINE.to_owned()),
        ("room for two tags", with(with_tags(machine(), 48)), unsupported.clone()),
        ("room for no tag", with(with_tags(machine(), 50)), unsupported.clone()),
        (
            "room for one tag, and more isn't needed",
            scene(&already_generalized()).machine(with_tags(machine().powered(Power::Stopped), 49)),
            FINE.to_owned(),
        ),
        ("nothing may be run in the guest", with(no_extensions()), unsupported.clone()),
        ("nothing may be run in the guest since the claim", with(no_extensions().claimed()), unsupported),
        (
            "nothing may be run in the guest, which is sealed",
            with(no_extensions().claimed().marked().powered(Power::Deallocated)),
            "Generalize Unknown/Progressing Generalized=Progressing Poll".to_owned(),
        ),
        (
            "nothing may be run in the guest, which is said to be sealed",
            scene(&already_generalized()).machine(no_extensions().powered(Power::Stopped)),
            FINE.to_owned(),
        ),
        (
            "Windows, generalized already",
            generalized(facts::Machine { os_type: OsType::Windows, ..machine() })
                .definition(facts::Definition { os_type: OsType::Windows, ..definition() }),
            PUBLISH.to_owned(),
        ),
        ("no consent", with(untagged.clone()), refused(Reason::ConsentMissing)),
        ("another value than consent", with(machine().tagged(CONSENT_TAG, "yes")), refused(Reason::ConsentMissing)),
        (
            "consent in other letters of the tag's name",
            with(untagged.clone().tagged("Azimage-Generalize", "allowed")),
            FINE.to_owned(),
        ),
        (
            "consent withdrawn after the seal",
            with(facts::Machine { tags: tags(&[]), ..machine() }.claimed().marked().powered(Power::Deallocated)),
            refused(Reason::ConsentMissing),
        ),
        ("no consent, but generalized already", generalized(untagged), PUBLISH.to_owned()),
        (
            "claimed from another cluster",
            with(machine().tagged(OWNER_TAG, "c2/images/web-1/u-1")),
            refused(Reason::SourceClaimed),
        ),
        (
            "claimed from another namespace",
            with(machine().tagged(OWNER_TAG, "c1/other/web-1/u-1")),
            refused(Reason::SourceClaimed),
        ),
        ("claimed by who knows whom", with(machine().tagged(OWNER_TAG, "me")), refused(Reason::SourceClaimed)),
        (
            "claimed by an object of this namespace that is gone",
            with(machine().tagged(OWNER_TAG, "c1/images/web-0/u-0")),
            FINE.to_owned(),
        ),
        (
            "claimed from another cluster, but generalized already",
            generalized(machine().tagged(OWNER_TAG, "c2/images/web-1/u-1")),
            PUBLISH.to_owned(),
        ),
    ];
    rows.into_iter().chain(diagnostics()).map(|(case, scene, expected)| row(case, scene, &expected)).collect()
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn definitions() -> Vec<Row> {
    let fits = |machine: facts::Machine, definition: facts::Definition| {
        scene(&json!({})).machine(machine).definition(definition)
    };
    let of = definition;
    let feature = |security: &str| facts::Definition { security_type: Some(security.into()), ..of() };
    let controllers = |text: &str| facts::Definition { disk_controllers: Some(text.into()), ..of() };
    let secure = |security: &str| facts::Machine { security_type: Some(security.into()), ..machine() };
    let nvme = || facts::Machine { disk_controller: Some("NVMe".into()), ..machine() };
    let sold = |name: &str| facts::Machine { plan: Some(marketplace(name)), ..machine() };
    let selling = |name: &str| facts::Definition { plan: Some(marketplace(name)), ..of() };
    let generation = |generation: Option<&str>| generation.map(ToOwned::to_owned);
    let rows = vec![
        (
            "it is for specialized images",
            fits(machine(), facts::Definition { specialized: true, ..of() }),
            misfit(Reason::DefinitionSpecialized),
        ),
        (
            "it is for another system",
            fits(machine(), facts::Definition { os_type: OsType::Windows, ..of() }),
            misfit(Reason::OsTypeMismatch),
        ),
        (
            "it is for a system that nobody knows yet",
            fits(machine(), facts::Definition { os_type: OsType::Other("Plan9".into()), ..of() }),
            misfit(Reason::OsTypeMismatch),
        ),
        (
            "it is for another generation",
            fits(machine(), facts::Definition { generation: generation(Some("V1")), ..of() }),
            misfit(Reason::GenerationMismatch),
        ),
        (
            "it gives no generation, which means V1",
            fits(machine(), facts::Definition { generation: None, ..of() }),
            misfit(Reason::GenerationMismatch),
        ),
        (
            "it gives no generation, and the source is V1",
            fits(
                facts::Machine { generation: generation(Some("V1")), ..machine() },
                facts::Definition { generation: None, ..of() },
            ),
            FINE.to_owned(),
        ),
        (
            "Azure doesn't tell the source's generation",
            fits(facts::Machine { generation: None, ..machine() }, of()),
            FINE.to_owned(),
        ),
        (
            "it spells the generation in other letters",
            fits(machine(), facts::Definition { generation: generation(Some("v2")), ..of() }),
            FINE.to_owned(),
        ),
        ("both are Standard, one in words", fits(machine(), feature("Standard")), FINE.to_owned()),
        ("both are for TrustedLaunch", fits(secure("TrustedLaunch"), feature("trustedlaunch")), FINE.to_owned()),
        (
            "a TrustedLaunch source for a Standard definition",
            fits(secure("TrustedLaunch"), of()),
            misfit(Reason::SecurityTypeMismatch),
        ),
        (
            "a Standard source for a TrustedLaunch definition",
            fits(machine(), feature("TrustedLaunch")),
            misfit(Reason::SecurityTypeMismatch),
        ),
        (
            "a definition for several types takes no machine",
            fits(machine(), feature("TrustedLaunchSupported")),
            misfit(Reason::SecurityTypeMismatch),
        ),
        ("NVMe for a definition that allows it", fits(nvme(), controllers("SCSI, nvme")), FINE.to_owned()),
        (
            "NVMe for a definition that doesn't",
            fits(nvme(), controllers("SCSI")),
            misfit(Reason::DiskControllerMismatch),
        ),
        ("NVMe for a definition that says nothing", fits(nvme(), of()), misfit(Reason::DiskControllerMismatch)),
        (
            "no controller told",
            fits(facts::Machine { disk_controller: None, ..machine() }, controllers("NVMe")),
            FINE.to_owned(),
        ),
        ("the same purchase plan", fits(sold("a"), selling("a")), FINE.to_owned()),
        ("another purchase plan", fits(sold("a"), selling("b")), misfit(Reason::PurchasePlanMismatch)),
        ("a purchase plan that the definition hasn't", fits(sold("a"), of()), misfit(Reason::PurchasePlanMismatch)),
        ("a purchase plan that the source hasn't", fits(machine(), selling("a")), misfit(Reason::PurchasePlanMismatch)),
        (
            "it no longer fits when the machine is sealed and all but generalized",
            fits(
                machine().claimed().marked().powered(Power::Deallocated),
                facts::Definition { specialized: true, ..of() },
            ),
            misfit(Reason::DefinitionSpecialized),
        ),
        (
            "the copy of a version for a confidential definition",
            scene(&from_image_version()).definition(feature("ConfidentialVM")),
            misfit(Reason::SourceUnsupported),
        ),
        (
            "the copy of a confidential version",
            scene(&from_image_version()).observed(|observed| {
                let definition = facts::Definition { security_type: Some("ConfidentialVM".into()), ..definition() };
                observed.source_version = Told::Found(SourceVersionObserved { definition, ..source_version() });
            }),
            refused(Reason::SourceUnsupported),
        ),
        (
            "the copy of a version for another architecture",
            scene(&from_image_version()).definition(facts::Definition { architecture: "arm64".into(), ..of() }),
            misfit(Reason::ArchitectureMismatch),
        ),
        (
            "the copy of a version takes a definition for several types",
            scene(&from_image_version()).definition(feature("TrustedLaunchSupported")),
            PUBLISH.to_owned(),
        ),
    ];
    rows.into_iter().map(|(case, scene, expected)| row(case, scene, &expected)).collect()
}

#[test]
fn each_source_may_be_captured_or_is_refused_with_a_reason() {
    check(&sources());
}

#[test]
fn each_definition_takes_the_source_or_refuses_it_with_a_reason() {
    check(&definitions());
}

#[test]
fn an_image_as_source_fits_a_definition_for_several_security_types_and_a_machine_does_not() {
    let of = facts::Definition { security_type: Some("TrustedLaunchSupported".into()), ..definition() };
    for (is_machine, expected) in [(true, false), (false, true)] {
        let traits = SourceTraits {
            os_type: &OsType::Linux,
            generation: Some("V2"),
            architecture: None,
            security_type: Some("Standard"),
            disk_controller: None,
            plan: None,
            is_machine,
        };
        assert_eq!(fits(&traits, &of).is_ok(), expected, "machine: {is_machine}");
    }
}

#[test]
fn a_claim_of_a_living_object_of_the_namespace_holds() {
    let other = object(&json!({"metadata": {"name": "web-2", "uid": "u-2"}, "spec": {"version": "2.0.0"}}));
    let environment = Environment {
        cluster: "c1",
        own_identity_serves: true,
        account_serves: true,
        targets: &[],
        versions: &[&other],
        unreadable: &[],
        definitions: &[],
    };
    let validated = super::super::validate(&object(&already_generalized()), environment).unwrap();
    let claim = |owner: &str| validated.foreign_claim(&tags(&[(OWNER_TAG, owner)]));
    assert_eq!(claim("c1/images/web-2/u-2").as_deref(), Some("c1/images/web-2/u-2"));
    assert_eq!(claim("c1/images/web-2/u-3"), None, "a namesake that is gone");
    assert_eq!(claim(OURS), None, "our own");
    assert_eq!(validated.foreign_claim(&tags(&[])), None, "nobody's");
}
