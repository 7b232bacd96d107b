//! Who changed what is to be latest, as far as Kubernetes tells.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};

/// The field manager that wrote `spec.latest` last.
pub fn writer_of_latest(meta: &ObjectMeta) -> Option<String> {
    let owns = |entry: &&ManagedFieldsEntry| {
        entry.subresource.as_deref().unwrap_or_default().is_empty()
            && entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer("/f:spec/f:latest").is_some())
    };
    let entries = meta.managed_fields.iter().flatten().filter(owns);
    entries.max_by_key(|entry| entry.time.as_ref().map(|time| time.0))?.manager.clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_one_who_wrote_it_is_told() {
        let entry = |manager: &str, time: &str, fields: serde_json::Value| json!({"manager": manager, "time": time, "operation": "Update", "fieldsV1": fields});
        let latest = json!({"f:spec": {"f:latest": {"f:pinned": {}}}});
        let status =
            json!({"manager": "azimage", "subresource": "status", "time": "2026-01-04T00:00:00Z", "fieldsV1": latest});
        let meta: ObjectMeta = serde_json::from_value(json!({"managedFields": [
            entry("flux", "2026-01-01T00:00:00Z", latest.clone()),
            entry("kubectl-patch", "2026-01-02T00:00:00Z", latest.clone()),
            entry("helm", "2026-01-03T00:00:00Z", json!({"f:spec": {"f:name": {}}})),
            status,
        ]}))
        .unwrap();
        assert_eq!(writer_of_latest(&meta).as_deref(), Some("kubectl-patch"));
        assert_eq!(writer_of_latest(&ObjectMeta::default()), None);
    }
}
