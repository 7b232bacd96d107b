//! A request, parsed.

use std::collections::BTreeMap;

use http::{Method, Request, header};
use serde_json::Value;

use super::failure::Failure;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads many.
    List,
    /// Follows changes.
    Watch,
    /// Makes an object.
    Create,
    /// Replaces an object.
    Update,
    /// Changes some of an object by a merge patch.
    MergePatch,
    /// Server-side apply.
    Apply,
    /// Deletes an object.
    Delete,
}

impl Verb {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "Get",
            Self::List => "List",
            Self::Watch => "Watch",
            Self::Create => "Create",
            Self::Update => "Update",
            Self::MergePatch => "MergePatch",
            Self::Apply => "Apply",
            Self::Delete => "Delete",
        }
    }
}

/// A parsed request, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is asked for.
    pub verb: Verb,
    /// The API group, empty for the core group.
    pub group: String,
    /// The version in the group.
    pub version: String,
    /// The plural name, such as `leases`.
    pub resource: String,
    /// The namespace, empty for objects outside of namespaces and for all namespaces.
    pub namespace: String,
    /// The object's name, empty for collections.
    pub name: String,
    /// Such as `status`, empty for the object itself.
    pub subresource: String,
    /// The field manager that the client names, or that follows from its user agent.
    pub manager: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
}

impl Call {
    /// Parses a request's line and headers.
    pub(super) fn parse<B>(request: &Request<B>) -> Result<Self, Failure> {
        let path = request.uri().path();
        let unknown = || Failure::not_implemented(format_args!("{} {path}", request.method()));
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Err(unknown()),
        };
        let (namespace, resource, name, subresource) = match rest {
            // A namespace is itself an object outside of namespaces.
            ["namespaces", name] => ("", "namespaces", *name, ""),
            ["namespaces", name, sub @ ("status" | "finalize")] => ("", "namespaces", *name, *sub),
            ["namespaces", namespace, resource] => (*namespace, *resource, "", ""),
            ["namespaces", namespace, resource, name] => (*namespace, *resource, *name, ""),
            ["namespaces", namespace, resource, name, sub] => (*namespace, *resource, *name, *sub),
            [resource] => ("", *resource, "", ""),
            [resource, name] => ("", *resource, *name, ""),
            [resource, name, sub] => ("", *resource, *name, *sub),
            _ => return Err(unknown()),
        };
        let watch = matches!(query.get("watch").map(String::as_str), Some("true" | "1"));
        let verb = match (request.method(), name.is_empty()) {
            (&Method::GET, true) if watch => Verb::Watch,
            (&Method::GET, true) => Verb::List,
            (&Method::GET, false) if !watch => Verb::Get,
            (&Method::POST, true) => Verb::Create,
            (&Method::POST, false) if subresource == "token" => Verb::Create,
            (&Method::PUT, false) => Verb::Update,
            (&Method::PATCH, false) => patch_verb(request)?,
            (&Method::DELETE, false) => Verb::Delete,
            _ => return Err(unknown()),
        };
        let agent =
            request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
        let agent = agent.split('/').next().unwrap_or_default().to_owned();
        let manager = query.get("fieldManager").filter(|name| !name.is_empty()).cloned();
        let call = Self {
            verb,
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: subresource.to_owned(),
            manager: manager.unwrap_or(agent),
            query,
        };
        call.refuse_unknown_parameters()?;
        Ok(call)
    }

    /// The text that identifies this request among those of one instant.
    pub(super) fn scheduling_key(&self, body: &[u8]) -> String {
        let mut key = String::with_capacity(160 + body.len());
        for part in [&self.resource, &self.namespace, &self.name, &self.subresource, &self.manager] {
            key.push_str(part);
            key.push('/');
        }
        key.push_str(self.verb.name());
        for (name, value) in &self.query {
            key.extend([" ", name, "=", value]);
        }
        key.push(' ');
        key.push_str(&String::from_utf8_lossy(body));
        key
    }

    /// A parameter that is ignored would be a silent success.
    fn refuse_unknown_parameters(&self) -> Result<(), Failure> {
        let known: &[&str] = match self.verb {
            Verb::Get => &["resourceVersion"],
            Verb::List => &[
                "limit",
                "continue",
                "resourceVersion",
                "resourceVersionMatch",
                "labelSelector",
                "fieldSelector",
                "sendInitialEvents",
            ],
            Verb::Watch => &[
                "watch",
                "resourceVersion",
                "resourceVersionMatch",
                "labelSelector",
                "fieldSelector",
                "allowWatchBookmarks",
                "sendInitialEvents",
                "timeoutSeconds",
                "limit",
            ],
            Verb::Create | Verb::Update | Verb::MergePatch => &["fieldManager", "fieldValidation"],
            Verb::Apply => &["fieldManager", "fieldValidation", "force"],
            Verb::Delete => &[],
        };
        match self.query.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Failure::not_implemented(format_args!("the parameter {name} of {:?}", self.verb))),
            None => Ok(()),
        }
    }

    /// A query parameter, empty if it isn't given.
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Whether a query parameter is true.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.parameter(name), "true" | "1")
    }
}

fn patch_verb<B>(request: &Request<B>) -> Result<Verb, Failure> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind {
        "application/merge-patch+json" => Ok(Verb::MergePatch),
        "application/apply-patch+yaml" | "application/apply-patch+json" => Ok(Verb::Apply),
        _ => Err(Failure::not_implemented(format_args!("patches of type {kind:?}"))),
    }
}

/// The body as an object.
pub(super) fn parse_body(bytes: &[u8]) -> Result<Value, Failure> {
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Failure::bad_request("the body is no object")),
        Err(error) => Err(Failure::bad_request(format!("the body can't be read as JSON: {error}"))),
    }
}
