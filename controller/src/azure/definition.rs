//! Image definitions between Azure and the decisions about them.

use std::time::Duration;

use azimage_azure::{self as azure, Accepted, Call, Client};
use azimage_core::{
    image_definition::{Definition, Gallery, Identifier, Limits, Read, Request, Settings, Users},
    image_version::Reading,
};
use azimage_crds::DefinitionProperties;
use azimage_names::{ImageDefinitionId, values::OsState};

use super::{CallError, convert, read::reading};

/// What was read.
#[derive(Debug)]
pub(crate) enum Answer {
    Definition(Box<Reading<Definition>>),
    Gallery(Reading<Gallery>),
    Users(Reading<Vec<Users>>),
}

/// Reads one thing. Besides, how long to wait, if it couldn't be read for too many requests.
pub(crate) async fn read_of_definition(
    client: &Client,
    call: &Call,
    id: &ImageDefinitionId,
    read: Read,
) -> (Answer, Option<Duration>) {
    match read {
        Read::Definition => {
            let (reading, wait) = reading(client.image_definition(call, id).await, definition);
            (Answer::Definition(Box::new(reading)), wait)
        }
        Read::Gallery => {
            let answer = client.gallery(call, id.gallery()).await;
            let (reading, wait) = reading(answer, |gallery| Gallery { location: gallery.location });
            (Answer::Gallery(reading), wait)
        }
        // No pass waits for that: it is asked again another time.
        Read::Users => (Answer::Users(reading(client.users_of(call, id).await, users).0), None),
    }
}

/// Carries out a write.
pub(crate) async fn put_definition(client: &Client, call: &Call, request: &Request) -> Result<Accepted, CallError> {
    let body = azure::ImageDefinitionBody {
        location: request.location.clone(),
        tags: request.tags.clone(),
        properties: request.properties.clone(),
        new: request.new.as_deref().map(new),
        settings: settings(&request.settings),
    };
    client.put_image_definition(call, &request.id, &body).await.map_err(CallError::from)
}

fn users(found: Vec<azure::ImageUsers>) -> Vec<Users> {
    let of = |it: azure::ImageUsers| {
        let azure::ImageUsers { scale_sets, region, follow_latest, version, count } = it;
        Users { scale_sets, region, follow_latest, version, count }
    };
    found.into_iter().map(of).collect()
}

fn definition(read: azure::ImageDefinition) -> Definition {
    let text = |pointer: &str| read.text(pointer).map(str::to_owned);
    let feature = |name: &str| read.feature(name).map(str::to_owned);
    let limits = |name: &str| {
        let end = |end: &str| read.number(&format!("/recommended/{name}/{end}"));
        Limits { min: end("min"), max: end("max") }
    };
    Definition {
        provisioning: convert::provisioning(read.provisioning_state.clone()),
        os_type: read.os_type.to_string(),
        os_state: read.os_state.to_string(),
        generation: read.hyper_v_generation.to_string(),
        architecture: read.architecture.to_string(),
        identifier: Identifier {
            publisher: text("/identifier/publisher").unwrap_or_default(),
            offer: text("/identifier/offer").unwrap_or_default(),
            sku: text("/identifier/sku").unwrap_or_default(),
        },
        security_type: feature("SecurityType"),
        disk_controllers: feature("DiskControllerTypes").or_else(|| feature("DiskControllerType")),
        accelerated_networking: feature("IsAcceleratedNetworkSupported"),
        hibernation: feature("IsHibernateSupported"),
        plan: read.purchase_plan.clone().and_then(convert::plan),
        description: text("/description"),
        end_of_life: text("/endOfLifeDate"),
        eula: text("/eula"),
        privacy_statement_uri: text("/privacyStatementUri"),
        release_note_uri: text("/releaseNoteUri"),
        vcpus: limits("vCPUs"),
        memory: limits("memory"),
        location: read.location,
        tags: read.tags,
        properties: read.properties,
    }
}

/// A new definition says all that Azure would choose by itself: what it chooses changes with the api-version.
fn new(properties: &DefinitionProperties) -> azure::NewImageDefinition {
    let feature = |name: &str, value: String| azure::Feature { name: name.to_owned(), value };
    let word = |text: &'static str| text.to_owned();
    let controllers: Vec<&str> = properties.disk_controller_types.iter().map(|kind| (*kind).into()).collect();
    let mut features = vec![
        feature("SecurityType", word(properties.security_type.into())),
        feature("DiskControllerTypes", controllers.join(", ")),
    ];
    let flags = [
        ("IsAcceleratedNetworkSupported", properties.accelerated_networking),
        ("IsHibernateSupported", properties.hibernation),
    ];
    for (name, flag) in flags {
        if let Some(flag) = flag {
            features.push(feature(name, if flag { word("True") } else { word("False") }));
        }
    }
    let os_type: &str = properties.os_type.into();
    let generation: &str = properties.hyper_v_generation.into();
    let architecture: &str = properties.architecture.into();
    let identifier = &properties.identifier;
    azure::NewImageDefinition {
        os_type: os_type.into(),
        os_state: OsState::Generalized,
        hyper_v_generation: generation.into(),
        architecture: architecture.into(),
        identifier: (identifier.publisher.clone(), identifier.offer.clone(), identifier.sku.clone()),
        features,
        purchase_plan: properties.purchase_plan.as_ref().map(|plan| azure::Plan {
            name: Some(plan.name.clone()),
            publisher: Some(plan.publisher.clone()),
            product: Some(plan.product.clone()),
        }),
    }
}

fn settings(settings: &Settings) -> azure::ImageDefinitionSettings {
    let ends = |(min, max): (Option<i32>, Option<i32>)| azure::AtLeastAtMost { min, max };
    azure::ImageDefinitionSettings {
        description: settings.description.clone(),
        end_of_life: settings.end_of_life,
        eula: settings.eula.clone(),
        privacy_statement_uri: settings.privacy_statement_uri.clone(),
        release_note_uri: settings.release_note_uri.clone(),
        recommended_vcpus: ends(settings.vcpus),
        recommended_memory: ends(settings.memory),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn properties() -> DefinitionProperties {
        let properties =
            json!({"osType": "Linux", "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "web"}});
        serde_json::from_value(properties).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let properties = DefinitionProperties { hibernation: Some(true), ..properties() };
        let body = azure::ImageDefinitionBody {
            location: "westeurope".parse().unwrap(),
            tags: std::collections::BTreeMap::default(),
            properties: serde_json::Map::new(),
            new: Some(new(&properties)),
            settings: azure::ImageDefinitionSettings::default(),
        };
        let read = definition(serde_json::from_value(serde_json::to_value(&body).unwrap()).unwrap());
        assert_eq!((read.os_type.as_str(), read.os_state.as_str()), ("Linux", "Generalized"));
        assert_eq!((read.generation.as_str(), read.architecture.as_str()), ("V2", "x64"));
        assert_eq!(read.security_type.as_deref(), Some("TrustedLaunch"));
        assert_eq!(read.disk_controllers.as_deref(), Some("SCSI, NVMe"));
        assert_eq!((read.hibernation.as_deref(), read.accelerated_networking), (Some("True"), None));
        assert_eq!((read.identifier.sku.as_str(), read.plan), ("web", None));
    }

    #[test]
    fn what_azure_leaves_out_is_absent() {
        let bare = json!({"location": "westeurope", "properties": {"osType": "Windows", "osState": "Specialized"}});
        let read = definition(serde_json::from_value(bare).unwrap());
        assert_eq!((read.generation.as_str(), read.identifier), ("V1", Identifier::default()));
        assert_eq!((read.security_type, read.disk_controllers, read.description), (None, None, None));
        assert_eq!((read.vcpus, read.memory), (Limits::default(), Limits::default()));
    }
}
