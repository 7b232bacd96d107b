//! The kinds that are served.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::schema::{Rules, Schema};

/// A kind.
#[allow(clippy::struct_excessive_bools, reason = "each says another thing of a kind, in any combination")]
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    /// `group/version`, or the version alone in the core group.
    api_version: String,
    /// The plural name and the group.
    resource: String,
    pub(super) name: String,
    pub(super) namespaced: bool,
    /// From a custom resource definition.
    pub(super) custom: bool,
    /// Has a status that is written by itself.
    pub(super) status: bool,
    /// A PUT makes what isn't there.
    pub(super) create_on_update: bool,
    /// Fields that can be selected by, as paths with periods, beside name and namespace.
    pub(super) selectable: Vec<String>,
    pub(super) schema: Schema,
    /// Rules in CEL, if there are any.
    pub(super) rules: Option<Arc<Rules>>,
}

/// The definitions that were read by this process: compiling their rules takes longer than a short run.
static KNOWN: Mutex<BTreeMap<String, Arc<Kind>>> = Mutex::new(BTreeMap::new());

impl Kind {
    /// The kind of a custom resource definition.
    pub(super) fn of(definition: &Value) -> Result<Arc<Self>, String> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let text = definition.to_string();
        if let Some(kind) = known.get(&text) {
            return Ok(kind.clone());
        }
        let kind = Arc::new(Self::from_definition(definition)?);
        known.insert(text, kind.clone());
        Ok(kind)
    }

    /// Reads a custom resource definition. The first version is the only one.
    fn from_definition(definition: &Value) -> Result<Self, String> {
        let text = |pointer: &str| {
            let value = definition.pointer(pointer).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("the definition has no {pointer}"))
        };
        let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
        let Some([version]) = versions.map(Vec::as_slice) else {
            return Err("only definitions with one version are implemented".to_owned());
        };
        let schema = version.pointer("/schema/openAPIV3Schema").ok_or("the definition has no schema")?;
        let rules = Rules::parse(schema)?.map(Arc::new);
        let mut schema = Schema::parse(schema)?;
        schema.properties.extend(common_fields()?);
        let fields = version.get("selectableFields").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(|field| field.get("jsonPath").and_then(Value::as_str));
        let (group, plural) = (text("/spec/group")?, text("/spec/names/plural")?);
        let version_name = version.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self {
            api_version: api_version(&group, &version_name),
            resource: qualified(&plural, &group),
            group,
            version: version_name,
            plural,
            name: text("/spec/names/kind")?,
            namespaced: text("/spec/scope")? == "Namespaced",
            custom: true,
            status: version.pointer("/subresources/status").is_some(),
            create_on_update: false,
            selectable: fields.map(|path| path.trim_start_matches('.').to_owned()).collect(),
            schema,
            rules,
        })
    }

    /// The kinds of Kubernetes itself that are served, with the fields that are used here.
    pub(super) fn built_in() -> Result<Vec<Self>, String> {
        let kind = |group: &str, version: &str, plural: &str, name: &str, fields: Value| -> Result<Self, String> {
            let mut schema = Schema::parse(&json!({"type": "object", "properties": fields}))?;
            schema.properties.extend(common_fields()?);
            Ok(Self {
                api_version: api_version(group, version),
                resource: qualified(plural, group),
                group: group.to_owned(),
                version: version.to_owned(),
                plural: plural.to_owned(),
                name: name.to_owned(),
                namespaced: plural != "namespaces",
                custom: false,
                status: false,
                create_on_update: plural == "leases",
                selectable: Vec::new(),
                schema,
                rules: None,
            })
        };
        let text = json!({"type": "string"});
        let number = json!({"type": "integer"});
        let time = json!({"type": "string", "format": "micro-time"});
        let reference = json!({"type": "object", "x-kubernetes-map-type": "atomic", "properties": {
            "apiVersion": text, "fieldPath": text, "kind": text, "name": text, "namespace": text,
            "resourceVersion": text, "uid": text,
        }});
        let namespace = json!({
            "spec": {"type": "object", "properties": {"finalizers": {"type": "array", "items": text}}},
            "status": {"type": "object", "properties": {"phase": text}},
        });
        let lease = json!({"spec": {"type": "object", "properties": {
            "holderIdentity": text, "leaseDurationSeconds": number, "acquireTime": time, "renewTime": time,
            "leaseTransitions": number, "strategy": text, "preferredHolder": text,
        }}});
        let event = json!({
            "eventTime": {"type": "string", "format": "micro-time", "nullable": true},
            "reportingController": text, "reportingInstance": text, "action": text, "reason": text, "note": text,
            "type": text, "regarding": reference, "related": reference,
            "series": {"type": "object", "properties": {"count": number, "lastObservedTime": time}},
        });
        let named = json!({"type": "object", "properties": {"name": text}});
        let account = json!({
            "automountServiceAccountToken": {"type": "boolean"},
            "imagePullSecrets": {"type": "array", "items": named},
            "secrets": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": reference},
        });
        let config_map = json!({
            "immutable": {"type": "boolean"},
            "data": {"type": "object", "additionalProperties": text},
            "binaryData": {"type": "object", "additionalProperties": text},
        });
        Ok(vec![
            kind("", "v1", "configmaps", "ConfigMap", config_map)?,
            kind("", "v1", "serviceaccounts", "ServiceAccount", account)?,
            kind("", "v1", "namespaces", "Namespace", namespace)?,
            kind("coordination.k8s.io", "v1", "leases", "Lease", lease)?,
            kind("events.k8s.io", "v1", "events", "Event", event)?,
        ])
    }

    /// `group/version`, or the version alone in the core group.
    pub(super) fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The plural name and the group, as errors name it.
    pub(super) fn resource(&self) -> &str {
        &self.resource
    }

    /// The kind and the group, as errors name it.
    pub(super) fn qualified(&self) -> String {
        qualified(&self.name, &self.group)
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// What every object has.
fn common_fields() -> Result<BTreeMap<String, Schema>, String> {
    let text = json!({"type": "string"});
    let owner = json!({"type": "object", "x-kubernetes-map-type": "atomic", "required": ["apiVersion", "kind", "name", "uid"], "properties": {
        "apiVersion": text, "kind": text, "name": text, "uid": text,
        "controller": {"type": "boolean"}, "blockOwnerDeletion": {"type": "boolean"},
    }});
    let texts = json!({"type": "object", "nullable": true, "additionalProperties": text});
    let metadata = json!({"type": "object", "properties": {
        "name": text, "generateName": text, "namespace": text, "uid": text, "resourceVersion": text,
        "generation": {"type": "integer"}, "selfLink": text,
        "creationTimestamp": {"type": "string", "nullable": true},
        "deletionTimestamp": {"type": "string", "nullable": true},
        "deletionGracePeriodSeconds": {"type": "integer", "nullable": true},
        "labels": texts, "annotations": texts,
        "finalizers": {"type": "array", "nullable": true, "x-kubernetes-list-type": "set", "items": text},
        "ownerReferences": {"type": "array", "nullable": true, "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"], "items": owner},
        "managedFields": {"type": "array", "nullable": true, "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
    }});
    let fields = [("apiVersion", text.clone()), ("kind", text.clone()), ("metadata", metadata)];
    fields.into_iter().map(|(name, schema)| Ok((name.to_owned(), Schema::parse(&schema)?))).collect()
}
