//! The token endpoint and access tokens (behaviour section 15).

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    arm::{call::Principal, error::ArmError},
    assertion,
    certificate::{self, Certificate},
    scenario::{Client, FederatedCredential, Issuer, ManagedIdentity, Role, ScenarioError},
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An application that may sign in.
pub(crate) struct Application {
    pub(crate) id: String,
    secret: String,
    secret_expires: Option<Timestamp>,
    certificates: Vec<Certificate>,
    federated_credentials: Vec<FederatedCredential>,
    pub(crate) managed_identity: Option<ManagedIdentity>,
    lifetime: Option<u32>,
    pub(crate) object: Uuid,
    pub(crate) roles: Option<Vec<Role>>,
}

/// One tenant, its applications, and the key of its tokens.
pub(crate) struct Entra {
    pub(crate) tenant: String,
    pub(crate) lifetime: u32,
    applications: BTreeMap<String, Application>,
    issuers: BTreeMap<String, JwkSet>,
    key: [u8; 64],
}

/// Claims of an accepted token.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
}

impl Entra {
    pub(crate) fn new(tenant: String, key: [u8; 64]) -> Self {
        Self { tenant, lifetime: 3600, applications: BTreeMap::new(), issuers: BTreeMap::new(), key }
    }

    /// Adds an application, or gives one that exists other credentials and roles; its object id stays.
    pub(crate) fn add(&mut self, client: Client, object: Uuid) -> Result<(), ScenarioError> {
        let before = self.application(&client.id).map(|application| application.object);
        let certificates = client.certificates.iter().map(Certificate::try_from).collect::<Result<_, _>>();
        let certificates = certificates
            .map_err(|error| ScenarioError(format!("client {}: a certificate can't be read: {error}", client.id)))?;
        let application = Application {
            id: client.id,
            secret: client.secret,
            secret_expires: client.secret_expires,
            certificates,
            federated_credentials: client.federated_credentials,
            managed_identity: client.managed_identity,
            lifetime: client.token_lifetime_seconds,
            object: client.object_id.or(before).unwrap_or(object),
            roles: client.roles,
        };
        self.applications.insert(application.id.to_lowercase(), application);
        Ok(())
    }

    /// Learns the published keys of an issuer.
    pub(crate) fn trust(&mut self, issuer: &Issuer) -> Result<(), ScenarioError> {
        let keys = assertion::keys(&issuer.jwks)
            .map_err(|error| ScenarioError(format!("issuer {}: its key set cannot be read: {error}", issuer.issuer)))?;
        self.issuers.insert(issuer.issuer.clone(), keys);
        Ok(())
    }

    pub(crate) fn application(&self, id: &str) -> Option<&Application> {
        self.applications.get(&id.to_lowercase())
    }

    pub(crate) fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.values()
    }

    /// The lifetime of a token in seconds.
    pub(crate) fn lifetime_of(&self, application: &Application) -> u32 {
        application.lifetime.unwrap_or(self.lifetime)
    }

    /// Is there an application with this object id?
    pub(crate) fn has_principal(&self, object: &str) -> bool {
        object
            .parse()
            .is_ok_and(|object: Uuid| self.applications.values().any(|application| application.object == object))
    }

    /// `POST /{tenant}/oauth2/v2.0/token`: status and body.
    pub(crate) fn token(
        &self,
        base: &str,
        tenant: &str,
        form: &str,
        now: Timestamp,
        trace: Uuid,
    ) -> (StatusCode, Value) {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let refuse = |status: StatusCode, error: &str, code: u32, text: String| {
            let time = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
            let body = json!({
                "error": error,
                "error_description":
                    format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {trace} Timestamp: {time}"),
                "error_codes": [code],
                "timestamp": time,
                "trace_id": trace,
                "correlation_id": trace,
                "error_uri": format!("{base}/error?code={code}"),
            });
            (status, body)
        };
        if !tenant.eq_ignore_ascii_case(&self.tenant) {
            let text = format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.");
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", 90002, text);
        }
        if field("grant_type") != "client_credentials" {
            let text = format!("The app requested an unsupported grant type '{}'.", field("grant_type"));
            return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", 70003, text);
        }
        let id = field("client_id");
        let Some(application) = self.application(id) else {
            let text = format!("Application with identifier '{id}' was not found in the directory '{tenant}'.");
            return refuse(StatusCode::BAD_REQUEST, "unauthorized_client", 700_016, text);
        };
        if !field("client_assertion").is_empty() {
            if field("client_assertion_type") != ASSERTION_TYPE {
                let text = format!("The client assertion type '{}' is not known.", field("client_assertion_type"));
                return refuse(StatusCode::BAD_REQUEST, "invalid_request", 90023, text);
            }
            let assertion = field("client_assertion");
            let judged = if certificate::is_meant(assertion) {
                let endpoint = format!("{base}/{tenant}/oauth2/v2.0/token");
                certificate::verify(assertion, id, &application.certificates, &endpoint, now)
            } else {
                assertion::verify(assertion, id, &application.federated_credentials, &self.issuers, now)
            };
            if let Err((code, text)) = judged {
                return refuse(StatusCode::UNAUTHORIZED, "invalid_client", code, text);
            }
        } else if field("client_secret").is_empty() {
            let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", 7_000_218, text.to_owned());
        } else if field("client_secret") != application.secret {
            let text = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not \
                 the client secret ID, for a secret added to app '{id}'."
            );
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215, text);
        } else if application.secret_expires.is_some_and(|expires| expires <= now) {
            let text = format!("The provided client secret keys for app '{id}' are expired.");
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", 7_000_222, text);
        }
        let Some(audience) = field("scope").split_whitespace().find_map(|scope| scope.strip_suffix("/.default")) else {
            let text =
                format!("The provided value for scope {} is not valid. It must end in '/.default'.", field("scope"));
            return refuse(StatusCode::BAD_REQUEST, "invalid_scope", 1_002_012, text);
        };
        let token = self.sign(base, application, audience, now);
        let body = json!({
            "token_type": "Bearer",
            "expires_in": self.lifetime_of(application),
            "ext_expires_in": self.lifetime_of(application),
            "access_token": token,
        });
        (StatusCode::OK, body)
    }

    pub(crate) fn sign(&self, base: &str, application: &Application, audience: &str, now: Timestamp) -> String {
        let claims = json!({
            "aud": audience,
            "iss": format!("{base}/{}/", self.tenant),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": now.as_second() + i64::from(self.lifetime_of(application)),
            "tid": self.tenant,
            "oid": application.object,
            "sub": application.object,
            "appid": application.id,
            "idtyp": "app",
            "ver": "1.0",
        });
        let header = json!({"typ": "JWT", "alg": "HS256"});
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mac = URL_SAFE_NO_PAD.encode(self.mac(signed.as_bytes()));
        format!("{signed}.{mac}")
    }

    /// HMAC with SHA-256 (RFC 2104); the key is exactly one block.
    fn mac(&self, text: &[u8]) -> [u8; 32] {
        let pad = |with: u8| self.key.map(|byte| byte ^ with);
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
    }

    /// Who sends this `Authorization` header?
    pub(crate) fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Result<Caller, ArmError> {
        let refuse = |code: &str, text: &str| Err(ArmError::new(StatusCode::UNAUTHORIZED, code, text).by_arm());
        let Some(token) = authorization.and_then(|header| header.strip_prefix("Bearer ")) else {
            return refuse("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
        };
        let invalid = || refuse("InvalidAuthenticationToken", "The access token is invalid.");
        let Some((signed, mac)) = token.rsplit_once('.') else { return invalid() };
        if URL_SAFE_NO_PAD.encode(self.mac(signed.as_bytes())) != mac {
            return invalid();
        }
        let claims = signed.split_once('.').and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok());
        let Some(claims) = claims.and_then(|claims| serde_json::from_slice::<Value>(&claims).ok()) else {
            return invalid();
        };
        if claims["exp"].as_i64().is_none_or(|expires| expires <= now.as_second()) {
            return refuse(
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time.",
            );
        }
        let Some(application) = claims["appid"].as_str().and_then(|id| self.application(id)) else { return invalid() };
        let principal = Principal { client: application.id.clone(), object: application.object.to_string() };
        Ok(Caller { principal })
    }

    pub(crate) fn openid_configuration(&self, base: &str) -> Value {
        let tenant = &self.tenant;
        json!({
            "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
            "issuer": format!("{base}/{tenant}/v2.0"),
            "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "offline_access"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "simulator.invalid",
        })
    }
}

/// The application that asks for a token.
pub(crate) fn client(form: &[u8]) -> Option<String> {
    url::form_urlencoded::parse(form).find(|(name, _)| name == "client_id").map(|(_, id)| id.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;

    fn entra() -> Entra {
        let mut entra = Entra::new("tenant".to_owned(), [7; 64]);
        entra
            .add(Client { id: "app".to_owned(), secret: "s3cret".to_owned(), ..Client::default() }, Uuid::nil())
            .unwrap();
        let expired = Client {
            id: "old".to_owned(),
            secret: "s3cret".to_owned(),
            secret_expires: Some(Timestamp::UNIX_EPOCH),
            ..Client::default()
        };
        entra.add(expired, Uuid::max()).unwrap();
        entra
    }

    fn ask(form: &str, tenant: &str) -> (StatusCode, Value) {
        entra().token("https://a", tenant, form, Timestamp::UNIX_EPOCH, Uuid::nil())
    }

    #[test]
    fn a_token_is_good_until_it_expires_and_only_unchanged() {
        let (status, body) = ask(
            "grant_type=client_credentials&client_id=app&client_secret=s3cret&scope=https%3A%2F%2Fa%2F.default",
            "tenant",
        );
        assert_eq!(status, StatusCode::OK);
        let header = format!("Bearer {}", body["access_token"].as_str().unwrap());
        let entra = entra();
        let now = Timestamp::UNIX_EPOCH;
        let code = |header: Option<&str>, at| {
            entra.caller(header, at).map(|caller| caller.principal.client).map_err(|e| e.code)
        };
        assert_eq!(code(Some(&header), now), Ok("app".to_owned()));
        assert_eq!(code(Some(&header), later(now, 3600.0)), Err("ExpiredAuthenticationToken".to_owned()));
        assert_eq!(code(Some(&format!("{header}x")), now), Err("InvalidAuthenticationToken".to_owned()));
        assert_eq!(code(None, now), Err("AuthenticationFailed".to_owned()));
    }

    #[test]
    fn refusals_carry_entras_codes() {
        let good = "grant_type=client_credentials&scope=https%3A%2F%2Fa%2F.default";
        let cases = [
            ("a wrong secret", format!("{good}&client_id=app&client_secret=no"), "tenant", 401, 7_000_215),
            ("an expired secret", format!("{good}&client_id=old&client_secret=s3cret"), "tenant", 401, 7_000_222),
            ("an unknown application", format!("{good}&client_id=other&client_secret=no"), "tenant", 400, 700_016),
            ("an unknown tenant", format!("{good}&client_id=app&client_secret=s3cret"), "elsewhere", 400, 90002),
        ];
        for (name, form, tenant, status, code) in cases {
            let (got, body) = ask(&form, tenant);
            assert_eq!((got.as_u16(), &body["error_codes"]), (status, &json!([code])), "{name}");
            assert!(!body.to_string().contains("s3cret"), "{name}");
        }
    }
}
