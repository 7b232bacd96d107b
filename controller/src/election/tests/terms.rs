//! What a term lets through.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use kube::{Client, client::Body};
use tokio::time::{Instant, sleep};

use super::super::{Term, TermEnded, guarded, term::Tenure};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_term_holds_until_its_end_and_no_longer() {
    let (tenure, term) = Tenure::new();
    assert!(!term.still_held(Instant::now()), "before it was won");
    let end = Instant::now() + SECOND;
    tenure.hold(end);
    assert!(term.still_held(end - Duration::from_nanos(1)));
    assert!(!term.still_held(end));
    tenure.end();
    assert!(!term.still_held(Instant::now()), "after it was ended");
    assert!(Term::always().still_held(Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_without_a_term() {
    let (_tenure, term) = Tenure::new();
    assert_eq!(term.while_held(async { panic!("it was begun") }).await, Err::<(), _>(TermEnded));
    assert_eq!(Term::always().while_held(async { 1 }).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_outlasts_the_term_is_dropped_at_its_end() {
    let (tenure, term) = Tenure::new();
    tenure.hold(Instant::now() + SECOND);
    let start = Instant::now();
    assert_eq!(term.while_held(sleep(60 * SECOND)).await, Err(TermEnded));
    assert!(start.elapsed() <= SECOND + Duration::from_millis(2));
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_when_the_term_is_renewed_and_ends_when_it_is_ended() {
    let (tenure, term) = Tenure::new();
    tenure.hold(Instant::now() + 10 * SECOND);
    let start = Instant::now();
    let renew = async {
        for _ in 0..5 {
            sleep(8 * SECOND).await;
            tenure.hold(Instant::now() + 10 * SECOND);
        }
    };
    let (outcome, ()) = tokio::join!(term.while_held(sleep(45 * SECOND)), renew);
    assert_eq!(outcome, Ok(()));
    assert_eq!(start.elapsed().as_secs(), 45);
    let end = async {
        sleep(SECOND).await;
        tenure.end();
    };
    let (outcome, ()) = tokio::join!(term.while_held(sleep(45 * SECOND)), end);
    assert_eq!(outcome, Err(TermEnded));
    assert_eq!(start.elapsed().as_secs(), 46);
}

#[tokio::test(start_paused = true)]
async fn a_guarded_client_reads_always_and_writes_only_within_the_term() {
    let sent = Arc::new(AtomicU32::new(0));
    let count = sent.clone();
    let inner = Client::new(
        tower::service_fn(move |_: Request<Body>| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, tower::BoxError>(Response::new(Body::empty())) }
        }),
        "default",
    );
    let (tenure, term) = Tenure::new();
    let client = guarded(&inner, &term);
    let request = |method: &str| client.send(Request::builder().method(method).body(Body::empty()).unwrap());
    for (method, held, arrives) in [
        ("GET", false, true),
        ("POST", false, false),
        ("PUT", false, false),
        ("PATCH", false, false),
        ("DELETE", false, false),
        ("GET", true, true),
        ("PATCH", true, true),
    ] {
        if held {
            tenure.hold(Instant::now() + SECOND);
        }
        let before = sent.load(Ordering::SeqCst);
        let answer = request(method).await;
        assert_eq!(answer.is_ok(), arrives, "{method}");
        assert_eq!(sent.load(Ordering::SeqCst) - before, u32::from(arrives), "{method}");
        if let Err(error) = answer {
            assert!(error.to_string().contains("no longer leads"), "{error}");
        }
    }
}
