//! The clouds of Azure: where Resource Manager and the token authority are.

use url::Url;

/// Where the services of one Azure cloud are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    resource_manager: Url,
    authority_host: Url,
    scope: String,
}

/// Why a cloud cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// Not a URL.
    #[error("the {what} is not a URL: {reason}")]
    NotAUrl {
        /// Which setting.
        what: &'static str,
        /// What the parser says.
        reason: String,
    },
    /// Something a base URL cannot have. Tokens are only ever sent over TLS.
    #[error("the {what} must begin with https:// and have no user, query or fragment")]
    NotABase {
        /// Which setting.
        what: &'static str,
    },
    /// No scope to ask tokens for.
    #[error("the token scope is empty: for the public cloud it is https://management.azure.com/.default")]
    NoScope,
}

impl Cloud {
    /// The public cloud.
    pub fn public() -> Self {
        Self::known(
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "https://management.azure.com/.default",
        )
    }

    /// Azure Government (United States).
    pub fn us_government() -> Self {
        Self::known(
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/.default",
        )
    }

    /// Azure in China, operated by 21Vianet.
    pub fn china() -> Self {
        Self::known(
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
        )
    }

    /// Any other cloud: base URL of Resource Manager, authority host, scope that tokens are asked for.
    pub fn custom(resource_manager: &str, authority_host: &str, scope: impl Into<String>) -> Result<Self, CloudError> {
        let scope = scope.into();
        if scope.is_empty() {
            return Err(CloudError::NoScope);
        }
        Ok(Self {
            resource_manager: base("Resource Manager address", resource_manager)?,
            authority_host: base("authority host", authority_host)?,
            scope,
        })
    }

    /// Base URL of Azure Resource Manager.
    pub fn resource_manager(&self) -> &Url {
        &self.resource_manager
    }

    /// Base URL of the authority that issues tokens.
    pub fn authority_host(&self) -> &Url {
        &self.authority_host
    }

    /// The scope tokens are asked for.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whether a URL that Azure handed out leads to this cloud's Resource Manager, or to one of its regional hosts.
    /// Tokens go nowhere else.
    pub(crate) fn is_resource_manager(&self, url: &Url) -> bool {
        let own = self.resource_manager.host_str().unwrap_or_default();
        let regional = matches!(self.resource_manager.host(), Some(url::Host::Domain(_)));
        let same_host = url.host_str().is_some_and(|host| {
            host == own || (regional && host.strip_suffix(own).is_some_and(|region| region.ends_with('.')))
        });
        same_host
            && url.scheme() == self.resource_manager.scheme()
            && url.port_or_known_default() == self.resource_manager.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    fn known(resource_manager: &str, authority_host: &str, scope: &str) -> Self {
        match Self::custom(resource_manager, authority_host, scope) {
            Ok(cloud) => cloud,
            Err(error) => unreachable!("a constant of this file is wrong: {error}"),
        }
    }
}

fn base(what: &'static str, text: &str) -> Result<Url, CloudError> {
    let url = Url::parse(text).map_err(|reason| CloudError::NotAUrl { what, reason: reason.to_string() })?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if url.scheme() == "https" && url.has_host() && plain && url.password().is_none() {
        Ok(url)
    } else {
        Err(CloudError::NotABase { what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_clouds_are_well_formed() {
        for cloud in [Cloud::public(), Cloud::us_government(), Cloud::china()] {
            assert!(cloud.scope().ends_with("/.default"));
        }
    }

    #[test]
    fn a_token_would_travel_only_over_tls() {
        for text in ["http://localhost", "https://user@host", "https://host?x=1", "localhost:8080", "", "https://"] {
            assert!(Cloud::custom(text, "https://login.example", "scope").is_err(), "{text}");
            assert!(Cloud::custom("https://arm.example", text, "scope").is_err(), "{text}");
        }
        assert_eq!(Cloud::custom("https://arm.example", "https://login.example", ""), Err(CloudError::NoScope));
    }

    #[test]
    fn only_resource_manager_itself_is_trusted_with_a_token() {
        let public = Cloud::public();
        let local = Cloud::custom("https://127.0.0.1:8443", "https://127.0.0.1:8444", "scope").unwrap();
        for (cloud, text, trusted) in [
            (&public, "https://management.azure.com/subscriptions?x=1", true),
            (&public, "https://MANAGEMENT.azure.com:443/subscriptions", true),
            (&public, "https://westeurope.management.azure.com/x", true),
            (&public, "http://management.azure.com/x", false),
            (&public, "https://management.azure.com:8443/x", false),
            (&public, "https://management.azure.com.evil.example/x", false),
            (&public, "https://evilmanagement.azure.com/x", false),
            (&public, "https://user@management.azure.com/x", false),
            (&local, "https://127.0.0.1:8443/x", true),
            (&local, "https://127.0.0.1:8444/x", false),
            (&local, "https://localhost:8443/x", false),
        ] {
            assert_eq!(cloud.is_resource_manager(&Url::parse(text).unwrap()), trusted, "{text}");
        }
    }
}
