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

#[derive(Default)]
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
    for step in script {
        let object = object_of(step);
        let mut body = step.body.clone();
        if let Some(body) = &mut body {
            fill(body, seen.get(&object).unwrap_or(&Seen::default()));
        }
        let (code, answer) = send(client, step.method, &step.path, step.content, body).await;
        let metadata = &answer["metadata"];
        if let (Some(uid), Some(version)) = (metadata["uid"].as_str(), metadata["resourceVersion"].as_str()) {
            let seen = seen.entry(object).or_default();
            if seen.uid != uid {
                *seen = Seen { uid: uid.to_owned(), first: version.to_owned(), last: String::new() };
            }
            version.clone_into(&mut seen.last);
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
    match (step.method, &step.body) {
        ("POST", Some(body)) => format!("{path}/{}", body["metadata"]["name"].as_str().unwrap_or_default()),
        _ => path.to_owned(),
    }
}

fn fill(value: &mut Value, seen: &Seen) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| fill(value, seen)),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, seen)),
        Value::String(text) => match text.as_str() {
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
