//! Secrets in everything that azimage gets to see: none of them is told, however talkative it is. That is looked at when the
//! test ends, as in every test.

use azimage_end_to_end::{Azure, Kind, Test, manifests};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::identity::{account, object, trust};

const EVERYTHING: &str = "azimage=trace,azimage_azure=trace,azure_identity=trace,azure_core=trace,typespec_client_core=trace,kube=trace,reqwest=trace,hyper=trace,hyper_util=trace,h2=trace,rustls=trace";

fn secret(test: &Test, what: &str) -> String {
    let secret = format!("planted-{}", Uuid::new_v4().simple());
    test.plant(what, &secret);
    secret
}

/// Asks for a look, and waits until the object shows the reason and words of what came of it.
async fn shows(test: &Test, name: &str, reason: &str, words: &str) {
    test.request(Kind::Version, name).await;
    let shown = |object: &azimage_end_to_end::Object| {
        object.condition("Ready").is_some_and(|ready| ready.reason == reason && ready.message.contains(words))
    };
    let seen = test.wait(Kind::Version, name, words, shown).await;
    println!("{name}: {}", seen.condition("Ready").unwrap().message);
}

async fn answered(azure: &Azure, matching: Value, status: u16, body: Value) -> u64 {
    azure.fault(&json!({"match": matching, "then": {"respond": {"status": status, "body": body}}})).await
}

async fn over(azure: &Azure, fault: u64) {
    assert!(azure.fired(fault).await > 0, "the answer was never given");
    azure.end_fault(fault).await;
}

#[tokio::test]
async fn no_secret_is_told_wherever_it_comes_from() {
    let test = Test::new("leaks").await;
    let azure = &test.azure;
    let signature = secret(&test, "a shared access signature");
    let password = secret(&test, "the password in somebody's script");
    let operation = secret(&test, "the signature of an operation");
    // Somebody has run a script with a password in it on the machine.
    let script = json!({"location": "westeurope", "properties": {
        "source": {"script": format!("echo {password} | passwd --stdin root")},
        "parameters": [{"name": "password", "value": password}]}});
    azure.request("PUT", &format!("{}/runCommands/theirs", azure.machine("builder")), Some(&script)).await;
    azure.add_machine("federated", &json!({"bootDiagnostics": true})).await;
    trust(&test, &json!({})).await;
    account(&test, Some(&azure.client)).await;

    // The token authority echoes the request, which holds the client secret or the ServiceAccount's token.
    let token = json!({"client": azure.client, "path": "/oauth2/v2.0/token$"});
    let echo = |error: &str| {
        json!({"error": error, "error_codes": [4242], "error_description":
            format!("AADSTS4242: odd. Request: {{request.body}} see https://x.blob.core.windows.net/a?sv=1&sig={signature}")})
    };
    let refused = answered(azure, token.clone(), 401, echo("invalid_client")).await;
    let controller = test.start_with(&[("log-level", EVERYTHING)]);
    test.apply(&manifests::image_version(azure, "own", "1.4.0", "builder")).await;
    let mut federated = object(&test, "1.4.1");
    federated["metadata"]["name"] = json!("federated");
    federated["spec"]["source"]["virtualMachine"]["resourceId"] = json!(azure.machine("federated"));
    test.apply(&federated).await;
    for name in ["own", "federated"] {
        shows(&test, name, "IdentityRefused", "AADSTS4242").await;
    }
    // Each answer ends only once the next one is there: in between, azimage would go on, and not ask again.
    let mut before = refused;
    for (status, body) in [
        (500, echo("server_error")),
        (400, json!("{request.body}")),
        (200, json!({"access_token": 7, "odd": "{request.body}"})),
    ] {
        let failed = answered(azure, token.clone(), status, body).await;
        over(azure, std::mem::replace(&mut before, failed)).await;
        for name in ["own", "federated"] {
            test.request(Kind::Version, name).await;
        }
        test.until("the authority was asked again", || async { azure.fired(failed).await >= 4 }).await;
    }

    // Resource Manager echoes headers and bodies, and hands out signed addresses in errors.
    let words = format!(
        "Odd. Authorization: {{request.authorization}} x={{request.body}} see https://x.blob.core.windows.net/a?sv=1&sig={signature}"
    );
    let error = json!({"error": {"code": "Odd", "message": words, "details": [{"code": "Odd", "message": words}]}});
    for (method, status, body, reason) in [
        ("GET", 400, error.clone(), "RequestRefused"),
        ("GET", 503, error.clone(), "AzureUnavailable"),
        ("GET", 403, error.clone(), "RequestRefused"),
        (
            "GET",
            502,
            json!(format!("<html>{{request.authorization}} <a href='/login?sig={signature}'></html>")),
            "AzureUnavailable",
        ),
        ("GET", 200, json!({"location": {"x": "{request.authorization}"}, "tags": signature}), "AzureUnavailable"),
        ("PATCH", 400, error.clone(), "RequestRefused"),
    ] {
        let matching = json!({"subscription": azure.subscription, "method": method});
        let fault = answered(azure, matching, status, body).await;
        over(azure, std::mem::replace(&mut before, fault)).await;
        for name in ["own", "federated"] {
            test.request(Kind::Version, name).await;
        }
        test.until("the answer was given", || async { azure.fired(fault).await >= 2 }).await;
        for name in ["own", "federated"] {
            shows(&test, name, reason, "").await;
        }
    }

    // A write is accepted with a signed address to look at.
    let address = format!(
        "{}/subscriptions/{}/providers/Microsoft.Compute/locations/westeurope/operations/1?api-version=1&t=1&c=x&s={operation}&h=y",
        azure.simulator.arm, azure.subscription
    );
    let accepted = azure
        .fault(&json!({"match": {"subscription": azure.subscription, "method": "PUT", "path": "/versions/"}, "effect": "Applied",
            "then": {"respond": {"status": 201, "headers": {"azure-asyncoperation": address, "location": address}, "body": {}}}}))
        .await;
    over(azure, before).await;
    for name in ["own", "federated"] {
        test.request(Kind::Version, name).await;
        test.ready(Kind::Version, name).await;
    }
    over(azure, accepted).await;
    for target in ["azimage", "hyper", "reqwest", "kube"] {
        assert!(controller.output().contains(&format!("\"target\":\"{target}")), "{target} says nothing");
    }
    assert!(controller.output().contains("\"level\":\"TRACE\""));
    test.finish(Some(controller)).await;
}
