//! Answers of the token authority and of the metadata service. The first two bytes are the status.
#![no_main]

use std::sync::Arc;

use async_trait::async_trait;
use azimage_azure::{AssertionSource, AzureIdentity, Cloud, Identity, TokenError, TokenSource};
use azimage_fuzz::One;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

const ASSERTION: &str = "planted-in-the-assertion";

#[derive(Debug)]
struct Planted;

#[async_trait]
impl AssertionSource for Planted {
    async fn assertion(&self) -> Result<SecretString, TokenError> {
        Ok(ASSERTION.into())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(([high, low], body)) = input.split_first_chunk() else { return };
    let status = 200 + u16::from_be_bytes([*high, *low]) % 400;
    let federated = Identity::Assertion {
        tenant: "tenant".to_owned(),
        client_id: "client".to_owned(),
        assertions: Arc::new(Planted),
    };
    // Its retries sleep, and time passes by itself where nothing else is to do.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    for identity in [federated, Identity::ManagedIdentity { client_id: None }] {
        let transport = Arc::new(One(status, Bytes::copy_from_slice(body)));
        let now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let Ok(identity) = AzureIdentity::new(identity, &Cloud::public(), transport, now) else { continue };
        if let Err(error) = runtime.block_on(identity.token()) {
            assert!(error.message.chars().count() < 1000, "{error}");
            assert!(!error.message.contains(char::is_control), "{error}");
            assert!(!error.message.contains(ASSERTION) || input.windows(8).any(|part| part == b"planted-"), "{error}");
        }
    }
});
