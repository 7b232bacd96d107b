//! The metadata service of a machine (IMDS), as far as tokens of managed identities go (behaviour section 15).

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    arm::response::respond,
    entra::{Application, Entra},
    scenario::ManagedIdentity,
};

const PATH: &str = "/metadata/identity/oauth2/token";
const API_VERSIONS: [&str; 3] = ["2018-02-01", "2019-08-01", "2021-02-01"];

impl Entra {
    /// Answers one request to the metadata service; `base` is the authority of the tokens.
    pub(crate) fn metadata_service(&self, request: &Request<Bytes>, base: &str, now: Timestamp) -> Response<Bytes> {
        let refuse = |status: StatusCode, text: &str| {
            let error = if status == StatusCode::NOT_FOUND { "not_found" } else { "invalid_request" };
            respond(status, Some(&json!({"error": error, "error_description": text})), false)
        };
        let bad = |text: &str| refuse(StatusCode::BAD_REQUEST, text);
        if request.uri().path() != PATH {
            return refuse(StatusCode::NOT_FOUND, "The simulator knows the path of tokens only.");
        }
        if *request.method() != Method::GET {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "The requested method is not allowed.");
        }
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if !header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return bad("Required metadata header not specified");
        }
        if header("x-forwarded-for").is_some() {
            return bad("Requests through a proxy are not accepted");
        }
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
        let given = |name: &str| query.get(name).map(String::as_str).filter(|value| !value.is_empty());
        match given("api-version") {
            Some(version) if API_VERSIONS.contains(&version) => {}
            Some(_) => return bad("The requested API version is not supported"),
            None => return bad("Required query variable 'api-version' is missing"),
        }
        let Some(resource) = given("resource") else {
            return bad("Required query variable 'resource' is missing");
        };
        let named = given("client_id").map(|id| (id, true)).or_else(|| given("object_id").map(|id| (id, false)));
        let Some(application) = self.managed(named) else { return bad("Identity not found") };
        let lifetime = i64::from(self.lifetime_of(application));
        let begins = now.as_second();
        let body = json!({
            "access_token": self.sign(base, application, resource.trim_end_matches('/'), now),
            "client_id": application.id,
            "expires_in": lifetime.to_string(),
            "expires_on": (begins + lifetime).to_string(),
            "ext_expires_in": lifetime.to_string(),
            "not_before": begins.to_string(),
            "resource": resource,
            "token_type": "Bearer",
        });
        respond(StatusCode::OK, Some(&body), false)
    }

    /// The identity that is named by client id or by object id; where none is, the system-assigned one, or the only one.
    fn managed(&self, named: Option<(&str, bool)>) -> Option<&Application> {
        let mut all = self.applications().filter(|application| application.managed_identity.is_some());
        if let Some((id, client)) = named {
            return all.find(|application| {
                let own = if client { application.id.clone() } else { application.object.to_string() };
                own.eq_ignore_ascii_case(id)
            });
        }
        let all: Vec<&Application> = all.collect();
        let system =
            |application: &&&Application| application.managed_identity == Some(ManagedIdentity::SystemAssigned);
        match all.as_slice() {
            [only] => Some(only),
            several => several.iter().find(system).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::scenario::Client;

    const GOOD: &str = "api-version=2019-08-01&resource=https://management.azure.com/";

    fn ask(identities: &[(&str, ManagedIdentity)], path: &str, query: &str, header: Option<&str>) -> (u16, Value) {
        let mut entra = Entra::new("tenant".to_owned(), [7; 64]);
        for (id, managed) in identities {
            let client = Client { id: (*id).to_owned(), managed_identity: Some(*managed), ..Client::default() };
            entra.add(client, Uuid::nil()).unwrap();
        }
        entra.add(Client { id: "app".to_owned(), ..Client::default() }, Uuid::max()).unwrap();
        let mut request = Request::get(format!("http://169.254.169.254{path}?{query}"));
        if let Some(value) = header {
            request = request.header("Metadata", value);
        }
        let request = request.body(Bytes::new()).unwrap();
        let answer = entra.metadata_service(&request, "https://a", Timestamp::UNIX_EPOCH);
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
    }

    #[test]
    fn a_token_is_for_the_identity_that_is_meant() {
        use ManagedIdentity::{SystemAssigned as System, UserAssigned as User};
        let object = format!("&object_id={}", Uuid::nil());
        for (identities, extra, expected) in [
            (&[("one", User)][..], "", Ok("one")),
            (&[("one", User), ("two", User)], "", Err("Identity not found")),
            (&[("one", User), ("two", System)], "", Ok("two")),
            (&[("one", User), ("two", System)], "&client_id=ONE", Ok("one")),
            (&[("one", User)], object.as_str(), Ok("one")),
            (&[("one", User)], "&client_id=app", Err("Identity not found")),
            (&[], "", Err("Identity not found")),
        ] {
            let (status, body) = ask(identities, PATH, &format!("{GOOD}{extra}"), Some("true"));
            match expected {
                Ok(id) => {
                    assert_eq!((status, &body["client_id"]), (200, &json!(id)), "{extra}");
                    assert_eq!(body["expires_on"], "3600", "numbers are text");
                }
                Err(text) => assert_eq!((status, &body["error_description"]), (400, &json!(text)), "{extra}"),
            }
        }
    }

    #[test]
    fn what_a_request_lacks_is_refused() {
        let one = [("one", ManagedIdentity::UserAssigned)];
        for (path, query, header, expected) in [
            (PATH, GOOD, None, 400),
            (PATH, GOOD, Some("false"), 400),
            (PATH, "resource=x", Some("true"), 400),
            (PATH, "api-version=1&resource=x", Some("true"), 400),
            (PATH, "api-version=2019-08-01", Some("true"), 400),
            ("/metadata/other", GOOD, Some("true"), 404),
        ] {
            assert_eq!(ask(&one, path, query, header).0, expected, "{path}?{query} {header:?}");
        }
    }
}
