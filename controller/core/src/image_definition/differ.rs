//! How an image definition differs from what an object says in what Azure never changes.

use std::collections::BTreeSet;

use azimage_crds::DefinitionProperties;
use azimage_names::Region;

use super::{Definition, change::shown, words::Difference};
use crate::image_version::MarketplacePlan;

/// Where nothing stands.
const NOTHING: &str = "nothing";

/// All differences, in the order of the fields.
pub(super) fn fixed(
    location: Option<&Region>,
    properties: Option<&DefinitionProperties>,
    definition: &Definition,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(location) = location.filter(|location| **location != definition.location) {
        found.push(difference("spec.location", location.as_str(), definition.location.as_str()));
    }
    let Some(properties) = properties else { return found };
    for (field, wanted, is) in words(properties, definition) {
        if !wanted.eq_ignore_ascii_case(&is) {
            found.push(difference(field, &wanted, &is));
        }
    }
    let (wanted, is) = (listed_here(properties), listed_there(definition));
    if set(&wanted) != set(&is) {
        found.push(difference("spec.properties.diskControllerTypes", &wanted, &is));
    }
    if let Some(plan) = &properties.purchase_plan {
        let wanted = told(&MarketplacePlan {
            name: plan.name.clone(),
            publisher: plan.publisher.clone(),
            product: plan.product.clone(),
        });
        let is = definition.plan.as_ref().map_or_else(|| NOTHING.to_owned(), told);
        if !wanted.eq_ignore_ascii_case(&is) {
            found.push(difference("spec.properties.purchasePlan", &wanted, &is));
        }
    } else if let Some(plan) = &definition.plan {
        // Without it nothing can be made from the versions, so it is no detail.
        found.push(difference("spec.properties.purchasePlan", NOTHING, &told(plan)));
    }
    found
}

/// Fields whose values are words, with what the object says and what Azure has.
fn words(properties: &DefinitionProperties, definition: &Definition) -> Vec<(&'static str, String, String)> {
    let word = |text: &'static str| text.to_owned();
    let identifier = &properties.identifier;
    let mut words = vec![
        ("spec.properties.osType", word(properties.os_type.into()), definition.os_type.clone()),
        ("osState", word("Generalized"), definition.os_state.clone()),
        ("spec.properties.hyperVGeneration", word(properties.hyper_v_generation.into()), definition.generation.clone()),
        ("spec.properties.architecture", word(properties.architecture.into()), definition.architecture.clone()),
        ("spec.properties.identifier.publisher", identifier.publisher.clone(), definition.identifier.publisher.clone()),
        ("spec.properties.identifier.offer", identifier.offer.clone(), definition.identifier.offer.clone()),
        ("spec.properties.identifier.sku", identifier.sku.clone(), definition.identifier.sku.clone()),
        ("spec.properties.securityType", word(properties.security_type.into()), security_type(definition)),
    ];
    let flags = [
        (
            "spec.properties.acceleratedNetworking",
            properties.accelerated_networking,
            &definition.accelerated_networking,
        ),
        ("spec.properties.hibernation", properties.hibernation, &definition.hibernation),
    ];
    for (field, wanted, is) in flags {
        if let Some(wanted) = wanted {
            let is = is.as_ref().map_or_else(|| false.to_string(), |is| is.to_lowercase());
            words.push((field, wanted.to_string(), is));
        }
    }
    words
}

/// Which protection the versions of a definition may have; without the feature they are Standard.
pub(super) fn security_type(definition: &Definition) -> String {
    definition.security_type.clone().unwrap_or_else(|| "Standard".to_owned())
}

/// The disk controllers of a definition; without the feature SCSI alone.
pub(super) fn listed_there(definition: &Definition) -> String {
    definition.disk_controllers.clone().unwrap_or_else(|| "SCSI".to_owned())
}

fn listed_here(properties: &DefinitionProperties) -> String {
    let types: Vec<&str> = properties.disk_controller_types.iter().map(|kind| (*kind).into()).collect();
    types.join(", ")
}

/// What is in a list with commas.
pub(super) fn set(listed: &str) -> BTreeSet<String> {
    listed.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

fn told(plan: &MarketplacePlan) -> String {
    format!("{}/{}/{}", plan.publisher, plan.product, plan.name)
}

fn difference(field: &str, wanted: &str, is: &str) -> Difference {
    Difference::Of { field: field.to_owned(), wanted: shown(wanted), is: shown(is) }
}
