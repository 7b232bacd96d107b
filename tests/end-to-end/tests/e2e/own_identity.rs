//! The controller's own identity: how it proves itself, what is exchanged while it runs, and what the authority may answer.

use azimage_end_to_end::{Kind, Object, Test, manifests};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use uuid::Uuid;

/// Short enough that the controller asks for several tokens within a test: it asks again after twenty seconds.
const SHORT: u32 = 45;

async fn ready(test: &Test, name: &str, version: &str) {
    test.apply(&manifests::image_version(&test.azure, name, version, "builder")).await;
    test.ready(Kind::Version, name).await;
}

/// A key with its certificate, both PEM; the key is planted.
fn certificate(test: &Test) -> (String, String) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::new(vec!["azimage".to_owned()]).unwrap().self_signed(&key).unwrap();
    let secret = key.serialize_pem();
    for line in secret.lines().filter(|line| !line.starts_with("-----") && line.len() >= 12) {
        test.plant("the certificate's key", line);
    }
    (secret, certificate.pem())
}

/// Waits until an object is stalled for `reason` and says `part`.
async fn says(test: &Test, reason: &str, part: &str) {
    test.request(Kind::Version, "web").await;
    let wanted = |object: &Object| {
        object.is_stalled(reason) && object.stalled().is_some_and(|(_, message)| message.contains(part))
    };
    test.wait(Kind::Version, "web", part, wanted).await;
}

#[tokio::test]
async fn a_secret_is_exchanged_while_it_runs() {
    let test = Test::new("rotated-secret").await;
    let new = format!("planted-{}", Uuid::new_v4().simple());
    test.plant("the new client secret", &new);
    test.azure.prove_with(&json!({"secret": test.azure.secret, "tokenLifetimeSeconds": SHORT})).await;
    let controller = test.start();
    ready(&test, "web", "1.0.0").await;
    // The old secret is gone from here on: the token still serves, and renewals that fail don't matter.
    test.azure.prove_with(&json!({"secret": new, "tokenLifetimeSeconds": SHORT})).await;
    test.until("a renewal has failed", || async { controller.output().contains("token not renewed") }).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    // The token ends, and nobody can act until the new secret is there.
    says(&test, "IdentityRefused", "AADSTS7000215").await;
    std::fs::write(test.secret_file(), &new).unwrap();
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    test.azure.add_machine("second", &json!({})).await;
    test.apply(&manifests::image_version(&test.azure, "next", "1.1.0", "second")).await;
    test.ready(Kind::Version, "next").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_certificate_proves_who_it_is_and_may_be_exchanged() {
    let test = Test::new("certificate").await;
    let (key, own) = certificate(&test);
    let (other_key, other) = certificate(&test);
    let file = test.secret_file();
    std::fs::write(&file, format!("{key}{own}")).unwrap();
    let path = file.to_str().unwrap();
    let controller =
        test.start_with(&[("azure-identity", "client-certificate"), ("azure-client-certificate-file", path)]);
    test.apply(&manifests::image_version(&test.azure, "web", "1.0.0", "builder")).await;
    says(&test, "IdentityRefused", "AADSTS700027").await;
    assert!(test.azure.writes().await.is_empty(), "nothing is written without a token");
    let expired = json!({"certificates": [{"pem": own, "expires": "2020-01-01T00:00:00Z"}]});
    test.azure.prove_with(&expired).await;
    says(&test, "IdentityRefused", "AADSTS700027").await;
    test.azure.prove_with(&json!({"certificates": [{"pem": other}]})).await;
    std::fs::write(&file, format!("{key}{other}")).unwrap();
    says(&test, "IdentityIncomplete", "belongs to none of its certificates").await;
    std::fs::write(&file, format!("{other}{other_key}")).unwrap();
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn the_controllers_own_service_account_is_trusted() {
    let test = Test::new("workload").await;
    let cluster = test.environment.cluster;
    let namespace = test.namespace.clone();
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "azimage", "namespace": namespace}});
    cluster.kubectl_with_input(&["apply", "-f", "-"], &account.to_string()).await.unwrap().ok().unwrap();
    let discovery =
        cluster.kubectl(&["get", "--raw", "/.well-known/openid-configuration"]).await.unwrap().json().unwrap();
    let jwks = cluster.kubectl(&["get", "--raw", "/openid/v1/jwks"]).await.unwrap().json().unwrap();
    test.azure.know(&json!({"issuer": discovery["issuer"], "jwks": jwks})).await;
    let subject = format!("system:serviceaccount:{namespace}:azimage");
    let credential = json!({"issuer": discovery["issuer"], "subject": subject});
    test.azure.prove_with(&json!({"federatedCredentials": [credential], "tokenLifetimeSeconds": SHORT})).await;
    // What the kubelet does with a projected token: it is there at the start, and is written anew later.
    let file = test.secret_file();
    let mut tokens = Vec::new();
    for audience in ["https://elsewhere.example", "api://AzureADTokenExchange", "api://AzureADTokenExchange"] {
        let token = cluster.token_for(&namespace, "azimage", &[audience]).await.unwrap();
        test.plant("a token of the service account", &token);
        tokens.push(token);
    }
    std::fs::write(&file, &tokens[0]).unwrap();
    let variables = [
        ("AZURE_TENANT_ID", test.environment.simulator.tenant.as_str()),
        ("AZURE_CLIENT_ID", test.azure.client.as_str()),
        ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
    ];
    let controller = test.start_in(&[("azure-identity", "workload-identity")], &variables);
    test.apply(&manifests::image_version(&test.azure, "web", "1.0.0", "builder")).await;
    says(&test, "IdentityRefused", "AADSTS700212").await;
    assert!(test.azure.writes().await.is_empty(), "nothing is written without a token");
    std::fs::write(&file, &tokens[1]).unwrap();
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    // A token of nonsense ends no access token, and the next good one is found.
    std::fs::write(&file, "nonsense that is no token").unwrap();
    says(&test, "IdentityRefused", "AADSTS50027").await;
    std::fs::write(&file, &tokens[2]).unwrap();
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}

/// An answer of the token endpoint, by its AADSTS code.
fn refusal(status: u16, code: u32, planted: &str) -> Value {
    let text = format!("AADSTS{code}: The request with '{planted}' is refused. Trace ID: {}", Uuid::nil());
    let body = json!({"error": "invalid_client", "error_description": text, "error_codes": [code]});
    json!({"respond": {"status": status, "body": body}})
}

/// What the token endpoint may answer, with the reason that it leads to and a part of what is said.
fn bad_answers(planted: &str) -> Vec<(Value, &'static str, &'static str)> {
    let refused = |code: u32, part| (refusal(401, code, planted), "IdentityRefused", part);
    let passes = |status, code: u32, part| (refusal(status, code, planted), "IdentityUnavailable", part);
    let other = |status: u16, body: Value| {
        (json!({"respond": {"status": status, "body": body}}), "IdentityUnavailable", "authority")
    };
    vec![
        refused(7_000_215, "AADSTS7000215"),
        refused(7_000_222, "AADSTS7000222"),
        refused(700_016, "AADSTS700016"),
        refused(90002, "AADSTS90002"),
        refused(70021, "AADSTS70021"),
        refused(700_213, "AADSTS700213"),
        refused(700_027, "AADSTS700027"),
        refused(53003, "AADSTS53003"),
        refused(500_011, "AADSTS500011"),
        refused(900_382, "AADSTS900382"),
        refused(90014, "AADSTS90014"),
        refused(999_999, "AADSTS999999"),
        passes(401, 700_024, "AADSTS700024"),
        passes(400, 50173, "AADSTS50173"),
        passes(400, 90033, "AADSTS90033"),
        passes(429, 50196, "AADSTS50196"),
        other(500, json!({"error": "server_error", "secret": planted})),
        other(502, json!(format!("<html><body>Bad gateway {planted}</body></html>"))),
        other(200, json!(format!("<html>Sign in to the proxy {planted}</html>"))),
        other(200, json!(format!("{{\"access_token\": \"{planted}"))),
        other(200, json!({"access_token": [planted], "expires_in": 3600, "token_type": "Bearer"})),
        other(200, json!("")),
        (json!("Reset"), "IdentityUnavailable", "authority"),
    ]
}

#[tokio::test]
async fn each_bad_answer_of_the_authority_is_told_and_nothing_is_written() {
    let test = Test::new("authority").await;
    let planted = test.azure.secret.clone();
    let controller = test.start();
    // From here on nothing but the fault's answers, each until the next one is there: the faults are for this test's
    // application alone.
    let mut before: Option<u64> = None;
    for (index, (then, reason, part)) in bad_answers(&planted).into_iter().enumerate() {
        let fault = json!({"match": {"path": "/oauth2/v2.0/token$", "client": test.azure.client}, "then": then});
        let fault = test.azure.fault(&fault).await;
        if let Some(before) = before.replace(fault) {
            test.azure.end_fault(before).await;
        }
        if index == 0 {
            test.apply(&manifests::image_version(&test.azure, "web", "1.0.0", "builder")).await;
        }
        test.request(Kind::Version, "web").await;
        test.until("the authority has answered badly", || async { test.azure.fired(fault).await > 0 }).await;
        let object = test
            .wait(Kind::Version, "web", &format!("{reason}: {part}"), |object| {
                let condition = if reason == "IdentityRefused" { "Stalled" } else { "Ready" };
                object.condition(condition).is_some_and(|found| found.reason == reason && found.message.contains(part))
            })
            .await;
        assert!(!object.is_ready());
        assert!(!object.0.to_string().contains(&planted));
        println!("{then}: {reason}");
    }
    assert!(test.azure.journal().await.is_empty(), "nothing reaches Azure without a token");
    test.azure.end_fault(before.unwrap()).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}
