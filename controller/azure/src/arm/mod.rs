//! Azure Resource Manager as such, whatever the resource: requests, answers, errors, operations, pages.

pub(crate) mod activity;
pub(crate) mod call;
pub(crate) mod classify;
pub(crate) mod client;
pub(crate) mod cloud;
pub(crate) mod denied;
pub(crate) mod error;
pub(crate) mod error_body;
pub(crate) mod governance;
pub(crate) mod graph;
pub(crate) mod json;
pub(crate) mod locations;
pub(crate) mod operation;
pub(crate) mod resources;
pub(crate) mod retry_after;
