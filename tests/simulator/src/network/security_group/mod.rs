//! All about network security groups; in this file how one is read, and who uses it (behaviour section 18).

pub(crate) mod defaults;
pub(crate) mod put;
pub(crate) mod rules;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        lists,
        refusals::{not_found, not_supported},
    },
    resources::{Resources, network::NetworkResource},
};

/// Children of a group: rules that somebody wrote, and those that each group has.
const CHILDREN: [(&str, &str); 2] = [
    ("networksecuritygroups/securityrules", "securityRules"),
    ("networksecuritygroups/defaultsecurityrules", "defaultSecurityRules"),
];

pub(in crate::network) fn view(resources: &Resources, group: &NetworkResource) -> Value {
    let mut view = group.common_view("networkSecurityGroups");
    view["location"] = json!(group.location);
    view["tags"] = json!(group.tags);
    let properties = &mut view["properties"];
    properties["resourceGuid"] = json!(group.guid);
    let shown = |kind: &str, rules: &[Value]| -> Value {
        rules.iter().map(|rule| rule_view(group, kind, rule)).collect::<Vec<_>>().into()
    };
    properties["securityRules"] =
        shown("securityRules", group.properties["securityRules"].as_array().map_or(&[][..], Vec::as_slice));
    properties["defaultSecurityRules"] = shown("defaultSecurityRules", &defaults::rules());
    for (field, users) in [("networkInterfaces", interfaces(resources, group)), ("subnets", subnets(resources, group))]
    {
        if !users.is_empty() {
            let users: Vec<Value> = users.iter().map(|id| json!({"id": id})).collect();
            properties[field] = json!(users);
        }
    }
    view
}

fn rule_view(group: &NetworkResource, kind: &str, rule: &Value) -> Value {
    let name = rule["name"].as_str().unwrap_or_default();
    let mut view = json!({
        "name": name,
        "id": format!("{}/{kind}/{name}", group.id),
        "etag": group.etag(),
        "type": format!("Microsoft.Network/networkSecurityGroups/{kind}"),
        "properties": rule["properties"],
    });
    view["properties"]["provisioningState"] = json!(group.provisioning_state);
    view
}

/// `GET {group}/securityRules[/{name}]` and the same of the default ones.
pub(in crate::network) fn read_rules(resources: &Resources, call: &Call<'_>, kind: &str) -> Answer {
    let field = CHILDREN.iter().find(|(child, _)| *child == kind).map(|(_, field)| *field);
    let field = field.ok_or_else(|| not_supported(call))?;
    lists::check(resources, call)?;
    let parent = call.address.parent();
    let group = resources.network.get(&parent.key()).ok_or_else(|| not_found(&parent))?;
    let rules = view(resources, group)["properties"][field].as_array().cloned().unwrap_or_default();
    if call.address.is_collection() {
        return Ok(lists::page(resources, call, rules));
    }
    let wanted = call.address.name();
    let rule =
        rules.into_iter().find(|rule| rule["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted)));
    rule.map(Reply::ok).ok_or_else(|| not_found(call.address))
}

/// Whether the properties of an interface or a subnet name this group.
fn names(properties: &Value, group: &NetworkResource) -> bool {
    properties["networkSecurityGroup"]["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&group.id))
}

fn users(resources: &Resources, group: &NetworkResource, kind: &str) -> Vec<String> {
    let used = resources.network.values().filter(|user| names(&user.properties, group));
    used.filter(|user| user.id.to_lowercase().contains(kind)).map(|user| user.id.clone()).collect()
}

fn interfaces(resources: &Resources, group: &NetworkResource) -> Vec<String> {
    users(resources, group, "/networkinterfaces/")
}

fn subnets(resources: &Resources, group: &NetworkResource) -> Vec<String> {
    users(resources, group, "/subnets/")
}

/// Refuses to delete a group while an interface or a subnet has it.
pub(in crate::network) fn is_free(resources: &Resources, group: &NetworkResource) -> Result<(), ArmError> {
    let users = [interfaces(resources, group), subnets(resources, group)].concat();
    if users.is_empty() {
        return Ok(());
    }
    Err(ArmError::new(
        StatusCode::BAD_REQUEST,
        "InUseNetworkSecurityGroupCannotBeDeleted",
        format!(
            "Network security group {} cannot be deleted because it is in use by the following resources: {}. In order to \
             delete the Network security group, remove the association with the resource(s). To learn how to do this, see \
             aka.ms/deletensg.",
            group.id,
            users.join(", ")
        ),
    ))
}
