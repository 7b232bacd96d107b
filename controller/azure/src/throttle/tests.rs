use azimage_names::ImageDefinitionId;

use super::*;
use crate::{
    ErrorKind,
    fake::{DEFINITION, Script, answer, call, list, version},
};

const EMPTY_LIST: &str = r#"{"value": []}"#;

fn gone() -> &'static str {
    r#"{"error": {"code": "ResourceNotFound", "message": "-"}}"#
}

fn waits(error: &Error) -> (u64, bool) {
    match error.kind() {
        ErrorKind::Throttled { wait, sent } => (wait.as_secs(), *sent),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_429_nothing_of_that_kind_is_sent_before_the_told_time_by_any_client_of_the_identity() {
    let body = r#"{"error": {"code": "SubscriptionRequestsThrottled", "message": "-"}}"#;
    let script = Script::of([
        answer(429, &[("Retry-After", "17")], body),
        answer(200, &[], EMPTY_LIST),
        answer(200, &[], EMPTY_LIST),
    ]);
    let budgets = Budgets::default();
    let client = script.client().with_budgets(budgets.clone(), "one");
    let twin = script.client().with_budgets(budgets.clone(), "one");
    let other = script.client().with_budgets(budgets.clone(), "two");
    assert_eq!(waits(&list(&client, &call()).await.unwrap_err()), (17, true));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(waits(&client.image_version(&call(), &version()).await.unwrap_err()), (7, false));
    let held = list(&twin, &call()).await.unwrap_err();
    assert!(!waits(&held).1, "held back: {held}");
    list(&other, &call()).await.unwrap();
    assert_eq!(script.sent().len(), 2, "another identity has another budget");
    tokio::time::advance(Duration::from_secs(9)).await;
    list(&client, &call()).await.unwrap();
    let counts = budgets.counts();
    assert_eq!((counts[&Class::Reads].refused, counts[&Class::Reads].sent), (1, 3));
    assert_eq!(counts[&Class::VersionLists].held_back, 1);
}

#[tokio::test(start_paused = true)]
async fn a_429_of_the_provider_pauses_only_what_it_counts() {
    // Compute's body has no "error" around it, and the code of a permanent refusal.
    let body =
        r#"{"code": "OperationNotAllowed", "message": "too many requests", "details": [{"code": "TooManyRequests"}]}"#;
    let script = Script::of([answer(429, &[("Retry-After", "1200")], body), answer(404, &[], gone())]);
    let client = script.client();
    assert_eq!(waits(&list(&client, &call()).await.unwrap_err()), (1200, true));
    assert_eq!(waits(&list(&client, &call()).await.unwrap_err()), (1200, false));
    assert_eq!(client.image_version(&call(), &version()).await.unwrap_err().kind(), &ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn no_wait_is_shorter_than_told_and_a_second() {
    for (jitter, told, least, most) in [(0.0, "0", 1.0, 1.0), (1.0, "0", 1.0, 1.1), (1.0, "20", 20.0, 22.0)] {
        let script = Script::of([answer(429, &[("Retry-After", told)], "{}")]);
        let client = script.client().with_budgets(Budgets::new(Arc::new(move || jitter), 1.0), "one");
        let error = list(&client, &call()).await.unwrap_err();
        let ErrorKind::Throttled { wait, .. } = error.kind() else { panic!("{error:?}") };
        assert!((least..=most).contains(&wait.as_secs_f64()), "told {told}: {wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_is_read_twelve_times_a_minute_in_the_long_run() {
    let machine = crate::fake::VM.parse().unwrap();
    let answers = (0..500).map(|_| answer(404, &[], gone()));
    let script = Script::of(answers);
    let client = script.client();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(1800) {
        let error = client.virtual_machine(&call(), &machine).await.unwrap_err();
        if let ErrorKind::Throttled { wait, sent: false } = error.kind() {
            tokio::time::advance(*wait).await;
        }
    }
    let sent = script.sent().len();
    assert!((30 * 12..=30 * 12 + 36).contains(&sent), "{sent} in half an hour");
}

#[tokio::test(start_paused = true)]
async fn windows_of_the_provider_are_learned_and_their_last_part_is_spent_evenly_until_their_end() {
    let answers = (0..60_u32).map(|index| {
        let policy = format!("Microsoft.Compute/List3Min;{},Microsoft.Compute/List30Min;9000", 59 - index);
        answer(200, &[("x-ms-ratelimit-remaining-resource", policy.as_str())], EMPTY_LIST)
    });
    let script = Script::of(answers);
    let client = script.client();
    let refresh = call().with_urgency(Urgency::Refresh);
    let (begin, mut sent) = (Instant::now(), Vec::new());
    while begin.elapsed() < Duration::from_secs(178) {
        match list(&client, &refresh).await {
            Ok(_) => sent.push(begin.elapsed().as_secs_f64()),
            Err(error) => {
                let ErrorKind::Throttled { wait, sent: false } = error.kind() else { panic!("{error:?}") };
                tokio::time::advance(*wait).await;
            }
        }
    }
    let at_once = sent.iter().filter(|at| **at < 1.0).count();
    assert!((13..=17).contains(&at_once), "three quarters are left to what is more urgent: {at_once}");
    assert!((55..=60).contains(&sent.len()), "none is left over: {}", sent.len());
    let gaps = sent.windows(2).map(|two| two[1] - two[0]);
    assert!(gaps.fold(0.0, f64::max) < 180.0 / 45.0 + 1.0, "nobody finds it empty: {sent:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_one_kind_of_requests_holds_no_other_kind_back() {
    let permission = r#"{"value":[{"actions":["*"],"notActions":[]}]}"#;
    let answers = ["Disks3Min;24000", "Locks3Min;3,Microsoft.Compute/Locks30Min;9000", "Rights3Min;24000"]
        .into_iter()
        .cycle()
        .take(30)
        .map(|policy| {
            let policy = format!("Microsoft.Compute/{policy}");
            answer(200, &[("x-ms-ratelimit-remaining-resource", policy.as_str())], permission)
        });
    let script = Script::of(answers);
    let client = script.client();
    for index in 0..30 {
        let scope = format!("{DEFINITION}/{index}");
        client.permissions(&call(), &scope).await.unwrap_or_else(|error| panic!("the request {index}: {error}"));
    }
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_however_many_subscriptions_there_are() {
    let budgets = Budgets::default();
    let principal: Arc<str> = "one".into();
    for index in 0..20_000_u32 {
        let id: ImageDefinitionId = DEFINITION
            .replace("0a1b2c3d-0000-0000-0000-00000000abcd", &uuid::Uuid::from_u128(index.into()).to_string())
            .parse()
            .unwrap();
        let counted = RequestClass::of(&http::Method::GET, &id.to_string());
        let ask = Ask { namespace: "n".into(), subject: id.to_string(), urgency: Urgency::Running };
        budgets.admit(&principal, &counted, &ask).unwrap();
        tokio::time::advance(Duration::from_millis(50)).await;
    }
    let kept = budgets.0.state.lock().unwrap().buckets.len();
    assert!(kept <= MANY + 2, "{kept}");
}
