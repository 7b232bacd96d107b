//! Lists in pages (behaviour section 3).

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    address::Address,
    call::{Call, Reply},
    error::ArmError,
    records,
    refusals::not_supported,
};
use crate::resources::Resources;

/// The records below the list's address, of its type.
pub(crate) fn below<'a, R>(call: &'a Call<'_>, records: &'a BTreeMap<String, R>) -> impl Iterator<Item = &'a R> {
    let kind = call.address.kind();
    let listed =
        move |key: &str| Address::parse(key).is_some_and(|address| call.lists(&address) && address.kind() == kind);
    records.iter().filter(move |(key, _)| listed(key)).map(|(_, record)| record)
}

/// Refuses a list below something that is not there.
pub(crate) fn check(resources: &Resources, call: &Call<'_>) -> Result<(), ArmError> {
    if call.method != Method::GET {
        return Err(not_supported(call));
    }
    let parent = call.address.parent();
    if !parent.types.is_empty() && !resources.is_parent(&parent.key()) {
        return Err(records::below_nothing(resources, call.address));
    }
    Ok(())
}

/// The page of `entries` that the query asks for.
pub(crate) fn page(resources: &Resources, call: &Call<'_>, mut entries: Vec<Value>) -> Reply {
    let from: usize = call.query.get("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let rest = entries.split_off(from.min(entries.len()));
    let top = call.query.get("$top").and_then(|top| top.parse::<usize>().ok()).filter(|top| *top > 0);
    let size = top.unwrap_or(resources.page_size).min(resources.page_size);
    let more = rest.len() > size;
    let page: Vec<Value> = rest.into_iter().take(size).collect();
    let mut body = json!({"value": page});
    if more {
        let kept = ["$filter", "$expand", "$top"].into_iter().filter_map(|name| Some((name, call.query.get(name)?)));
        let kept: Vec<String> = kept
            .map(|(name, value)| format!("&%24{}={}", &name[1..], utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        let kept = kept.concat();
        body["nextLink"] = json!(format!(
            "{}{}?api-version={}{kept}&%24skiptoken={}",
            call.base,
            call.address.id(),
            call.api_version(),
            from + size
        ));
    }
    Reply::ok(body)
}
