//! Carries a script out against one server.

use std::collections::BTreeMap;

use http::{Request, header};
use kube::client::Body;
use serde_json::{Value, json};

use super::script::{Step, collections};

/// What a server answered: to each step, and what watches over the whole script show in the end.
#[derive(Debug)]
pub struct Transcript {
    pub answers: Vec<(u16, Value)>,
    pub events: Vec<(String, Value)>,
}

/// What a script knows beside single objects.
struct Whole {
    start: String,
    latest: String,
    next: String,
}

impl Whole {
    fn fill(&self, path: &str, seen: &Seen) -> String {
        let or_start = |version: &str| if version.is_empty() { self.start.clone() } else { version.to_owned() };
        path.replace("$start", &self.start)
            .replace("$latest", &self.latest)
            .replace("$next", &self.next)
            .replace("$rv", &or_start(&seen.last))
            .replace("$old", &or_start(&seen.first))
    }

    fn learn(&mut self, answer: &Value) {
        if answer["items"].is_array() {
            let next = answer["metadata"]["continue"].as_str().unwrap_or_default();
            self.next = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        }
    }
}

fn highest(one: &str, other: &str) -> String {
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    number(one).max(number(other)).to_string()
}

/// A watch that is read to its end, without bookmarks that come when they want.
async fn followed(client: &kube::Client, path: &str) -> (u16, Value) {
    let (code, bytes) = text(client, "GET", path, "application/json", None).await;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let events: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    if code != 200 {
        return (code, events.into_iter().next().unwrap_or_default());
    }
    let told = |event: &Value| {
        event["type"] != "BOOKMARK"
            || !event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"].is_null()
    };
    (code, Value::Array(events.into_iter().filter(told).collect()))
}

#[derive(Clone, Default)]
struct Seen {
    uid: String,
    first: String,
    last: String,
}

pub async fn run(client: &kube::Client, namespace: &str, script: &[Step]) -> Transcript {
    let collections = collections(namespace);
    let (_, start) = send(client, "GET", &collections[0], "application/json", None).await;
    let start = start["metadata"]["resourceVersion"].as_str().unwrap_or_else(|| panic!("no list: {start}")).to_owned();
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let mut answers = Vec::new();
    let mut whole = Whole { start: start.clone(), latest: start.clone(), next: String::new() };
    for step in script {
        let object = object_of(step);
        let known = seen.get(&object).unwrap_or(&Seen::default()).clone();
        let mut body = step.body.clone();
        if let Some(body) = &mut body {
            fill(body, &known, namespace);
        }
        let path = whole.fill(&step.path.replace("$ns", namespace), &known);
        if path.contains("watch=true") {
            answers.push(followed(client, &path).await);
            continue;
        }
        let (code, answer) = send(client, step.method, &path, step.content, body).await;
        whole.learn(&answer);
        let metadata = &answer["metadata"];
        if let (Some(uid), Some(version)) = (metadata["uid"].as_str(), metadata["resourceVersion"].as_str()) {
            let seen = seen.entry(object).or_default();
            if seen.uid != uid {
                *seen = Seen { uid: uid.to_owned(), first: version.to_owned(), last: String::new() };
            }
            version.clone_into(&mut seen.last);
            whole.latest = highest(&whole.latest, version);
        }
        answers.push((code, answer));
    }
    let queries = ["", "&labelSelector=team%3Dblue"];
    let watches = collections.iter().flat_map(|collection| {
        queries.map(|query| format!("{collection}?watch=true&resourceVersion={start}&timeoutSeconds=1{query}"))
    });
    let events = futures::future::join_all(watches.map(|path| watch(client, path))).await;
    Transcript { answers, events: events.concat() }
}

/// The object of a step, as the path without its query and subresource.
fn object_of(step: &Step) -> String {
    let path = step.path.split('?').next().unwrap_or_default().trim_end_matches("/status");
    if step.path.contains('$') && !path.ends_with("/a") && !path.ends_with("/b") && step.method == "GET" {
        return format!("{path}/a");
    }
    match (step.method, &step.body) {
        ("POST", Some(body)) => format!("{path}/{}", body["metadata"]["name"].as_str().unwrap_or_default()),
        _ => path.to_owned(),
    }
}

fn fill(value: &mut Value, seen: &Seen, namespace: &str) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| fill(value, seen, namespace)),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, seen, namespace)),
        Value::String(text) => match text.as_str() {
            it if it.starts_with("$namespace") => *text = text.replace("$namespace", namespace),
            "$uid" => text.clone_from(&seen.uid),
            "$rv" => text.clone_from(&seen.last),
            "$old" => text.clone_from(&seen.first),
            _ => {}
        },
        _ => {}
    }
}

async fn text(client: &kube::Client, method: &str, path: &str, content: &str, body: Option<Value>) -> (u16, Vec<u8>) {
    let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::CONTENT_TYPE, content).header(header::USER_AGENT, "differential/1");
    let answer = client.send(request.body(Body::from(bytes)).unwrap()).await.unwrap();
    let code = answer.status().as_u16();
    (code, answer.into_body().collect_bytes().await.unwrap().to_vec())
}

pub async fn send(client: &kube::Client, method: &str, path: &str, content: &str, body: Option<Value>) -> (u16, Value) {
    let (code, bytes) = text(client, method, path, content, body).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (code, serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
}

async fn watch(client: &kube::Client, path: String) -> Vec<(String, Value)> {
    let (_, bytes) = text(client, "GET", &path, "application/json", None).await;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| (path.split("resourceVersion").next().unwrap().to_owned(), serde_json::from_slice(line).unwrap()))
        .collect()
}
