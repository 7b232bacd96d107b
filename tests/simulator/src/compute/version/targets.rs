//! The publishing profile of a version: what is asked for, checked and normalised (behaviour section 11).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::encryption;
use crate::{
    arm::error::ArmError,
    clock::azure_time,
    regions,
    resources::version::{Publishing, ReplicaSet, Target},
};

const STORAGE: [&str; 4] = ["Standard_LRS", "Standard_ZRS", "Premium_LRS", "PremiumV2_LRS"];

impl Publishing {
    pub(crate) fn seeded(names: &[String], exclude_from_latest: bool) -> Self {
        let target = |name: &String| Target {
            name: name.clone(),
            replicas: 1,
            storage: "Standard_LRS".to_owned(),
            exclude_from_latest: None,
            encryption: Value::Null,
            additional: Vec::new(),
        };
        Self {
            targets: names.iter().map(target).collect(),
            extended: Value::Null,
            replicas: 1,
            storage: "Standard_LRS".to_owned(),
            exclude_from_latest,
            end_of_life: None,
            shallow: false,
            mode_given: false,
        }
    }

    /// Reads and checks `publishingProfile` for a version whose home is `location` (compact).
    pub(in crate::compute) fn read(profile: &Value, location: &str) -> Result<Self, ArmError> {
        let storage = storage(&profile["storageAccountType"])?.unwrap_or_else(|| "Standard_LRS".to_owned());
        let replicas = count(&profile["replicaCount"], "replicaCount")?.unwrap_or(1);
        let targets = match profile["targetRegions"].as_array() {
            Some(entries) if !entries.is_empty() => {
                entries.iter().map(|entry| target(entry, replicas, &storage)).collect::<Result<Vec<_>, _>>()?
            }
            // Without a list the home region is meant.
            _ => vec![target(&json!({"name": location}), replicas, &storage)?],
        };
        if !targets.iter().any(|target| target.name == location) {
            let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
            return Err(ArmError::parameter(
                "galleryImageVersion.properties.publishingProfile.targetRegions",
                format!(
                    "Gallery image version publishing profile regions '{}' must contain the location of image version \
                     '{location}'.",
                    names.join(", ")
                ),
            ));
        }
        for (index, target) in targets.iter().enumerate() {
            if targets[..index].iter().any(|other| other.name == target.name) {
                return Err(ArmError::parameter(
                    "galleryImageVersion.properties.publishingProfile.targetRegions",
                    "Duplicate regions are not allowed in target publishing regions.",
                ));
            }
        }
        let total: u64 = targets.iter().map(Target::all_replicas).sum();
        if total > 100 {
            return Err(out_of_range("targetRegions.regionalReplicaCount", total));
        }
        let mode = profile["replicationMode"].as_str();
        encryption::same_everywhere(&targets, mode.is_some_and(|mode| mode.eq_ignore_ascii_case("Shallow")))?;
        Ok(Self {
            targets,
            extended: profile["targetExtendedLocations"].clone(),
            replicas,
            storage,
            exclude_from_latest: profile["excludeFromLatest"].as_bool().unwrap_or_default(),
            end_of_life: instant(&profile["endOfLifeDate"])?,
            shallow: mode.is_some_and(|mode| mode.eq_ignore_ascii_case("Shallow")),
            mode_given: mode.is_some(),
        })
    }

    /// Replicas in `region` (compact).
    pub(in crate::compute) fn replicas_in(&self, region: &str) -> u64 {
        self.targets.iter().find(|target| target.name == region).map_or(self.replicas, Target::all_replicas)
    }

    /// Is a disk of some region encrypted with the disk encryption set of this key?
    pub(in crate::compute) fn uses_key(&self, key: &str) -> bool {
        self.targets.iter().any(|target| encryption::uses(target, key))
    }

    /// The profile as Azure shows it.
    pub(in crate::compute) fn view(&self, published: Timestamp) -> Value {
        let targets: Vec<Value> = self.targets.iter().map(Target::view).collect();
        let mut view = json!({
            "targetRegions": targets,
            "replicaCount": self.replicas,
            "excludeFromLatest": self.exclude_from_latest,
            "storageAccountType": self.storage,
            "publishedDate": azure_time(published),
        });
        if self.extended.is_array() {
            view["targetExtendedLocations"] = self.extended.clone();
        }
        if let Some(end) = self.end_of_life {
            let plain = end.subsec_nanosecond() == 0;
            let text = if plain { end.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string() } else { azure_time(end) };
            view["endOfLifeDate"] = json!(text);
        }
        if self.mode_given {
            view["replicationMode"] = json!(if self.shallow { "Shallow" } else { "Full" });
        }
        view
    }
}

impl Target {
    fn all_replicas(&self) -> u64 {
        self.replicas + self.additional.iter().map(|set| set.replicas).sum::<u64>()
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "name": regions::display(&self.name).unwrap_or(&self.name),
            "regionalReplicaCount": self.replicas,
            "storageAccountType": self.storage,
        });
        // Shown only where it was given.
        if let Some(excluded) = self.exclude_from_latest {
            view["excludeFromLatest"] = json!(excluded);
        }
        if !self.encryption.is_null() {
            view["encryption"] = self.encryption.clone();
        }
        if !self.additional.is_empty() {
            let sets = self.additional.iter();
            view["additionalReplicaSets"] = sets
                .map(|set| json!({"storageAccountType": set.storage, "regionalReplicaCount": set.replicas}))
                .collect();
        }
        view
    }
}

fn target(entry: &Value, replicas: u64, default_storage: &str) -> Result<Target, ArmError> {
    let given = entry["name"].as_str().unwrap_or_default();
    if regions::display(given).is_none() {
        return Err(ArmError::parameter(
            "galleryImageVersion.properties.publishingProfile.targetRegions",
            format!("The region '{given}' in target publishing regions is not available for this subscription."),
        ));
    }
    let storage = storage(&entry["storageAccountType"])?.unwrap_or_else(|| default_storage.to_owned());
    Ok(Target {
        name: regions::normal(given),
        replicas: count(&entry["regionalReplicaCount"], "regionalReplicaCount")?.unwrap_or(replicas),
        additional: additional(&entry["additionalReplicaSets"], &storage)?,
        storage,
        exclude_from_latest: entry["excludeFromLatest"].as_bool(),
        encryption: encryption::completed(&entry["encryption"]),
    })
}

/// More replicas, each set on storage that no other one of the region has.
fn additional(given: &Value, main: &str) -> Result<Vec<ReplicaSet>, ArmError> {
    let mut sets: Vec<ReplicaSet> = Vec::new();
    for set in given.as_array().into_iter().flatten() {
        let storage = storage(&set["storageAccountType"])?.unwrap_or_else(|| "Standard_LRS".to_owned());
        if storage == main || sets.iter().any(|other| other.storage == storage) {
            return Err(ArmError::parameter(
                "galleryImageVersion.properties.publishingProfile.targetRegions.additionalReplicaSets",
                format!("The storage account type '{storage}' is given for more than one set of replicas of a region."),
            ));
        }
        let replicas = count(&set["regionalReplicaCount"], "additionalReplicaSets.regionalReplicaCount")?.unwrap_or(1);
        sets.push(ReplicaSet { storage, replicas });
    }
    Ok(sets)
}

fn storage(given: &Value) -> Result<Option<String>, ArmError> {
    let Some(given) = given.as_str() else { return Ok(None) };
    match STORAGE.iter().find(|known| known.eq_ignore_ascii_case(given)) {
        Some(known) => Ok(Some((*known).to_owned())),
        None => Err(ArmError::parameter(
            "galleryImageVersion.properties.publishingProfile.storageAccountType",
            format!(
                "The storage account type '{given}' is not supported. Supported types are: {}.",
                STORAGE.join(", ")
            ),
        )),
    }
}

fn count(given: &Value, name: &str) -> Result<Option<u64>, ArmError> {
    if given.is_null() {
        return Ok(None);
    }
    match given.as_u64() {
        Some(count @ 1..=100) => Ok(Some(count)),
        Some(count) => Err(out_of_range(name, count)),
        None => Err(ArmError::parameter(name, format!("The value {given} of parameter {name} is not a number."))),
    }
}

fn out_of_range(name: &str, value: u64) -> ArmError {
    ArmError::parameter(
        name,
        format!(
            "The value {value} of parameter {name} is out of range. The value must be between 1 and 100, inclusive."
        ),
    )
}

fn instant(given: &Value) -> Result<Option<Timestamp>, ArmError> {
    let Some(given) = given.as_str() else { return Ok(None) };
    given.parse().map(Some).map_err(|_| {
        ArmError::parameter(
            "galleryImageVersion.properties.publishingProfile.endOfLifeDate",
            format!("The value '{given}' of parameter 'endOfLifeDate' is not a date and time."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_comes_back_normalised_with_defaults() {
        let asked = json!({"targetRegions": [{"name": "eastus2"}, {"name": "North Europe", "regionalReplicaCount": 2}],
                           "endOfLifeDate": "2027-11-01T00:00:59.000Z"});
        let view = Publishing::read(&asked, "eastus2").unwrap().view(Timestamp::UNIX_EPOCH);
        assert_eq!(view["targetRegions"][0]["name"], "East US 2");
        assert_eq!(view["targetRegions"][0]["regionalReplicaCount"], 1);
        assert_eq!(view["targetRegions"][1]["regionalReplicaCount"], 2);
        assert_eq!(view["targetRegions"][1]["storageAccountType"], "Standard_LRS");
        assert_eq!(view["endOfLifeDate"], "2027-11-01T00:00:59+00:00");
        assert!(view.get("replicationMode").is_none());
    }

    #[test]
    fn wrong_profiles_are_refused_in_azures_words() {
        let cases = [
            ("the home region is missing", json!({"targetRegions": [{"name": "westus"}]}), "must contain the location"),
            (
                "the same region twice in two spellings",
                json!({"targetRegions": [{"name": "eastus2"}, {"name": "West US"}, {"name": "westus"}]}),
                "Duplicate regions are not allowed",
            ),
            (
                "too many replicas",
                json!({"targetRegions": [{"name": "eastus2", "regionalReplicaCount": 101}]}),
                "out of range",
            ),
            (
                "a key in one region only",
                json!({"targetRegions": [{"name": "eastus2", "encryption": {"osDiskImage": {"diskEncryptionSetId": "x"}}}, {"name": "westus"}]}),
                "A disk encryption set is required",
            ),
            (
                "a key for a shallow version",
                json!({"replicationMode": "Shallow",
                    "targetRegions": [{"name": "eastus2", "encryption": {"osDiskImage": {"diskEncryptionSetId": "x"}}}]}),
                "Shallow",
            ),
            (
                "too many replicas together with more of them",
                json!({"targetRegions": [{"name": "eastus2", "regionalReplicaCount": 60,
                    "additionalReplicaSets": [{"storageAccountType": "Premium_LRS", "regionalReplicaCount": 41}]}]}),
                "out of range",
            ),
            (
                "more replicas on the same storage",
                json!({"targetRegions": [{"name": "eastus2", "additionalReplicaSets": [{"storageAccountType": "Standard_LRS"}]}]}),
                "more than one set of replicas",
            ),
            ("no replicas", json!({"replicaCount": 0}), "out of range"),
            ("an unknown region", json!({"targetRegions": [{"name": "eastus2"}, {"name": "atlantis"}]}), "atlantis"),
            ("an unknown storage type", json!({"storageAccountType": "Tape"}), "Tape"),
        ];
        for (name, profile, text) in cases {
            let error = Publishing::read(&profile, "eastus2").unwrap_err();
            assert_eq!(error.code, "InvalidParameter", "{name}");
            assert!(error.message.contains(text), "{name}: {}", error.message);
        }
    }
}
