//! What is said of an identity that an object can't act as.

use super::{CLIENT_ID, TENANT_ID};
use crate::message::{messages, phrases};

messages! {
    /// Why an object can't act as the identity that it names, or has none.
    pub enum IdentityProblem {
        /// It names none, and the controller's own doesn't serve it.
        NotServed {
            /// Its namespace.
            namespace: String,
        } => Ready / IdentityNotAllowed:
            "spec.serviceAccountName: set it to a ServiceAccount of the namespace {namespace} that an Azure identity \
             trusts; the controller's own identity doesn't serve this namespace, as it isn't among its \
             --identity-namespaces",
        /// Objects may not act as `ServiceAccount`s of this name.
        NotNamed {
            /// Its name.
            account: String,
        } => Ready / IdentityNotAllowed:
            "spec.serviceAccountName: the controller makes no tokens for ServiceAccounts of the name {account}: use a name \
             that its operator allows (azimage unless set otherwise), or let the operator add this one to the chart's \
             azure.serviceAccountNames (--service-account-names)",
        /// The `ServiceAccount` doesn't exist.
        NoAccount {
            /// Its name.
            account: String,
            /// The object's namespace.
            namespace: String,
        } => Ready / ServiceAccountNotFound:
            "spec.serviceAccountName: there is no ServiceAccount {account} in the namespace {namespace}; create it",
        /// The `ServiceAccount` names no client.
        NoClient {
            /// Its name.
            account: String,
        } => Ready / IdentityIncomplete:
            "spec.serviceAccountName: the ServiceAccount {account} doesn't say which Azure identity trusts it; set its \
             annotation {CLIENT_ID}",
        /// The client is no GUID.
        BadClient {
            /// The name of the `ServiceAccount`.
            account: String,
        } => Ready / IdentityIncomplete:
            "spec.serviceAccountName: the ServiceAccount {account} has a client id that isn't a GUID; correct its \
             annotation {CLIENT_ID}",
        /// Neither the `ServiceAccount` nor the controller names a tenant.
        NoTenant {
            /// The name of the `ServiceAccount`.
            account: String,
        } => Ready / IdentityIncomplete:
            "spec.serviceAccountName: the ServiceAccount {account} doesn't say in which tenant its Azure identity is, \
             and the controller has no default; set its annotation {TENANT_ID}",
        /// The tenant isn't one.
        BadTenant {
            /// The name of the `ServiceAccount`.
            account: String,
        } => Ready / IdentityIncomplete:
            "spec.serviceAccountName: the ServiceAccount {account} has a tenant that is neither a GUID nor a domain; \
             correct its annotation {TENANT_ID}",
        /// No client for Azure can be made for the `ServiceAccount`.
        Unusable {
            /// The name of the `ServiceAccount`.
            account: String,
            /// Why.
            problem: String,
        } => Ready / IdentityIncomplete:
            "spec.serviceAccountName: the ServiceAccount {account} can't be used: {problem}",
        /// The API server doesn't let the controller read the `ServiceAccount`.
        Unreadable {
            /// The name of the `ServiceAccount`.
            account: String,
            /// The object's namespace.
            namespace: String,
        } => Ready / IdentityIncomplete:
            "spec.serviceAccountName: the controller may not read the ServiceAccount {account}; grant it get on \
             serviceaccounts and create on serviceaccounts/token of this name in the namespace {namespace}, as the chart \
             does for azure.serviceAccountNames",
    }
}

phrases! {
    /// The way out for an object that is being deleted and has no identity.
    pub(crate) enum WayOut ["at the end"] {
        Retain => "; or set spec.deletionPolicy to Retain",
    }
}
