//! Tokens of Microsoft Entra: who azimage is, and how it proves that.

pub(crate) mod assertion;
pub(crate) mod azure_core_transport;
pub(crate) mod azure_identity;
pub(crate) mod certificate;
pub(crate) mod credential;
pub(crate) mod metadata_service;
pub(crate) mod proof;
pub(crate) mod secret_file;
pub(crate) mod token_error;
