//! Examples as Flux and Argo CD apply them: nothing of what azimage does looks to them like a change of theirs.

use std::fmt::Write as _;

use azimage_end_to_end::{Kind, Test, pages};
use serde_json::json;

/// The names under which Flux and Argo CD apply.
const MANAGERS: [&str; 2] = ["kustomize-controller", "argocd-controller"];

/// What the examples take, under the names that they give it.
async fn prepare(test: &Test) {
    test.azure.add_workspace().await;
    for machine in ["web-7", "builder-7", "builder-8"] {
        test.azure.add_machine(machine, &json!({})).await;
    }
    let partner = json!({"name": "partnerGallery", "definitions": [{"name": "ubuntu-web"}]});
    test.azure
        .add_to_group(json!({
            "galleries": [partner],
            "images": [{"name": "ubuntu-web"}],
            "snapshots": [{"name": "ubuntu-web", "osType": "Linux", "sizeGb": 30}],
            "disks": [{"name": "ubuntu-web-data"}],
        }))
        .await;
}

/// The examples in the test's namespace and subscription, each with a version number of its own.
async fn examples(test: &Test) -> Vec<(&'static str, String)> {
    let golden = test.azure.golden().await;
    let partner_source = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/images/providers/Microsoft.Compute/galleries/corpGallery/images/ubuntu-web/versions/1.4.0";
    let files = [
        "imageversion.yaml",
        "imageversion-in-place.yaml",
        "imageversion-from-version.yaml",
        "imageversion-from-managed-image.yaml",
        "imageversion-from-disks.yaml",
        "serviceaccount.yaml",
        "replicationtargets.yaml",
        "imagedefinition.yaml",
        "release-manager.yaml",
    ];
    let adapted = files.iter().enumerate().map(|(index, file)| {
        let number = if *file == "replicationtargets.yaml" { 1 } else { index + 1 };
        let mut manifest = pages::read(&format!("examples/{file}"))
            .replace(partner_source, &golden)
            .replace("00000000-0000-0000-0000-000000000000", &test.azure.subscription)
            .replace("namespace: images", &format!("namespace: {}", test.namespace))
            .replace("subnets/images", "subnets/work")
            .replace("1.4.0", &format!("{number}.4.0"))
            .replace("1.5.0", &format!("{number}.5.0"));
        for group in ["web", "build", "image-builders"] {
            manifest = manifest.replace(&format!("resourceGroups/{group}/"), "resourceGroups/images/");
        }
        if *file == "imagedefinition.yaml" {
            // The one of that name is there, and somebody else's.
            manifest = manifest.replace("name: ubuntu-web\n", "name: ubuntu-api\n");
        }
        (*file, manifest)
    });
    let mut listed = adapted.collect::<Vec<_>>();
    // Each example of its own is in the list.
    listed.sort_by_key(|(file, _)| *file);
    assert_eq!(listed.iter().map(|(file, _)| (*file).to_owned()).collect::<Vec<_>>(), pages::files("examples", "yaml"));
    listed
}

/// What kubectl says of what an example would change; nothing is what it has to be.
async fn differences(test: &Test, examples: &[(&str, String)]) -> String {
    let mut said = String::new();
    for (file, manifest) in examples {
        let mut ways = vec![vec!["diff", "-f", "-"]];
        ways.extend(MANAGERS.map(|manager| vec!["diff", "--server-side", "--field-manager", manager, "-f", "-"]));
        for arguments in ways {
            let output = test.environment.cluster.kubectl_with_input(&arguments, manifest).await.unwrap();
            if !output.success() || !output.stdout.is_empty() {
                let _ = writeln!(said, "{file}: {arguments:?}: {output}");
            }
        }
    }
    said
}

#[tokio::test]
async fn no_tool_sees_a_difference_in_an_example_once_azimage_has_done_its_work() {
    let test = Test::new("examples-applied").await;
    prepare(&test).await;
    let examples = examples(&test).await;
    for (file, manifest) in &examples {
        let arguments = ["apply", "--server-side", "--field-manager", MANAGERS[0], "-f", "-"];
        let output = test.environment.cluster.kubectl_with_input(&arguments, manifest).await.unwrap();
        assert!(output.success(), "{file}: {output}");
    }
    let controller = test.start();
    let names: Vec<(Kind, String)> = [1, 2, 3, 4]
        .map(|number| if number == 3 { "partner-ubuntu-web-3.4.0".into() } else { format!("ubuntu-web-{number}.4.0") })
        .into_iter()
        .chain(["ubuntu-web-5.5.0".to_owned()])
        .map(|name| (Kind::Version, name))
        .chain(["northeurope-prod", "eastus2-web"].map(|name| (Kind::Target, name.to_owned())))
        .chain([(Kind::Definition, "ubuntu-api".to_owned())])
        .collect();
    for (kind, name) in &names {
        test.ready(*kind, name).await;
    }
    // Nobody trusts the ServiceAccount of this example.
    test.stalled(Kind::Version, "ubuntu-web-6.5.0", "IdentityRefused").await;
    assert_eq!(differences(&test, &examples).await, "");

    // Nor does applying it again write anything.
    let revisions = || -> Vec<_> {
        let of = |(kind, name): &(Kind, String)| test.history.last(kind.name(), name).unwrap();
        names.iter().map(|it| of(it).at("/metadata/generation").clone()).collect()
    };
    let before = revisions();
    for (_, manifest) in &examples {
        let arguments = ["apply", "--server-side", "--field-manager", MANAGERS[0], "-f", "-"];
        test.environment.cluster.kubectl_with_input(&arguments, manifest).await.unwrap().ok().unwrap();
    }
    for (kind, name) in &names {
        test.ready(*kind, name).await;
    }
    assert_eq!(revisions(), before);

    // What pages tell people to run does what they say.
    let cluster = test.environment.cluster;
    cluster.kubectl(&["create", "namespace", "argocd"]).await.unwrap().ok().unwrap();
    cluster
        .kubectl(&["-n", "argocd", "create", "configmap", "argocd-cm", "--from-literal=url=x"])
        .await
        .unwrap()
        .ok()
        .unwrap();
    for page in ["docs/flux.md", "docs/argocd.md", "docs/conditions.md"] {
        let commands = pages::commands(page);
        assert!(!commands.is_empty(), "{page} has no commands");
        for command in commands {
            pages::run(&test, page, &command).await;
        }
    }
    test.finish(Some(controller)).await;
}
