//! Image definitions (behaviour section 10).

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::quota;
use crate::{
    arm::{
        body::{in_azures_case, properties},
        call::{Answer, Call, Reply},
        error::ArmError,
        records::{self, not_leaving, writable},
        refusals::{not_found, parent_not_found},
        tags,
    },
    resources::{Resources, gallery::Definition, record::RecordKind},
};

/// Properties that never change once the definition exists.
const FIXED: [&str; 7] = [
    "osType",
    "osState",
    "hyperVGeneration",
    "architecture",
    "identifier/publisher",
    "identifier/offer",
    "identifier/sku",
];

fn required(given: &Value, field: &str) -> Result<(), ArmError> {
    if given.pointer(&format!("/{field}")).and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
        return Ok(());
    }
    let target = format!("galleryImage.properties.{}", field.replace('/', "."));
    Err(ArmError::parameter(&target, format!("Required parameter '{target}' is missing (null).")))
}

fn one_of(given: &Value, field: &str, values: &[&str]) -> Result<(), ArmError> {
    match given[field].as_str() {
        Some(value) if !values.iter().any(|allowed| allowed.eq_ignore_ascii_case(value)) => Err(ArmError::parameter(
            &format!("galleryImage.properties.{field}"),
            format!(
                "The value '{value}' of parameter '{field}' is not allowed. Allowed values are: {}.",
                values.join(", ")
            ),
        )),
        _ => Ok(()),
    }
}

fn validate(name: &str, given: &Value) -> Result<(), ArmError> {
    let fits = name.len() <= 80
        && name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-'))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.ends_with(['.', '-']);
    if !fits {
        return Err(ArmError::parameter("galleryImageName", format!("The gallery image name '{name}' is invalid.")));
    }
    for field in ["osType", "osState", "identifier/publisher", "identifier/offer", "identifier/sku"] {
        required(given, field)?;
    }
    one_of(given, "osType", &["Linux", "Windows"])?;
    one_of(given, "osState", &["Generalized", "Specialized"])?;
    one_of(given, "hyperVGeneration", &["V1", "V2"])?;
    one_of(given, "architecture", &["x64", "Arm64"])?;
    let identifier = &given["identifier"];
    for (part, limit) in [("publisher", 128), ("offer", 64), ("sku", 64)] {
        if identifier[part].as_str().is_some_and(|text| text.len() > limit) {
            let target = format!("galleryImage.properties.identifier.{part}");
            return Err(ArmError::parameter(&target, format!("'{target}' may hold at most {limit} characters.")));
        }
    }
    Ok(())
}

const FEATURE_VALUES: [&str; 8] = [
    "Standard",
    "TrustedLaunch",
    "TrustedLaunchSupported",
    "ConfidentialVM",
    "ConfidentialVMSupported",
    "TrustedLaunchAndConfidentialVmSupported",
    "True",
    "False",
];

/// Enumerations are kept in Azure's spelling.
fn in_azures_spelling(given: &mut Value) {
    in_azures_case(given, "/osType", &["Linux", "Windows"]);
    in_azures_case(given, "/osState", &["Generalized", "Specialized"]);
    in_azures_case(given, "/hyperVGeneration", &["V1", "V2"]);
    in_azures_case(given, "/architecture", &["x64", "Arm64"]);
    for feature in given.get_mut("features").and_then(Value::as_array_mut).into_iter().flatten() {
        in_azures_case(feature, "/value", &FEATURE_VALUES);
    }
}

/// Since api-version 2025-03-03 a new definition is generation 2 and Trusted Launch capable unless it says otherwise.
fn defaults(given: &mut Value, api_version: &str) {
    let modern = api_version >= "2025-03-03";
    if given["hyperVGeneration"].is_null() {
        given["hyperVGeneration"] = json!(if modern { "V2" } else { "V1" });
    }
    if given["architecture"].is_null() {
        given["architecture"] = json!("x64");
    }
    let second = given["hyperVGeneration"].as_str().is_some_and(|generation| generation.eq_ignore_ascii_case("V2"));
    let says = given["features"].as_array().is_some_and(|features| {
        features
            .iter()
            .any(|feature| feature["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("SecurityType")))
    });
    if modern && second && !says {
        let feature = json!({"name": "SecurityType", "value": "TrustedLaunchSupported"});
        match given["features"].as_array_mut() {
            Some(features) => features.push(feature),
            None => given["features"] = json!([feature]),
        }
    }
}

fn unchanged(before: &Value, after: &Value) -> Result<(), ArmError> {
    for field in FIXED {
        let pointer = format!("/{field}");
        let (old, new) = (before.pointer(&pointer), after.pointer(&pointer));
        let same = match (old.and_then(Value::as_str), new.and_then(Value::as_str)) {
            (Some(old), Some(new)) => old.eq_ignore_ascii_case(new),
            (old, new) => old == new,
        };
        if !same {
            return Err(ArmError::property_change(&format!("galleryImage.properties.{}", field.replace('/', "."))));
        }
    }
    if before["features"] != after["features"] && before["allowUpdateImage"] != json!(true) {
        return Err(ArmError::property_change("galleryImage.properties.features"));
    }
    Ok(())
}

impl Definition {
    pub(in crate::compute) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id, "name": self.name, "type": "Microsoft.Compute/galleries/images", "location": self.location,
            "properties": self.properties,
        });
        tags::show(&mut view, &self.tags, self.tagged);
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        view
    }
}

pub(crate) fn get(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let definition = resources.definitions.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
    Ok(Reply::ok(definition.view()))
}

pub(crate) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let (key, name) = (call.address.key(), call.address.name().to_owned());
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?;
    let tagged = tags.is_some();
    let tags = tags.unwrap_or_default();
    let gallery = call.address.parent();
    let Some(parent) = resources.galleries.get(&gallery.key()) else { return Err(parent_not_found(&gallery)) };
    not_leaving(parent.provisioning_state, "Update Gallery Image", &parent.name)?;
    let mut given = properties(&call.body["properties"], &["provisioningState"]);
    validate(&name, &given)?;
    in_azures_spelling(&mut given);
    let existing = resources.definitions.get(&key);
    if let Some(definition) = existing {
        if definition.location != location {
            return Err(tags::other_location(&definition.id, &definition.location, &location));
        }
        writable(definition.provisioning_state, "Update Gallery Image", &definition.name)?;
        for field in ["hyperVGeneration", "architecture", "features"] {
            if given[field].is_null() {
                given[field] = definition.properties[field].clone();
            }
        }
        unchanged(&definition.properties, &given)?;
    } else {
        defaults(&mut given, call.api_version());
    }
    let created = existing.is_none();
    if created {
        quota::check(resources, "gallery images", 1000, &call.address.subscription, &location)?;
    }
    identifier_is_free(resources, &gallery.key(), &key, &given["identifier"])?;
    Ok(write(
        resources,
        &key,
        created,
        Definition {
            id: call.address.id(),
            name,
            location,
            tags,
            tagged,
            properties: properties(&given, &[]),
            provisioning_state: if created { "Creating" } else { "Updating" },
            operation: Uuid::nil(),
        },
    ))
}

fn identifier_is_free(resources: &Resources, gallery: &str, own: &str, identifier: &Value) -> Result<(), ArmError> {
    let part = |identifier: &Value, part: &str| identifier[part].as_str().unwrap_or_default().to_lowercase();
    let prefix = format!("{gallery}/images/");
    let holder = resources.definitions.iter().find(|(key, other)| {
        key.starts_with(&prefix)
            && *key != own
            && ["publisher", "offer", "sku"]
                .iter()
                .all(|name| part(&other.properties["identifier"], name) == part(identifier, name))
    });
    match holder {
        None => Ok(()),
        Some((_, other)) => Err(ArmError::new(
            StatusCode::CONFLICT,
            "Conflict",
            format!(
                "Gallery image: {} identified by (publisher:{}, offer:{}, sku:{}) already exists. Choose a different \
                 publisher, offer, sku combination.",
                other.name,
                part(identifier, "publisher"),
                part(identifier, "offer"),
                part(identifier, "sku")
            ),
        )),
    }
}

pub(crate) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let mut definition = resources.definitions.get(&key).cloned().ok_or_else(|| not_found(call.address))?;
    writable(definition.provisioning_state, "Update Gallery Image", &definition.name)?;
    if let Some(tags) = tags::from_body(&call.body)? {
        definition.tags = tags;
        definition.tagged = true;
    }
    let before = definition.properties.clone();
    crate::arm::body::merge(&mut definition.properties, &properties(&call.body["properties"], &["provisioningState"]));
    in_azures_spelling(&mut definition.properties);
    unchanged(&before, &definition.properties)?;
    definition.provisioning_state = "Updating";
    Ok(write(resources, &key, false, definition))
}

fn write(resources: &mut Resources, key: &str, created: bool, definition: Definition) -> Reply {
    resources.definitions.insert(key.to_owned(), definition);
    let operation = records::write_begins(resources, RecordKind::Definition, key, resources.durations.definition);
    Reply::written(created, resources.definitions.get(key).map(Definition::view).unwrap_or_default(), operation)
}

pub(crate) fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let gallery = call.address.parent();
    if !resources.galleries.contains_key(&gallery.key()) {
        return Err(parent_not_found(&gallery));
    }
    super::parent_delete(resources, RecordKind::Definition, &call.address.key(), resources.durations.definition)
}

pub(crate) fn gone(resources: &mut Resources, key: &str) {
    resources.definitions.remove(key);
    super::forget_deleted_below(resources, key);
    resources.deleted.insert(key.to_owned(), resources.now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_generation_depends_on_the_api_version() {
        let mut old = json!({});
        defaults(&mut old, "2024-03-03");
        assert_eq!(old["hyperVGeneration"], "V1");
        let mut new = json!({});
        defaults(&mut new, "2025-03-03");
        assert_eq!(new["hyperVGeneration"], "V2");
        assert_eq!(new["features"][0]["value"], "TrustedLaunchSupported");
    }

    #[test]
    fn what_is_fixed_cannot_change() {
        let before = json!({"osType": "Linux", "identifier": {"publisher": "a", "offer": "b", "sku": "c"}});
        for (pointer, property) in [("/osType", "osType"), ("/identifier/sku", "identifier.sku")] {
            let mut after = before.clone();
            *after.pointer_mut(pointer).unwrap() = json!("other");
            let error = unchanged(&before, &after).unwrap_err();
            assert_eq!(error.code, "PropertyChangeNotAllowed");
            assert_eq!(
                error.message,
                format!("Changing property 'galleryImage.properties.{property}' is not allowed.")
            );
        }
    }
}
