use std::sync::Mutex as StdMutex;

use super::*;
use crate::fake::{Script, answer, no_answer};

const TENANT: &str = "11111111-0000-0000-0000-000000000001";

fn token(value: &str) -> String {
    serde_json::json!({"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": value})
        .to_string()
}

/// An identity with a client secret, and its clock: `azure_identity` stamps tokens with the real time, so the clock
/// starts there.
fn identity(script: &Arc<Script>) -> (AzureIdentity, Arc<StdMutex<jiff::Timestamp>>) {
    let start = azure_core::time::OffsetDateTime::now_utc().unix_timestamp();
    let clock = Arc::new(StdMutex::new(jiff::Timestamp::from_second(start).unwrap()));
    let now: Now = {
        let clock = Arc::clone(&clock);
        Arc::new(move || *clock.lock().unwrap())
    };
    let secret =
        Identity::ClientSecret { tenant: TENANT.to_owned(), client_id: "client".to_owned(), secret: "hunter2".into() };
    let identity = AzureIdentity::new(secret, &Cloud::public(), Arc::clone(script) as _, now).unwrap();
    (identity, clock)
}

fn advance(clock: &StdMutex<jiff::Timestamp>, seconds: i64) {
    let mut now = clock.lock().unwrap();
    *now += jiff::SignedDuration::from_secs(seconds);
}

fn exposed(token: &BearerToken) -> &str {
    token.secret().expose_secret()
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept() {
    let script = Script::of([answer(200, &[], token("one"))]);
    let (identity, clock) = identity(&script);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    advance(&clock, 3000);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    assert_eq!(script.sent(), [format!("POST https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")]);
    let body = String::from_utf8(script.requests.lock().unwrap()[0].body().to_vec()).unwrap();
    assert!(body.contains("scope=https%3A%2F%2Fmanagement.azure.com%2F.default"), "{body}");
}

#[tokio::test]
async fn a_refused_token_is_replaced_by_a_fresh_one() {
    let script = Script::of([answer(200, &[], token("one")), answer(200, &[], token("two"))]);
    let (identity, _) = identity(&script);
    let first = identity.token().await.unwrap();
    assert_eq!(exposed(&identity.replace(&first).await.unwrap()), "two");
    assert_eq!(exposed(&identity.replace(&first).await.unwrap()), "two", "another caller has replaced it already");
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn a_failed_renewal_does_not_matter_while_the_old_token_lives() {
    // The credential's own cache follows the real clock, so a short-lived token makes it ask again.
    let short = serde_json::json!({"token_type": "Bearer", "expires_in": 200, "access_token": "one"}).to_string();
    let down = || no_answer(TransportErrorKind::Connect, false);
    let script = Script::of([answer(200, &[], short), down(), down(), down()]);
    let (identity, clock) = identity(&script);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    for _ in 0..3 {
        assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    }
    assert_eq!(script.sent().len(), 2, "one failed renewal, then a pause");
    advance(&clock, 60);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    assert_eq!(script.sent().len(), 3);
    advance(&clock, 200);
    assert_eq!(identity.token().await.unwrap_err().kind, TokenErrorKind::Unreachable);
}

#[tokio::test]
async fn a_refusal_names_what_is_wrong_and_never_the_secret() {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided: hunter2.","error_codes":[7000215]}"#;
    let unknown = r#"{"error":"invalid_client","error_description":"AADSTS1: hunter2 is strange.","error_codes":[1]}"#;
    for (body, expected) in [(body, "give its value, not its id"), (unknown, "is strange")] {
        let script = Script::of([answer(401, &[], body)]);
        let (identity, _) = identity(&script);
        let error = identity.token().await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Refused);
        assert!(error.message.contains(expected), "{error}");
        assert!(!format!("{error:?} {identity:?}").contains("hunter2"), "{error:?} {identity:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_authoritys_counts_as_unreachable() {
    for (status, body) in [(200, ""), (200, "<html>"), (502, "<html>"), (404, ""), (302, "")] {
        let script = Script::of([answer(status, &[], body)]);
        let (identity, _) = identity(&script);
        let error = identity.token().await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Unreachable, "{status} {body}: {error}");
    }
}

#[test]
fn what_is_missing_is_said_at_the_start() {
    let script = Script::of([]);
    let now: Now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let secret = Identity::ClientSecret { tenant: "a b".to_owned(), client_id: "c".to_owned(), secret: "x".into() };
    let error = AzureIdentity::new(secret, &Cloud::public(), script, now).unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Configuration);
    assert!(error.message.contains("tenant"), "{error}");
}

#[tokio::test]
async fn a_managed_identity_asks_the_machines_own_endpoint() {
    let expires = azure_core::time::OffsetDateTime::now_utc().unix_timestamp() + 3600;
    let body = serde_json::json!({"access_token": "one", "expires_on": expires.to_string(), "token_type": "Bearer",
        "resource": "https://management.azure.com"});
    let script = Script::of([answer(200, &[], body.to_string())]);
    let now: Now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let managed = Identity::ManagedIdentity { client_id: Some("client".to_owned()) };
    let identity = AzureIdentity::new(managed, &Cloud::public(), Arc::clone(&script) as _, now).unwrap();
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    let sent = &script.sent()[0];
    assert!(sent.starts_with("GET http://169.254.169.254/metadata/identity/oauth2/token?"), "{sent}");
    assert!(sent.contains("client_id=client"), "{sent}");
}
