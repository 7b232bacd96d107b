use super::*;
use crate::{
    Advice, OperationState, VirtualMachineUpdate,
    fake::{DEFINITION, Script, VM, answer, call, list, no_answer, version, vm},
};

const BUSY: &str = r#"{"error":{"code":"Conflict","message":"busy"}}"#;
const SIGNED: &str = "https://management.azure.com/subscriptions/s/providers/Microsoft.Compute/locations/CentralUSEUAP/capsOperations/g?api-version=2024-03-03&t=1&c=CERT&s=SIGNATURE&h=h";

#[tokio::test]
async fn a_request_carries_the_token_and_both_ids() {
    let script = Script::of([answer(200, &[], r#"{"location":"northeurope"}"#)]);
    script.client().virtual_machine(&call(), &vm()).await.unwrap();
    assert_eq!(
        script.sent(),
        [format!("GET https://management.azure.com{VM}?$expand=instanceView&api-version=2025-04-01")]
    );
    assert_eq!(script.header(0, "authorization").unwrap(), "Bearer token-1");
    assert_eq!(script.header(0, "x-ms-correlation-request-id").unwrap(), "00000000-0000-0000-0000-000000c0ffee");
    assert_eq!(script.header(0, "x-ms-client-request-id").unwrap(), "00000000-0000-0000-0000-000000000000");
    let shown = format!("{:?}", script.requests.lock().unwrap()[0].headers());
    assert!(!shown.contains("token-1"), "{shown}");
}

#[tokio::test]
async fn each_write_goes_to_its_own_path_with_its_own_method() {
    let script = Script::of((0..6).map(|_| answer(200, &[], "")));
    let client = script.client();
    let command = vm().run_command("azimage-seal").unwrap();
    client.deallocate(&call(), &vm()).await.unwrap();
    client.generalize(&call(), &vm()).await.unwrap();
    client.delete_run_command(&call(), &command).await.unwrap();
    client.delete_image_version(&call(), &version()).await.unwrap();
    let tags = [("azimage-owner".to_owned(), "a/b/c".to_owned())].into();
    let update = VirtualMachineUpdate { tags, switch_boot_diagnostics_on: false };
    client.update_virtual_machine(&call(), &vm(), &update, "\"7\"").await.unwrap();
    let error = client.update_virtual_machine(&call(), &vm(), &update, "7\n").await.unwrap_err();
    assert_eq!(error.advice(), Advice::NeedsChange);
    let arm = "https://management.azure.com";
    assert_eq!(
        script.sent(),
        [
            format!("POST {arm}{VM}/deallocate?api-version=2025-04-01"),
            format!("POST {arm}{VM}/generalize?api-version=2025-04-01"),
            format!("DELETE {arm}{VM}/runCommands/azimage-seal?api-version=2025-04-01"),
            format!("DELETE {arm}{DEFINITION}/versions/1.4.0?api-version=2024-03-03"),
            format!("PATCH {arm}{VM}?api-version=2025-04-01"),
        ]
    );
    assert_eq!(script.header(4, "if-match").unwrap(), "\"7\"");
    assert_eq!(script.body(4), serde_json::json!({"tags": {"azimage-owner": "a/b/c"}}));
    assert!(script.header(0, "content-type").is_none());
}

#[tokio::test]
async fn an_accepted_write_hands_out_its_operation_and_hides_the_signature() {
    let headers = [("Azure-AsyncOperation", SIGNED), ("Retry-After", "10")];
    let running = r#"{"startTime":"2026-04-01T10:00:00Z","status":"InProgress","name":"g"}"#;
    let failed = r#"{"status":"Failed","error":{"code":"OperationPreempted","message":"newer"}}"#;
    let script = Script::of([answer(202, &headers, ""), answer(200, &[], running), answer(200, &[], failed)]);
    let client = script.client();
    let accepted = client.delete_image_version(&call(), &version()).await.unwrap();
    assert_eq!((accepted.status, accepted.retry_after), (202, Some(Duration::from_secs(10))));
    assert!(!format!("{accepted:?}").contains("SIGNATURE"));
    let url = OperationUrl::parse(accepted.operation.unwrap().expose()).unwrap();
    let status = client.operation(&call(), &url).await.unwrap();
    assert_eq!((status.state, status.failure), (OperationState::InProgress, None));
    let status = client.operation(&call(), &url).await.unwrap();
    assert_eq!(status.state, OperationState::Failed);
    assert_eq!(status.failure.unwrap().code, "OperationPreempted");
    assert_eq!(script.sent()[1], format!("GET {SIGNED}"));
}

#[tokio::test]
async fn an_answer_is_surely_azures_only_with_the_resource_or_an_operation_in_it() {
    let foreign = [("Azure-AsyncOperation", "https://elsewhere.example/operations/g")];
    let resource = |id: &str| format!(r#"{{"id":"{id}","properties":{{"provisioningState":"Creating"}}}}"#);
    let ours = format!("{DEFINITION}/versions/1.4.0");
    let another = ours.replace("1.4.0", "1.4.1");
    for (case, headers, body, proven) in [
        ("the resource", &[][..], resource(&ours), true),
        ("the resource, written otherwise", &[][..], resource(&ours.to_uppercase()), true),
        ("an operation", &[("Azure-AsyncOperation", SIGNED)][..], String::new(), true),
        ("an operation elsewhere", &foreign[..], String::new(), false),
        ("another resource", &[][..], resource(&another), false),
        ("a page", &[][..], "<html>Welcome</html>".to_owned(), false),
        ("an id that is none", &[][..], r#"{"id":{}}"#.to_owned(), false),
        ("nothing", &[][..], String::new(), false),
        ("the half of it", &[][..], resource(&ours)[..60].to_owned(), false),
    ] {
        let script = Script::of([answer(201, headers, body)]);
        let accepted = script.client().delete_image_version(&call(), &version()).await.unwrap();
        assert_eq!(accepted.proven, proven, "{case}");
    }
}

#[tokio::test]
async fn a_status_that_cannot_be_read_is_an_error_without_the_signature() {
    let script = Script::of([answer(500, &[], ""), answer(200, &[], "{}"), answer(200, &[], "")]);
    let url = OperationUrl::parse(SIGNED).unwrap();
    for kind in [ErrorKind::Transient, ErrorKind::Malformed, ErrorKind::Malformed] {
        let error = script.client().operation(&call(), &url).await.unwrap_err();
        assert_eq!(error.kind(), &kind);
        assert!(!format!("{error} {error:?}").contains("SIGNATURE"));
    }
}

#[tokio::test]
async fn no_token_goes_to_another_host() {
    let evil = "https://evil.example/operation?s=1";
    let page = format!(r#"{{"value":[],"nextLink":"{evil}"}}"#);
    let script = Script::of([answer(202, &[("azure-asyncoperation", evil)], ""), answer(200, &[], page)]);
    let client = script.client();
    assert_eq!(client.delete_image_version(&call(), &version()).await.unwrap().operation, None);
    let error = client.operation(&call(), &OperationUrl::parse(evil).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Malformed);
    let error = list(&client, &call()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Malformed);
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn a_list_is_read_over_all_its_pages_but_not_for_ever() {
    let next = format!("https://management.azure.com{DEFINITION}/versions?api-version=2024-03-03&$skiptoken=x%2By");
    let page = |version: &str, next: &str| {
        let body = format!(r#"{{"value":[{{"name":"{version}","location":"northeurope"}}],"nextLink":{next}}}"#);
        answer(200, &[], body)
    };
    let script = Script::of([page("1.0.0", &format!("\"{next}\"")), page("1.0.1", "null")]);
    let versions = list(&script.client(), &call()).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.version.to_string()).collect::<Vec<_>>(), ["1.0.0", "1.0.1"]);
    assert_eq!(script.sent()[1], format!("GET {next}"));

    let script = Script::of((0..MOST_PAGES).map(|_| page("1.0.0", &format!("\"{next}\""))));
    let error = list(&script.client(), &call()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Malformed);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let refused = || answer(401, &[], r#"{"error":{"code":"ExpiredAuthenticationToken","message":"expired"}}"#);
    let script = Script::of([refused(), answer(200, &[], "")]);
    script.client().generalize(&call(), &vm()).await.unwrap();
    assert_eq!(script.header(0, "authorization").unwrap(), "Bearer token-1");
    assert_eq!(script.header(1, "authorization").unwrap(), "Bearer token-2");

    let script = Script::of([refused(), refused()]);
    let error = script.client().generalize(&call(), &vm()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unauthenticated);
    assert!(!error.possibly_applied());
}

#[tokio::test]
async fn nothing_else_is_sent_twice() {
    for (reply, kind, applied) in [
        (answer(503, &[], ""), ErrorKind::Transient, true),
        (answer(409, &[], BUSY), ErrorKind::Busy, false),
        (
            answer(429, &[("Retry-After", "3")], ""),
            ErrorKind::Throttled { wait: Duration::from_secs(3), sent: true },
            false,
        ),
        (
            no_answer(TransportErrorKind::TimedOut, true),
            ErrorKind::Transport { timed_out: true, possibly_sent: true },
            true,
        ),
        (
            no_answer(TransportErrorKind::Connect, false),
            ErrorKind::Transport { timed_out: false, possibly_sent: false },
            false,
        ),
        (no_answer(TransportErrorKind::BodyTooLarge, true), ErrorKind::Malformed, true),
    ] {
        let script = Script::of([reply]);
        let error = script.client().generalize(&call(), &vm()).await.unwrap_err();
        assert_eq!((error.kind(), error.possibly_applied()), (&kind, applied));
        assert_eq!(error.correlation_id(), call().correlation_id);
        assert_eq!(script.sent().len(), 1);
    }
    let script = Script::of([answer(503, &[], "")]);
    let error = script.client().virtual_machine(&call(), &vm()).await.unwrap_err();
    assert!(!error.possibly_applied(), "a read changes nothing");
}

#[tokio::test]
async fn an_answer_that_is_not_azures_is_malformed() {
    for body in ["", "<html></html>", "{\"location\":", "[]", "{}", r#"{"location":7}"#, r#"{"location":"a/b"}"#] {
        let script = Script::of([answer(200, &[], body)]);
        let error = script.client().virtual_machine(&call(), &vm()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Malformed, "{body}");
        assert_eq!(error.status(), Some(200));
    }
}
