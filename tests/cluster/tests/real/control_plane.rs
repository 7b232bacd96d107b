use azimage_test_cluster::{Cluster, ClusterOptions, shared};
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::Api;
use kube::api::{ListParams, ObjectMeta, PostParams};
use serde_json::json;

use crate::left_behind::processes_with;

#[tokio::test]
async fn kubectl_sees_a_server_of_the_pinned_version_and_its_default_service_account() {
    let cluster = shared().await;
    let version = cluster.kubectl(&["version", "-o", "json"]).await.unwrap().json().unwrap();
    assert_eq!(version["serverVersion"]["gitVersion"], "v1.37.2");
    assert_eq!(version["clientVersion"]["gitVersion"], "v1.37.2");
    let account = cluster.kubectl(&["get", "serviceaccount", "default", "-o", "name"]).await.unwrap();
    assert_eq!(account.ok().unwrap(), "serviceaccount/default\n");
}

#[tokio::test]
async fn a_failing_kubectl_gives_its_code_and_what_it_said() {
    let output = shared().await.kubectl(&["get", "configmap", "nothing-of-that-name"]).await.unwrap();
    assert_eq!(output.code, Some(1));
    let error = output.ok().unwrap_err().to_string();
    assert!(error.contains("kubectl get configmap nothing-of-that-name") && error.contains("NotFound"), "{error}");
}

#[tokio::test]
async fn a_service_account_may_do_what_a_role_grants_and_nothing_else() {
    let cluster = shared().await;
    let namespace = cluster.create_namespace("rbac").await.unwrap();
    for arguments in [
        vec!["create", "serviceaccount", "reader"],
        vec!["create", "role", "reader", "--verb=get,list", "--resource=configmaps"],
        vec!["create", "rolebinding", "reader", "--role=reader", &format!("--serviceaccount={namespace}:reader")],
    ] {
        let arguments = [&["-n", &namespace][..], &arguments].concat();
        cluster.kubectl(&arguments).await.unwrap().ok().unwrap();
    }
    let client = cluster.client_for(&namespace, "reader").await.unwrap();
    let allowed: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    allowed.list(&ListParams::default()).await.unwrap();
    let refused: Api<ConfigMap> = Api::namespaced(client, "default");
    let error = refused.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(&error, kube::Error::Api(status) if status.is_forbidden()), "{error:?}");

    let kubeconfig = cluster.kubeconfig_for(&namespace, "reader").await.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kubeconfig).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let output = cluster.kubectl_as(&kubeconfig, &["get", "secrets"]).await.unwrap();
    assert!(!output.success() && output.stderr.contains("Forbidden"), "{output}");
    assert!(output.stderr.contains(&format!("system:serviceaccount:{namespace}:reader")), "{output}");
}

#[tokio::test]
async fn a_token_for_an_account_that_does_not_exist_is_an_error_that_names_it() {
    let error = shared().await.kubeconfig_for("default", "nobody").await.unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error:?}");
}

#[tokio::test]
async fn anybody_can_read_the_keys_that_verify_tokens_for_azure() {
    let cluster = shared().await;
    let token = cluster.token_for("default", "default", &["api://AzureADTokenExchange"]).await.unwrap();
    assert_eq!(token.split('.').count(), 3);
    let http = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(cluster.ca_pem().as_bytes()).unwrap()])
        .no_proxy()
        .build()
        .unwrap();
    let get = async |path: &str| -> serde_json::Value {
        let answer = http.get(format!("{}{path}", cluster.server_url())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    };
    let metadata = get("/.well-known/openid-configuration").await;
    assert_eq!(metadata["issuer"], cluster.server_url());
    let keys = get("/openid/v1/jwks").await;
    assert_eq!(keys["keys"][0]["alg"], "RS256");
}

#[tokio::test]
async fn a_deleted_namespace_ends_with_what_was_in_it() {
    let cluster = shared().await;
    let namespace = cluster.create_namespace("ends").await.unwrap();
    let objects: Api<ConfigMap> = Api::namespaced(cluster.admin_client().await.unwrap(), &namespace);
    let metadata = ObjectMeta { name: Some("one".to_owned()), ..Default::default() };
    objects.create(&PostParams::default(), &ConfigMap { metadata, ..Default::default() }).await.unwrap();
    cluster.delete_namespace(&namespace).await.unwrap();
    assert!(objects.get_opt("one").await.unwrap().is_none());
}

#[tokio::test]
async fn helm_installs_a_chart_that_asks_for_a_kubernetes_version() {
    let cluster = shared().await;
    let version = cluster.helm(&["version", "--short"]).await.unwrap().ok().unwrap();
    assert!(version.starts_with("v4.3.1"), "{version}");

    let namespace = cluster.create_namespace("helm").await.unwrap();
    let chart = tempfile::tempdir().unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    std::fs::write(
        chart.path().join("Chart.yaml"),
        json!({"apiVersion": "v2", "name": "small", "version": "1.0.0", "kubeVersion": ">=1.33.0-0"}).to_string(),
    )
    .unwrap();
    std::fs::write(
        chart.path().join("templates/object.yaml"),
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ .Release.Name }}'}}\n",
    )
    .unwrap();
    let chart = chart.path().to_str().unwrap();
    cluster.helm(&["install", "from-helm", chart, "-n", &namespace]).await.unwrap().ok().unwrap();
    cluster.kubectl(&["-n", &namespace, "get", "configmap", "from-helm"]).await.unwrap().ok().unwrap();
}

#[tokio::test]
async fn input_reaches_kubectl() {
    let cluster = shared().await;
    let namespace = cluster.create_namespace("input").await.unwrap();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "typed"}}).to_string();
    let output = cluster.kubectl_with_input(&["-n", &namespace, "apply", "-f", "-"], &object).await.unwrap();
    assert_eq!(output.ok().unwrap(), "configmap/typed created\n");
}

#[tokio::test]
async fn two_clusters_run_beside_each_other_one_survives_an_outage_and_a_stop_leaves_nothing() {
    let options = ClusterOptions::default();
    let (one, other) =
        tokio::try_join!(Cluster::start(options.clone()), Cluster::start(options)).expect("two clusters");
    assert_ne!(one.server_url(), other.server_url());
    let namespace = one.create_namespace("only-here").await.unwrap();
    let get = ["get", "namespace", &namespace];
    assert!(one.kubectl(&get).await.unwrap().success());
    assert!(!other.kubectl(&get).await.unwrap().success());

    one.stop_api_server().await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(one.admin_client().await.unwrap(), "default");
    let error = accounts.list(&ListParams::default()).await.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error:?}");
    assert!(one.stop_api_server().await.is_err(), "it is stopped already");
    one.start_api_server().await.unwrap();
    assert!(one.kubectl(&get).await.unwrap().success(), "the data survives");
    one.delete_namespace(&namespace).await.unwrap();

    let (folder, other_folder) = (one.folder().to_owned(), other.folder().to_owned());
    one.stop().await.unwrap();
    drop(other);
    for folder in [folder, other_folder] {
        assert_eq!(processes_with(&folder), Vec::<String>::new());
        assert!(!folder.exists(), "{}", folder.display());
    }
}

#[tokio::test]
async fn a_cluster_that_cannot_start_says_why() {
    let options = ClusterOptions { api_server_flags: vec!["--no-such-flag".to_owned()], ..ClusterOptions::default() };
    let error = format!("{:?}", Cluster::start(options).await.unwrap_err());
    assert!(error.contains("kube-apiserver") && error.contains("no-such-flag"), "{error}");
}
