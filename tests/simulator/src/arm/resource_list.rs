//! All resources of a resource group or a subscription, whatever their provider (behaviour section 3; "Resources - List By Resource
//! Group"): what clean-ups look through. Filtered by a tag, the list does not show the tags.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    address::Address,
    call::{Answer, Call},
    error::ArmError,
    lists,
    refusals::no_group,
    versions,
};
use crate::{
    clock::{azure_time, later},
    regions,
    resources::Resources,
};

/// What the list tells of a resource.
struct Entry<'r> {
    address: Address,
    location: &'r str,
    tags: &'r BTreeMap<String, String>,
    state: &'r str,
    /// `sku`, `kind`, `plan`, `identity`, `zones`, `managedBy`.
    more: Value,
    created: Timestamp,
}

impl Entry<'_> {
    fn kind(&self) -> String {
        format!("{}/{}", self.address.namespace.as_deref().unwrap_or_default(), self.address.types.join("/"))
    }

    fn view(&self, call: &Call<'_>, with_tags: bool) -> Value {
        let mut view = json!({
            "id": self.address.id(),
            "name": self.address.names.join("/"),
            "type": self.kind(),
            "location": self.location,
        });
        for (field, value) in self.more.as_object().into_iter().flatten() {
            if !value.is_null() {
                view[field] = value.clone();
            }
        }
        if !with_tags {
            return view;
        }
        if !self.tags.is_empty() {
            view["tags"] = json!(self.tags);
        }
        for (wanted, value) in [
            ("createdTime", azure_time(self.created)),
            ("changedTime", azure_time(self.created)),
            ("provisioningState", self.state.to_owned()),
        ] {
            if call.expands(wanted) {
                view[wanted] = json!(value);
            }
        }
        view
    }
}

/// `GET /subscriptions/{id}[/resourceGroups/{name}]/resources`.
pub(crate) fn list(resources: &Resources, call: &Call<'_>) -> Answer {
    versions::check_resources(call.api_version())?;
    if call.address.group.is_some() && !resources.groups.contains_key(&call.address.group_key()) {
        return Err(no_group(call.address.group.as_deref().unwrap_or_default()));
    }
    let filter = Filter::parse(call.query.get("$filter").map_or("", String::as_str))?;
    let below = format!("{}/", call.address.parent().key());
    let visible = |entry: &Entry<'_>| {
        entry.address.key().starts_with(&below)
            && is_listed(resources, entry.created)
            && (call.allowed)(&format!("{}/read", entry.kind()), &entry.address.id())
            && filter.fits(entry)
    };
    let mut found: Vec<Entry<'_>> = entries(resources).into_iter().filter(visible).collect();
    found.sort_by_key(|entry| entry.address.key());
    let views = found.iter().map(|entry| entry.view(call, !filter.is_about_tags())).collect();
    Ok(lists::page(resources, call, views))
}

/// A resource is in the list some time after its creation; what a scenario brought is there from the start.
fn is_listed(resources: &Resources, created: Timestamp) -> bool {
    created <= resources.begun() || later(created, resources.durations.resource_list_lag) <= resources.now
}

/// Everything that has a location of its own; parts of others, such as subnets, have none.
fn entries(resources: &Resources) -> Vec<Entry<'_>> {
    let mut all = Vec::new();
    macro_rules! take {
        ($records:expr, $record:ident => $more:expr) => {
            for (key, $record) in $records {
                let Some(address) = Address::parse(&$record.id) else { continue };
                let (location, tags, state) = (&$record.location, &$record.tags, $record.provisioning_state);
                let created = resources.created_at(key);
                all.push(Entry { address, location, tags, state, more: $more, created });
            }
        };
    }
    take!(&resources.machines, machine => json!({
        "zones": machine.extra.get("zones"), "plan": machine.extra.get("plan"), "identity": machine.extra.get("identity"),
    }));
    take!(resources.run_commands.iter().filter(|(_, command)| !command.action), command => json!({}));
    take!(&resources.galleries, gallery => json!({}));
    take!(&resources.definitions, definition => json!({}));
    take!(&resources.versions, version => json!({}));
    take!(&resources.disks, disk => {
        let holder = resources.machines.values().find(|machine| machine.disk_ids().any(|id| id.eq_ignore_ascii_case(&disk.id)));
        json!({"sku": {"name": disk.sku}, "zones": disk.zones, "managedBy": holder.map(|machine| &machine.id)})
    });
    take!(&resources.encryption_sets, set => json!({"identity": set.identity}));
    take!(&resources.restore_point_collections, collection => json!({}));
    take!(&resources.images, image => json!({}));
    let whole = resources.network.iter().filter(|(key, _)| !key.contains("/subnets/"));
    take!(whole, resource => {
        let interface = resource.id.to_lowercase().contains("/networkinterfaces/");
        json!({"kind": interface.then_some("Regular")})
    });
    all
}

/// `$filter`: comparisons that all have to hold.
struct Filter(Vec<(String, bool, String)>);

impl Filter {
    fn parse(text: &str) -> Result<Self, ArmError> {
        let wrong = || {
            let message = format!("Invalid $filter '{text}' specified in the query string.");
            ArmError::new(StatusCode::BAD_REQUEST, "InvalidFilterInQueryString", message).by_arm()
        };
        let mut comparisons = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (field, after) = rest.split_once(' ').ok_or_else(wrong)?;
            let (operator, after) = after.trim_start().split_once(' ').ok_or_else(wrong)?;
            let known = ["tagName", "tagValue", "resourceType", "name", "location", "resourceGroup"];
            let field = known.into_iter().find(|known| known.eq_ignore_ascii_case(field)).ok_or_else(wrong)?;
            let equal = match operator {
                "eq" => true,
                "ne" if !field.starts_with("tag") => false,
                _ => return Err(wrong()),
            };
            let (value, after) = quoted(after.trim_start()).ok_or_else(wrong)?;
            comparisons.push((field.to_owned(), equal, value));
            rest = after.trim_start();
            if let Some(more) = rest.strip_prefix("and ") {
                rest = more.trim_start();
            } else if !rest.is_empty() {
                return Err(wrong());
            }
        }
        let filter = Self(comparisons);
        let tags = filter.0.iter().filter(|(field, ..)| field.starts_with("tag")).count();
        let named = filter.0.iter().filter(|(field, ..)| field == "tagName").count();
        // A tag is looked for alone: its name, or its name and value.
        if tags > 0 && (tags < filter.0.len() || named != 1 || tags > 2) {
            return Err(wrong());
        }
        Ok(filter)
    }

    fn is_about_tags(&self) -> bool {
        self.0.iter().any(|(field, ..)| field == "tagName")
    }

    fn fits(&self, entry: &Entry<'_>) -> bool {
        let value = |wanted: &str| self.0.iter().find(|(field, ..)| field == wanted).map(|(.., value)| value.as_str());
        self.0.iter().all(|(field, equal, wanted)| {
            let same = match field.as_str() {
                // Names of tags are compared without case, values with it.
                "tagName" => entry.tags.iter().any(|(name, tag)| {
                    name.eq_ignore_ascii_case(wanted) && value("tagValue").is_none_or(|wanted| tag == wanted)
                }),
                "tagValue" => true,
                "resourceType" => entry.kind().eq_ignore_ascii_case(wanted),
                "name" => entry.address.names.join("/").eq_ignore_ascii_case(wanted),
                "location" => regions::normal(wanted) == entry.location,
                _ => entry.address.group.as_ref().is_some_and(|group| group.eq_ignore_ascii_case(wanted)),
            };
            same == *equal
        })
    }
}

/// A text in quotes at the beginning, in which two quotes are one, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_or_refused() {
        for (text, comparisons) in [
            ("", 0),
            ("tagName eq 'a'", 1),
            ("tagName eq 'a' and tagValue eq 'it''s'", 2),
            ("resourceType eq 'Microsoft.Compute/disks' and location ne 'westeurope'", 2),
        ] {
            assert_eq!(Filter::parse(text).map(|filter| filter.0.len()).ok(), Some(comparisons), "{text}");
        }
        for text in [
            "tagName",
            "tagName eq a",
            "tagValue eq 'a'",
            "tagName eq 'a' or tagName eq 'b'",
            "tagName eq 'a' and resourceType eq 'b'",
            "colour eq 'red'",
            "tagName ne 'a'",
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
        assert_eq!(quoted("'it''s' and").unwrap(), ("it's".to_owned(), " and"));
    }
}
