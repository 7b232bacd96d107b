//! Azure Resource Manager: what is the same for all providers. It stands on none of them.

pub(crate) mod activity;
pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod endpoints;
pub(crate) mod error;
pub(crate) mod governance;
pub(crate) mod groups;
pub(crate) mod headers;
pub(crate) mod lists;
pub(crate) mod locks;
pub(crate) mod operation;
pub(crate) mod provider;
pub(crate) mod records;
pub(crate) mod refusals;
pub(crate) mod registration;
pub(crate) mod resource_list;
pub(crate) mod response;
pub(crate) mod rights;
pub(crate) mod tags;
pub(crate) mod throttle;
pub(crate) mod versions;
