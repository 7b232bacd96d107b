//! With whose rights an object acts on Azure: its own namespace's, or not at all.

pub(crate) mod problem;

use std::collections::BTreeMap;

pub use problem::IdentityProblem;

use crate::image_version::Violation;

/// The annotation of a `ServiceAccount` with the client id of the Azure identity that trusts its tokens, as workload
/// identity for Kubernetes has it.
pub const CLIENT_ID: &str = "azure.workload.identity/client-id";
/// The annotation of a `ServiceAccount` with the tenant of that identity.
pub const TENANT_ID: &str = "azure.workload.identity/tenant-id";

/// With whose rights an object acts on Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The controller's own.
    Own,
    /// Those of the Azure identity that trusts this `ServiceAccount` of the object's own namespace.
    ServiceAccount(String),
}

impl Identity {
    /// The identity of an object, or none. `own_serves` says whether the operator lets the controller's own identity
    /// serve the object's namespace. An object that names a `ServiceAccount` never acts with the controller's rights.
    pub fn choose(service_account_name: Option<&str>, own_serves: bool) -> Option<Self> {
        match service_account_name {
            Some(name) => Some(Self::ServiceAccount(name.to_owned())),
            None => own_serves.then_some(Self::Own),
        }
    }
}

/// An Azure identity that trusts the tokens of a `ServiceAccount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federation {
    /// Tenant (directory) id.
    pub tenant_id: String,
    /// Client (application) id.
    pub client_id: String,
}

/// What a `ServiceAccount` says about its Azure identity.
///
/// `annotations` are those of the `ServiceAccount`, absent when it doesn't exist; `default_tenant` is the controller's.
///
/// # Errors
/// A [`Violation`] that names what is missing.
pub fn federation(
    namespace: &str,
    name: &str,
    annotations: Option<&BTreeMap<String, String>>,
    default_tenant: Option<&str>,
) -> Result<Federation, Violation> {
    let account = || name.to_owned();
    let Some(annotations) = annotations else {
        return Err(IdentityProblem::NoAccount { account: account(), namespace: namespace.to_owned() }.into());
    };
    let value =
        |annotation: &str| annotations.get(annotation).map(|value| value.trim()).filter(|value| !value.is_empty());
    let client_id = value(CLIENT_ID).ok_or_else(|| IdentityProblem::NoClient { account: account() })?;
    if !is_guid(client_id) {
        return Err(IdentityProblem::BadClient { account: account() }.into());
    }
    let tenant_id =
        value(TENANT_ID).or(default_tenant).ok_or_else(|| IdentityProblem::NoTenant { account: account() })?;
    if !is_tenant(tenant_id) {
        return Err(IdentityProblem::BadTenant { account: account() }.into());
    }
    Ok(Federation { tenant_id: tenant_id.to_owned(), client_id: client_id.to_owned() })
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|character| character == '-' || character.is_ascii_hexdigit())
}

/// A tenant is a part of the address of the token authority, so nothing else may stand in it.
fn is_tenant(text: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use azimage_crds::Reason;

    use super::*;

    const CLIENT: &str = "11111111-2222-3333-4444-55555555abcd";

    #[test]
    fn an_object_acts_as_its_service_account_or_where_the_operator_says_so_as_the_controller() {
        let account = || Some(Identity::ServiceAccount("publisher".to_owned()));
        for (name, own_serves, expected) in [
            (None, false, None),
            (None, true, Some(Identity::Own)),
            (Some("publisher"), false, account()),
            (Some("publisher"), true, account()),
        ] {
            assert_eq!(Identity::choose(name, own_serves), expected, "{name:?} {own_serves}");
        }
    }

    #[test]
    fn a_deletion_without_an_identity_has_a_way_out() {
        let missing = federation("images", "publisher", None, None).unwrap_err();
        for (deleting, expected) in [(false, false), (true, true)] {
            let message = missing.clone().of_an_identity(deleting).message;
            assert_eq!(message.ends_with("; or set spec.deletionPolicy to Retain"), expected, "{message}");
        }
    }

    #[test]
    fn a_service_account_says_which_identity_trusts_it() {
        let missing = Reason::ServiceAccountNotFound;
        let incomplete = Reason::IdentityIncomplete;
        let client = (CLIENT_ID, CLIENT);
        for (case, annotations, default, expected) in [
            ("no account", None, Some("tenant"), Err((missing, "create it"))),
            ("no annotation", Some(vec![]), Some("tenant"), Err((incomplete, CLIENT_ID))),
            ("an empty client id", Some(vec![(CLIENT_ID, " ")]), Some("tenant"), Err((incomplete, CLIENT_ID))),
            ("a name instead of an id", Some(vec![(CLIENT_ID, "app")]), Some("tenant"), Err((incomplete, CLIENT_ID))),
            (
                "an id of the right form and the wrong letters",
                Some(vec![(CLIENT_ID, "1111111g-2222-3333-4444-555555555555")]),
                Some("tenant"),
                Err((incomplete, CLIENT_ID)),
            ),
            (
                "an id in one piece",
                Some(vec![(CLIENT_ID, "0123456789abcdef")]),
                Some("tenant"),
                Err((incomplete, CLIENT_ID)),
            ),
            ("no tenant anywhere", Some(vec![client]), None, Err((incomplete, TENANT_ID))),
            ("a path as tenant", Some(vec![client, (TENANT_ID, "a/../b")]), None, Err((incomplete, TENANT_ID))),
            ("the default tenant", Some(vec![client]), Some("tenant"), Ok("tenant")),
            (
                "a tenant of its own",
                Some(vec![client, (TENANT_ID, "contoso.example")]),
                Some("t"),
                Ok("contoso.example"),
            ),
        ] {
            let annotations = annotations.map(|list| {
                list.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
            });
            match (federation("images", "publisher", annotations.as_ref(), default), expected) {
                (Ok(found), Ok(tenant)) => {
                    assert_eq!((found.tenant_id.as_str(), found.client_id.as_str()), (tenant, CLIENT), "{case}");
                }
                (Err(violation), Err((reason, part))) => {
                    assert_eq!(violation.reason, reason, "{case}");
                    for part in ["spec.serviceAccountName", "publisher", part] {
                        assert!(violation.message.contains(part), "{case}: {}", violation.message);
                    }
                }
                (found, expected) => panic!("{case}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
