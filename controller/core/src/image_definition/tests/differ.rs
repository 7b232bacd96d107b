//! How an image definition differs from its object.

use super::*;

type Alter = fn(&mut Definition);

#[test]
fn each_difference_that_azure_cannot_change_is_told_with_both_values_and_never_written() {
    let plan_of = |name: &str| MarketplacePlan { name: name.into(), publisher: "p".into(), product: "o".into() };
    let spec = json!({"location": "West Europe", "properties": {"hibernation": true, "acceleratedNetworking": false,
        "purchasePlan": {"name": "pro", "publisher": "p", "product": "o"}}});
    let same = |it: &mut Definition| {
        (it.hibernation, it.plan) = (Some("True".into()), Some(plan_of("pro")));
    };
    let as_asked = plan(&validated(spec.clone()), &found(with(same)));
    assert_eq!(shape(&as_asked), ("Settled".into(), Requeue::Resync, None), "{}", said(&as_asked));
    let cases: [(&str, &str, &str, Alter); 14] = [
        ("spec.location", "westeurope", "northeurope", |it| it.location = "northeurope".parse().unwrap()),
        ("spec.properties.osType", "Linux", "Windows", |it| it.os_type = "Windows".into()),
        ("osState", "Generalized", "Specialized", |it| it.os_state = "Specialized".into()),
        ("spec.properties.hyperVGeneration", "V2", "V1", |it| it.generation = "V1".into()),
        ("spec.properties.architecture", "x64", "Arm64", |it| it.architecture = "Arm64".into()),
        ("spec.properties.identifier.publisher", "corp", "other", |it| it.identifier.publisher = "other".into()),
        ("spec.properties.identifier.offer", "ubuntu", "debian", |it| it.identifier.offer = "debian".into()),
        ("spec.properties.identifier.sku", "web", "nothing", |it| it.identifier.sku = String::new()),
        ("spec.properties.securityType", "TrustedLaunch", "Standard", |it| it.security_type = None),
        ("spec.properties.diskControllerTypes", "SCSI, NVMe", "SCSI", |it| it.disk_controllers = None),
        ("spec.properties.hibernation", "true", "false", |it| it.hibernation = None),
        ("spec.properties.acceleratedNetworking", "false", "true", |it| {
            it.accelerated_networking = Some("True".into());
        }),
        ("spec.properties.purchasePlan", "p/o/pro", "nothing", |it| it.plan = None),
        ("spec.properties.purchasePlan", "p/o/pro", "p/o/free", |it| it.plan.as_mut().unwrap().name = "free".into()),
    ];
    for (field, wanted, is, alter) in cases {
        let differing = found(with(|it| {
            same(it);
            alter(it);
        }));
        for management in ["Ensure", "Observe"] {
            let mut spec = spec.clone();
            spec["management"] = management.into();
            let plan = plan(&validated(spec), &differing);
            assert_eq!(shape(&plan), ("Stalled DefinitionDiffers".into(), Requeue::Resync, None), "{field}");
            let expected = format!("{field} is {wanted} in this object and {is} in Azure");
            assert!(said(&plan).starts_with(&expected), "{field}: {}", said(&plan));
        }
    }
    let unasked = plan(&validated(json!({})), &found(with(|it| it.plan = Some(plan_of("pro")))));
    assert!(said(&unasked).starts_with("spec.properties.purchasePlan is nothing"), "{}", said(&unasked));
    let spelled = found(with(|it| it.disk_controllers = Some("nvme,scsi".into())));
    assert_eq!(shape(&plan(&validated(json!({})), &spelled)).0, "Settled", "the order and the case don't matter");
}

#[test]
fn what_may_change_is_kept_and_all_else_is_written_as_it_was_read() {
    let all = json!({"properties": {
        "description": "web", "eula": "free", "privacyStatementUri": "https://e/p", "releaseNoteUri": "https://e/n",
        "endOfLifeDate": "2027-11-01T00:00:00Z", "tags": {"costCenter": "42"},
        "recommended": {"vCPUs": {"min": 2}, "memory": {"max": 64}}}});
    let ensured = validated(all);
    let kept = |it: &mut Definition| {
        it.description = Some("web".into());
        it.eula = Some("free".into());
        it.privacy_statement_uri = Some("https://e/p".into());
        it.release_note_uri = Some("https://e/n".into());
        it.end_of_life = Some("2027-11-01T00:00:00+00:00".into());
        it.tags.insert("COSTCENTER".into(), "42".into());
        it.tags.insert("theirs".into(), "x".into());
        (it.vcpus.min, it.vcpus.max, it.memory.max) = (Some(2), Some(9), Some(64));
    };
    assert_eq!(shape(&plan(&ensured, &found(with(kept)))).0, "Settled", "a tag's case doesn't matter");
    let cases: [(&str, Alter); 8] = [
        ("description", |it| it.description = Some("changed".into())),
        ("eula", |it| it.eula = None),
        ("privacyStatementUri", |it| it.privacy_statement_uri = None),
        ("releaseNoteUri", |it| it.release_note_uri = Some("https://other".into())),
        ("endOfLifeDate", |it| it.end_of_life = Some("2028-11-01T00:00:00Z".into())),
        ("recommended.vCPUs.min", |it| it.vcpus.min = Some(4)),
        ("recommended.memory.max", |it| it.memory.max = None),
        ("tag costCenter", |it| drop(it.tags.insert("COSTCENTER".into(), "7".into()))),
    ];
    for (what, alter) in cases {
        let drifted = with(|it| {
            kept(it);
            alter(it);
        });
        let plan = plan(&ensured, &found(drifted.clone()));
        assert_eq!(shape(&plan).2, CHANGE, "{what}");
        let step = plan.step.clone().unwrap();
        assert_eq!(step.changes.iter().map(|change| change.what.as_str()).collect::<Vec<_>>(), [what]);
        assert_eq!((step.request.properties, step.request.new), (drifted.properties.clone(), None), "{what}");
        assert_eq!(step.request.tags.get("theirs").map(String::as_str), Some("x"), "{what}");
        assert_eq!(step.request.tags.get("COSTCENTER").map(String::as_str), Some("42"), "{what}");
        assert_eq!(step.request.tags.len(), 3, "{what}");
        let observed = validated(json!({"management": "Observe", "properties": {"description": "web"}}));
        if what == "description" {
            let told = self::plan(&observed, &found(drifted));
            assert_eq!(shape(&told), ("Stalled DefinitionDiffers".into(), Requeue::Resync, None));
            assert!(said(&told).contains("spec.properties.description is web in this object and changed in Azure"));
        }
    }
}
