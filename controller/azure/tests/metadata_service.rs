//! A managed identity, at the real address of the metadata service: in a network of its own, which has nothing else.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

use std::{process::Command, sync::Arc};

use azimage_azure::{
    AzureIdentity, Cloud, HttpTransport, HttpTransportOptions, Identity, TokenErrorKind, TokenSource as _,
    Transport as _,
};
use azimage_simulator::{Fault, RunningSimulator, Scenario, ServeOptions, serve};
use secrecy::ExposeSecret as _;

/// Set for the process that runs in that network.
const INSIDE: &str = "AZIMAGE_TEST_INSIDE";
const NETWORK: &str = "ip link set lo up && ip addr add 169.254.169.254/32 dev lo && exec \"$0\" --exact \
    a_managed_identity_gets_its_token_where_the_metadata_service_is";

#[test]
fn a_managed_identity_gets_its_token_where_the_metadata_service_is() {
    if std::env::var_os(INSIDE).is_some() {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(inside());
        return;
    }
    let mut command = Command::new("unshare");
    command.args(own_network()).args(["sh", "-c", NETWORK]).arg(std::env::current_exe().unwrap());
    // Nothing listens there: the metadata service must not be asked through a proxy.
    command.env(INSIDE, "1").env("HTTP_PROXY", "http://127.0.0.1:9");
    let output = command.output().expect("unshare can be run");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Everybody may have a network in a user namespace of their own, where those are allowed; root needs none.
fn own_network() -> &'static [&'static str] {
    let tried = Command::new("unshare").args(["--map-root-user", "--net", "true"]).output();
    if tried.is_ok_and(|output| output.status.success()) { &["--map-root-user", "--net"] } else { &["--net"] }
}

fn identity(simulator: &RunningSimulator, transport: &Arc<HttpTransport>, client_id: Option<&str>) -> AzureIdentity {
    let arm = simulator.arm();
    let cloud = Cloud::custom(&arm, &arm, format!("{arm}/.default")).unwrap();
    let now = simulator.moment().real;
    let managed = Identity::ManagedIdentity { client_id: client_id.map(str::to_owned) };
    AzureIdentity::new(managed, &cloud, transport.clone(), Arc::new(move || now)).unwrap()
}

async fn inside() {
    let scenario =
        Scenario::parse("clients:\n- {id: one, managedIdentity: UserAssigned}\n- {id: app, secret: s3cret}\n").unwrap();
    let metadata_listen = Some("169.254.169.254:80".parse().unwrap());
    let simulator = serve(ServeOptions { scenario, metadata_listen, ..ServeOptions::default() }).await.unwrap();
    let ca_bundle = Some(std::fs::read(simulator.ca()).unwrap());
    let options = HttpTransportOptions { ca_bundle, ..HttpTransportOptions::default() };
    let transport = Arc::new(HttpTransport::new(&options).unwrap());
    for client_id in [None, Some("one")] {
        let token = identity(&simulator, &transport, client_id).token().await.unwrap();
        let request = http::Request::get(format!("{}/subscriptions?api-version=2022-12-01", simulator.arm()))
            .header("authorization", format!("Bearer {}", token.secret().expose_secret()));
        let answer = transport.send(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "Azure takes the token");
    }
    for client_id in ["app", "nobody"] {
        let error = identity(&simulator, &transport, Some(client_id)).token().await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Refused, "{client_id}");
        assert!(error.message.contains("no such identity of this machine"), "{error}");
    }
    for status in [404, 410, 429, 500, 503] {
        let fault =
            serde_json::json!({"match": {"path": "^/metadata/identity"}, "then": {"respond": {"status": status}}});
        let fault: Fault = serde_json::from_value(fault).unwrap();
        let fault = simulator.add_fault(fault).unwrap();
        let one = identity(&simulator, &transport, Some("one"));
        let error = one.token().await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Unreachable, "{error}");
        assert!(error.message.contains(&format!("HTTP {status}")), "{error}");
        simulator.remove_fault(fault);
        one.token().await.unwrap();
    }
    // It doesn't answer at all: whoever asks waits for a bounded time, and the next answer counts again.
    let fault = serde_json::json!({"match": {"path": "^/metadata/identity"}, "then": "Hang"});
    let fault = simulator.add_fault(serde_json::from_value(fault).unwrap()).unwrap();
    let one = identity(&simulator, &transport, Some("one"));
    let begun = tokio::time::Instant::now();
    let error = one.token().await.unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Unreachable, "{error}");
    let expected = "the machine's metadata service (169.254.169.254) gave no answer within 20 s";
    assert!(error.message.contains(expected), "{error}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(40), "{:?}", begun.elapsed());
    simulator.remove_fault(fault);
    one.token().await.unwrap();
    simulator.shutdown().await;
}
