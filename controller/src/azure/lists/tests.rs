use std::collections::VecDeque;

use async_trait::async_trait;
use azimage_azure::{BearerToken, Budgets, Cloud, TokenError, TokenSource, Transport, TransportError};
use azimage_core::Failure;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;

const PERIOD: Duration = Duration::from_secs(600);
const DEFINITION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images";

/// Stands for 200 and a link to the next page.
const MORE: u16 = 0;

/// An Azure that answers in turn, each answer when it is let.
struct Answers {
    codes: Mutex<VecDeque<u16>>,
    asked: Mutex<Vec<String>>,
    let_go: Semaphore,
}

impl Answers {
    fn of(codes: impl IntoIterator<Item = u16>, let_go: usize) -> Arc<Self> {
        let codes = Mutex::new(codes.into_iter().collect());
        Arc::new(Self { codes, asked: Mutex::default(), let_go: Semaphore::new(let_go) })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

struct Line(Arc<Answers>);

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.0.asked.lock().unwrap().push(request.uri().path().to_owned());
        self.0.let_go.acquire().await.unwrap().forget();
        let code = self.0.codes.lock().unwrap().pop_front().expect("nobody asks so often");
        let page = if request.uri().query().unwrap_or_default().contains("page=2") { 2 } else { 1 };
        let mut versions = json!({"value": [{
            "id": format!("{DEFINITION}/d0/versions/{page}.0.0"), "name": format!("{page}.0.0"),
            "location": "westeurope", "properties": {"provisioningState": "Succeeded", "publishingProfile": {}},
        }]});
        if code == MORE {
            versions["nextLink"] = json!(format!("https://azure.test{}?page=2", request.uri().path()));
        }
        let code = if code == MORE { 200 } else { code };
        let body =
            if code == 200 { versions } else { json!({"error": {"code": "InternalServerError", "message": "-"}}) };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
        if code == 429 {
            response.headers_mut().insert("retry-after", http::HeaderValue::from_static("40"));
        }
        Ok(response)
    }
}

struct Token;

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        Ok(BearerToken::new("simulated".to_owned(), jiff::Timestamp::MAX))
    }
}

fn client(answers: &Arc<Answers>, principal: &str) -> Client {
    let cloud = Cloud::custom("https://azure.test", "https://azure.test", "https://azure.test/.default".to_owned());
    Client::new(Arc::new(Line(answers.clone())), Arc::new(Token), cloud.unwrap())
        .with_budgets(Budgets::default(), principal)
}

fn id(definition: usize, version: &str) -> ImageVersionId {
    format!("{DEFINITION}/d{definition}/versions/{version}").parse().unwrap()
}

type Entry = (Reading<Arc<facts::Version>>, Option<Duration>);

async fn entry(lists: &Lists, client: &Client, id: &ImageVersionId) -> Entry {
    lists.entry(client, &Call::new(uuid::Uuid::nil()), id, || PERIOD).await
}

#[tokio::test(start_paused = true)]
async fn all_versions_of_a_definition_share_one_list_until_its_period_ends() {
    let (answers, lists) = (Answers::of([200; 3], 3), Lists::default());
    let client = client(&answers, "one");
    let (there, absent) = (id(0, "1.0.0"), id(0, "2.0.0"));
    let both = tokio::join!(entry(&lists, &client, &there), entry(&lists, &client, &absent));
    assert!(matches!(both.0.0, Reading::Found(_)), "{both:?}");
    assert!(matches!(both.1.0, Reading::Missing(Absent::Resource)), "{both:?}");
    assert_eq!(answers.asked(), 1);
    tokio::time::advance(Duration::from_secs(599)).await;
    entry(&lists, &client, &there).await;
    assert_eq!(answers.asked(), 1, "still good");
    assert_eq!(lists.good_for("one", &there, Instant::now()), Some(Duration::from_secs(1)));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(lists.good_for("one", &there, Instant::now()), None);
    entry(&lists, &client, &there).await;
    assert_eq!(answers.asked(), 2, "a new period");
}

#[tokio::test(start_paused = true)]
async fn neither_another_definition_nor_another_identity_is_told_from_a_list() {
    let (answers, lists) = (Answers::of([200; 3], 3), Lists::default());
    let (one, two) = (client(&answers, "one"), client(&answers, "two"));
    entry(&lists, &one, &id(0, "1.0.0")).await;
    entry(&lists, &two, &id(0, "1.0.0")).await;
    entry(&lists, &one, &id(1, "1.0.0")).await;
    assert_eq!(answers.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_those_who_wait_for_it_and_to_nobody_later() {
    for (code, throttled) in [(500, None), (429, Some(Duration::from_secs(40)))] {
        let (answers, lists) = (Answers::of([code, 200], 0), Lists::default());
        let client = client(&answers, "one");
        let (there, other) = (id(0, "1.0.0"), id(0, "2.0.0"));
        let mut both = Box::pin(futures::future::join(entry(&lists, &client, &there), entry(&lists, &client, &other)));
        assert!(futures::poll!(&mut both).is_pending());
        answers.let_go.add_permits(2);
        let both = both.await;
        for (reading, wait) in [both.0, both.1] {
            let failed = matches!(reading, Reading::Failed(Failure::Unavailable(_) | Failure::Throttled));
            assert!(failed && wait == throttled, "{code}: {reading:?} {wait:?}");
        }
        assert_eq!((answers.asked(), lists.good_for("one", &there, Instant::now())), (1, None));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(matches!(entry(&lists, &client, &there).await.0, Reading::Found(_)));
        assert_eq!(answers.asked(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_has_to_stop_between_two_pages_goes_on_from_there() {
    for (between, asked) in [(60, 3), (700, 4)] {
        let (answers, lists) = (Answers::of([MORE, 429, 200, 200], 4), Lists::default());
        if asked == 4 {
            answers.codes.lock().unwrap()[2] = MORE;
        }
        let client = client(&answers, "one");
        let (first, second) = (id(0, "1.0.0"), id(0, "2.0.0"));
        assert!(matches!(entry(&lists, &client, &first).await.0, Reading::Failed(Failure::Throttled)));
        tokio::time::advance(Duration::from_secs(between)).await;
        for version in [&first, &second] {
            assert!(matches!(entry(&lists, &client, version).await.0, Reading::Found(_)), "{version}");
        }
        assert_eq!(answers.asked(), asked, "after {between} s");
    }
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_takes_the_list_from_nobody() {
    let (answers, lists) = (Answers::of([200], 0), Lists::default());
    let client = client(&answers, "one");
    let wanted = id(0, "1.0.0");
    let mut first = Box::pin(entry(&lists, &client, &wanted));
    let mut second = Box::pin(entry(&lists, &client, &wanted));
    assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
    assert_eq!(answers.asked(), 1, "the second waits for the first one's answer");
    drop(first);
    answers.let_go.add_permits(1);
    assert!(matches!(second.await.0, Reading::Found(_)));
    assert_eq!(answers.asked(), 2, "who was left asks for itself");
}

#[tokio::test(start_paused = true)]
async fn lists_that_nobody_asks_for_are_forgotten_and_those_that_are_being_read_are_not() {
    let (answers, lists) = (Answers::of([200; 40], 30), Lists::default());
    let client = client(&answers, "one");
    let count = || lists.versions.lock().unwrap().lists.len();
    for definition in 0..30 {
        entry(&lists, &client, &id(definition, "1.0.0")).await;
    }
    let (reads, given_up) = (id(30, "1.0.0"), id(31, "1.0.0"));
    let mut being_read = Box::pin(entry(&lists, &client, &reads));
    assert!(futures::poll!(&mut being_read).is_pending());
    let mut never_read = Box::pin(entry(&lists, &client, &given_up));
    assert!(futures::poll!(&mut never_read).is_pending());
    drop(never_read);
    assert_eq!(count(), 32);
    lists.sweep(PERIOD, Instant::now());
    assert_eq!(count(), 31, "what was given up is forgotten at once");
    tokio::time::advance(2 * PERIOD).await;
    lists.sweep(PERIOD, Instant::now());
    assert_eq!(count(), 1, "only what is being read is left");
    answers.let_go.add_permits(1);
    assert!(matches!(being_read.await.0, Reading::Missing(_) | Reading::Found(_)));
}
