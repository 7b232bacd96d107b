//! Several teams in one cluster: what each of them may do by the roles that the chart adds to the cluster's own.

use azimage_end_to_end::{Kind, Test, manifests, pages};

/// The kinds, as they stand in rules.
const KINDS: [&str; 3] = ["imageversions", "replicationtargets", "imagedefinitions"];

/// The cluster's own roles, and what they may do with objects of azimage.
const ROLES: [(&str, &[&str]); 3] = [
    ("view", &["get", "list", "watch"]),
    ("edit", &["get", "list", "watch", "create", "update", "patch", "delete"]),
    ("admin", &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]),
];

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// Whether somebody may do something in a namespace.
async fn may(test: &Test, person: &str, namespace: &str, question: &[&str]) -> bool {
    let person = format!("--as={person}");
    let arguments = [&["-n", namespace, "auth", "can-i", &person], question].concat();
    test.environment.cluster.kubectl(&arguments).await.unwrap().stdout.trim() == "yes"
}

#[tokio::test]
async fn members_of_the_clusters_own_roles_may_do_what_their_role_says_in_their_namespace_alone() {
    let test = Test::new("teams").await;
    let cluster = test.environment.cluster;
    let elsewhere = cluster.create_namespace("teams-elsewhere").await.unwrap();
    for (role, _) in ROLES {
        let (binding, clusterrole, user) =
            (format!("{role}s"), format!("--clusterrole={role}"), format!("--user={role}-a"));
        test.kubectl(&["create", "rolebinding", &binding, &clusterrole, &user]).await;
    }
    // Whoever puts rules into the cluster's roles does so a moment after the chart is there.
    let last = ["deletecollection", "imageversions.azimage.dev"];
    test.until("the roles are put together", || may(&test, "admin-a", &test.namespace, &last)).await;
    for (role, verbs) in ROLES {
        let person = format!("{role}-a");
        for kind in KINDS {
            let kind = format!("{kind}.azimage.dev");
            for verb in VERBS {
                let allowed = may(&test, &person, &test.namespace, &[verb, &kind]).await;
                assert_eq!(allowed, verbs.contains(&verb), "{person} {verb} {kind}");
            }
            // A status is azimage's word.
            let status = ["patch", kind.as_str(), "--subresource=status"];
            assert!(!may(&test, &person, &test.namespace, &status).await, "{person} writes the status of {kind}");
            assert!(!may(&test, &person, &elsewhere, &["get", &kind]).await, "{person} reads {kind} elsewhere");
        }
    }

    // An editor of one namespace sees nothing of another one: neither its objects, nor what is told of them.
    let other = Test::new("teams-other").await;
    other.apply(&manifests::image_version(&other.azure, "secret-name", "1.0.0", "builder")).await;
    for what in ["imageversions.azimage.dev", "events.events.k8s.io", "events", "serviceaccounts"] {
        let arguments = ["-n", &other.namespace, "get", what, "--as=edit-a"];
        let output = cluster.kubectl(&arguments).await.unwrap();
        assert!(!output.success() && output.stderr.contains("forbidden"), "{what}: {output}");
        assert!(!output.stderr.contains("secret-name"), "{output}");
    }
    let arguments = ["-n", &other.namespace, "delete", "imageversion", "secret-name", "--as=edit-a"];
    assert!(!cluster.kubectl(&arguments).await.unwrap().success());
    assert!(other.history.last(Kind::Version.name(), "secret-name").is_some());

    // Each of the cluster's roles can be left alone.
    let chart = pages::place("charts/azimage");
    for (role, _) in ROLES {
        let switched = format!("rbac.aggregate.{role}=false");
        let rendered = cluster.helm(&["template", "azimage", &chart, "--set", &switched]).await.unwrap().ok().unwrap();
        for (other, _) in ROLES {
            let count = rendered.matches(&format!("aggregate-to-{other}: \"true\"")).count();
            assert_eq!(count, if other == role { 0 } else { KINDS.len() }, "{switched}: {other}");
        }
    }

    // What the page for several teams tells people to run.
    for command in pages::commands("docs/teams.md") {
        pages::run(&test, "docs/teams.md", &command).await;
    }
    test.finish(None).await;
    other.finish(None).await;
}
