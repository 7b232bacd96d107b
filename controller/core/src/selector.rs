//! Which image versions a replication target selects.

use std::collections::BTreeMap;

use azimage_crds::{Operator, ReplicationTargetSpec, Requirement};

/// Whether a target selects the image version of this name and these labels.
pub fn selects(target: &ReplicationTargetSpec, name: &str, labels: &BTreeMap<String, String>) -> bool {
    match (&target.image_selector, &target.image_version_name) {
        (_, Some(wanted)) => wanted == name,
        (Some(selector), None) => {
            selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
                && selector.match_expressions.iter().all(|requirement| holds(requirement, labels))
        }
        (None, None) => false,
    }
}

fn holds(requirement: &Requirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let listed = value.is_some_and(|value| requirement.values.contains(value));
    match requirement.operator {
        Operator::In => listed,
        Operator::NotIn => !listed,
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use azimage_crds::ReplicationTargetSpec;

    use super::*;

    #[test]
    fn a_selector_is_read_as_kubernetes_reads_one() {
        let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let prod: BTreeMap<String, String> = labels(&[("tier", "prod"), ("app", "web")]);
        let cases = [
            ("an empty selector selects all", serde_json::json!({"imageSelector": {}}), true),
            ("a label matches", serde_json::json!({"imageSelector": {"matchLabels": {"tier": "prod"}}}), true),
            ("another value doesn't", serde_json::json!({"imageSelector": {"matchLabels": {"tier": "dev"}}}), false),
            (
                "every label must match",
                serde_json::json!({"imageSelector": {"matchLabels": {"tier": "prod", "x": "y"}}}),
                false,
            ),
            (
                "In",
                serde_json::json!({"imageSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "web"]}]}}),
                true,
            ),
            (
                "NotIn",
                serde_json::json!({"imageSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}}),
                false,
            ),
            (
                "NotIn of an absent label",
                serde_json::json!({"imageSelector": {"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["1"]}]}}),
                true,
            ),
            (
                "Exists",
                serde_json::json!({"imageSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}),
                true,
            ),
            (
                "DoesNotExist",
                serde_json::json!({"imageSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}),
                false,
            ),
            ("the name", serde_json::json!({"imageVersionName": "web-1"}), true),
            ("another name", serde_json::json!({"imageVersionName": "web-2"}), false),
        ];
        for (case, mut spec, expected) in cases {
            spec["region"] = "northeurope".into();
            let spec: ReplicationTargetSpec = serde_json::from_value(spec).unwrap();
            assert_eq!(selects(&spec, "web-1", &prod), expected, "{case}");
        }
    }
}
