//! Rules of network security groups: whether they are well-formed, and what they let through ("Azure network security groups
//! overview": the first rule that fits, by priority, decides).

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{body::in_azures_case, error::ArmError},
    network::prefix::Prefix,
};

fn bad(code: &str, message: String) -> ArmError {
    ArmError::new(StatusCode::BAD_REQUEST, code, message)
}

/// Values of a rule's enumerations.
const ENUMERATIONS: [(&str, &[&str]); 3] = [
    ("access", &["Allow", "Deny"]),
    ("direction", &["Inbound", "Outbound"]),
    ("protocol", &["*", "Tcp", "Udp", "Icmp", "Esp", "Ah"]),
];

/// A member of a rule, and the list that may stand for it.
const RANGES: [(&str, &str, bool); 4] = [
    ("sourcePortRange", "sourcePortRanges", true),
    ("destinationPortRange", "destinationPortRanges", true),
    ("sourceAddressPrefix", "sourceAddressPrefixes", false),
    ("destinationAddressPrefix", "destinationAddressPrefixes", false),
];

/// The rules of a body, checked and complete.
pub(super) fn checked(given: &Value) -> Result<Vec<Value>, ArmError> {
    let mut rules: Vec<Value> = Vec::new();
    for rule in given.as_array().into_iter().flatten() {
        let rule = checked_rule(rule)?;
        let (name, properties) = (rule["name"].as_str().unwrap_or_default(), &rule["properties"]);
        for other in &rules {
            let other_name = other["name"].as_str().unwrap_or_default();
            if other_name.eq_ignore_ascii_case(name) {
                return Err(bad("InvalidRequestFormat", format!("There are two security rules of the name '{name}'.")));
            }
            let other = &other["properties"];
            if other["priority"] == properties["priority"] && other["direction"] == properties["direction"] {
                return Err(bad(
                    "SecurityRuleConflict",
                    format!(
                        "Security rule {name} conflicts with rule {other_name}. Rules cannot have the same Priority and \
                         Direction."
                    ),
                ));
            }
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn checked_rule(rule: &Value) -> Result<Value, ArmError> {
    let name = rule["name"].as_str().filter(|name| !name.is_empty() && name.len() <= 80);
    let name = name.ok_or_else(|| bad("InvalidRequestFormat", "A security rule has no usable name.".to_owned()))?;
    let mut properties = crate::arm::body::properties(&rule["properties"], &["provisioningState"]);
    let missing = |what: &str| {
        bad(
            "SecurityRuleParameterNotSpecified",
            format!("Required security rule parameter {what} of rule {name} is not specified."),
        )
    };
    let unsupported = |what: &str, value: &Value| {
        bad(
            "SecurityRuleParameterContainsUnsupportedValue",
            format!("Security rule parameter {what} for rule {name} contains the unsupported value {value}."),
        )
    };
    for (field, values) in ENUMERATIONS {
        in_azures_case(&mut properties, &format!("/{field}"), values);
        match properties[field].as_str() {
            None => return Err(missing(field)),
            Some(value) if !values.contains(&value) => return Err(unsupported(field, &properties[field])),
            Some(_) => {}
        }
    }
    let Some(priority) = properties["priority"].as_i64() else { return Err(missing("priority")) };
    if !(100..=4096).contains(&priority) {
        return Err(bad(
            "SecurityRuleInvalidPriority",
            format!("Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096."),
        ));
    }
    for (one, many, ports) in RANGES {
        let groups = one.replace("AddressPrefix", "ApplicationSecurityGroups");
        let listed = values(&properties, one, many);
        if listed.is_empty() && properties[groups.as_str()].as_array().is_none_or(Vec::is_empty) {
            return Err(missing(one));
        }
        for value in listed {
            let fits = if ports { is_port_range(&value) } else { is_address(&value) };
            if !fits {
                let code = if ports { "SecurityRuleInvalidPortRange" } else { "SecurityRuleInvalidAddressPrefix" };
                return Err(bad(code, format!("Security rule {name} has the invalid {one} '{value}'.")));
            }
        }
        if properties[many].is_null() {
            properties[many] = json!([]);
        }
    }
    Ok(json!({"name": name, "properties": properties}))
}

/// What a rule says in a member, or in the list of it.
fn values(properties: &Value, one: &str, many: &str) -> Vec<String> {
    let single = properties[one].as_str().filter(|value| !value.is_empty()).into_iter();
    let listed = properties[many].as_array().into_iter().flatten().filter_map(Value::as_str);
    single.chain(listed).map(str::to_owned).collect()
}

fn is_port_range(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().ok();
    match text.split_once('-') {
        _ if text == "*" => true,
        None => port(text).is_some(),
        Some((first, last)) => port(first).zip(port(last)).is_some_and(|(first, last)| first <= last),
    }
}

/// An address, a prefix, or a service tag.
fn is_address(text: &str) -> bool {
    let tag = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.');
    text == "*"
        || tag
        || text.parse::<std::net::IpAddr>().is_ok()
        || Prefix::parse(text).is_some()
        || text.split_once('/').is_some_and(|(address, bits)| {
            address.parse::<std::net::Ipv6Addr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= 128)
        })
}

/// Do the rules that somebody wrote let nothing through in this direction, whatever the default rules say?
pub(in crate::network) fn denies_everything(rules: &Value, direction: &str) -> bool {
    let mut ordered: Vec<&Value> = rules
        .as_array()
        .into_iter()
        .flatten()
        .map(|rule| &rule["properties"])
        .filter(|rule| rule["direction"].as_str() == Some(direction))
        .collect();
    ordered.sort_by_key(|rule| rule["priority"].as_u64());
    for rule in ordered {
        if rule["access"] == "Allow" {
            return false;
        }
        if is_about_everything(rule) {
            return true;
        }
    }
    false
}

fn is_about_everything(rule: &Value) -> bool {
    let all = |text: &String, ports: bool| text == "*" || text == if ports { "0-65535" } else { "0.0.0.0/0" };
    rule["protocol"] == "*"
        && RANGES.iter().all(|(one, many, ports)| values(rule, one, many).iter().any(|text| all(text, *ports)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, direction: &str, access: &str, priority: i64, destination: &str) -> Value {
        json!({"name": name, "properties": {
            "direction": direction, "access": access, "priority": priority, "protocol": "*", "sourcePortRange": "*",
            "destinationPortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": destination,
        }})
    }

    #[test]
    fn what_is_wrong_with_a_rule_has_a_code() {
        let right = rule("one", "Inbound", "Deny", 100, "*");
        for (pointer, value, code) in [
            ("/priority", json!(99), "SecurityRuleInvalidPriority"),
            ("/priority", json!(4097), "SecurityRuleInvalidPriority"),
            ("/priority", Value::Null, "SecurityRuleParameterNotSpecified"),
            ("/access", json!("Perhaps"), "SecurityRuleParameterContainsUnsupportedValue"),
            ("/destinationPortRange", json!("9-7"), "SecurityRuleInvalidPortRange"),
            ("/destinationPortRange", json!("70000"), "SecurityRuleInvalidPortRange"),
            ("/sourceAddressPrefix", json!("10.0.0.0/33"), "SecurityRuleInvalidAddressPrefix"),
            ("/sourceAddressPrefix", Value::Null, "SecurityRuleParameterNotSpecified"),
        ] {
            let mut wrong = right.clone();
            *wrong.pointer_mut(&format!("/properties{pointer}")).unwrap() = value;
            assert_eq!(checked(&json!([wrong])).unwrap_err().code, code, "{pointer}");
        }
        let pair = json!([right, rule("two", "Inbound", "Allow", 100, "*")]);
        assert_eq!(checked(&pair).unwrap_err().code, "SecurityRuleConflict");
        let other_direction = json!([right, rule("two", "Outbound", "Allow", 100, "10.0.0.0/8")]);
        assert_eq!(checked(&other_direction).unwrap().len(), 2);
    }

    #[test]
    fn everything_is_denied_only_where_nothing_is_allowed_before() {
        let denied = rule("deny", "Outbound", "Deny", 200, "*");
        for (rules, expected) in [
            (json!([]), false),
            (json!([denied]), true),
            (json!([rule("deny", "Outbound", "Deny", 200, "Internet")]), false),
            (json!([denied, rule("allow", "Outbound", "Allow", 100, "10.0.0.4")]), false),
            (json!([denied, rule("allow", "Outbound", "Allow", 300, "*")]), true),
            (json!([rule("deny", "Inbound", "Deny", 200, "*")]), false),
        ] {
            assert_eq!(denies_everything(&rules, "Outbound"), expected, "{rules}");
        }
    }
}
