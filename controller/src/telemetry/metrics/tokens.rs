//! Requests for tokens, by the kind of identity and what came of them.

use azimage_azure::{TokenErrorKind, TokenObserver};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    identity_kind: &'static str,
    result: &'static str,
}

/// Counts requests for tokens.
#[derive(Clone, Debug)]
pub(super) struct TokenMetrics(Family<TokenLabels, Counter>);

/// All that may come of a request.
const OUTCOMES: [Option<TokenErrorKind>; 4] =
    [None, Some(TokenErrorKind::Configuration), Some(TokenErrorKind::Refused), Some(TokenErrorKind::Unreachable)];

fn labels(identity_kind: &'static str, outcome: Option<TokenErrorKind>) -> TokenLabels {
    let result = match outcome {
        None => "success",
        Some(TokenErrorKind::Configuration) => "configuration",
        Some(TokenErrorKind::Refused) => "refused",
        Some(TokenErrorKind::Unreachable) => "unreachable",
    };
    TokenLabels { identity_kind, result }
}

impl TokenMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self(Family::default());
        registry.register(
            "azimage_token_requests",
            "Requests for tokens of Azure, and what came of them",
            all.0.clone(),
        );
        all
    }

    /// Counts for identities of this kind; all series are there from now on.
    pub(super) fn observer(&self, identity_kind: &'static str) -> TokenObserver {
        for outcome in OUTCOMES {
            drop(self.0.get_or_create(&labels(identity_kind, outcome)));
        }
        let all = self.0.clone();
        Arc::new(move |outcome| {
            all.get_or_create(&labels(identity_kind, outcome)).inc();
        })
    }
}
