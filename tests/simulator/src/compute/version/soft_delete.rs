//! Versions that were deleted in a gallery with a soft-delete policy (behaviour section 13).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        error::ArmError,
        refusals::{not_supported, parent_not_found},
    },
    clock::{azure_time, later},
    resources::{
        Resources,
        event::Event,
        operation::{OperationType, Work},
        version::{ImageVersion, SoftDeleted},
    },
};

/// Days that a deleted version is kept where the policy says nothing.
const RETENTION_DAYS: f64 = 7.0;
const DAY_SECONDS: f64 = 86_400.0;

impl Resources {
    /// Keeps a version that is being deleted, where its gallery says so: for its retention and the grace after it.
    pub(crate) fn keep_soft_deleted(&mut self, key: &str, version: ImageVersion) {
        let gallery = Address::parse(key).and_then(|address| self.galleries.get(&address.parent().parent().key()));
        let Some(policy) = gallery.map(|gallery| &gallery.properties["softDeletePolicy"]) else { return };
        if policy["isSoftDeleteEnabled"] != true {
            return;
        }
        let retention = policy["retentionPeriodInDays"].as_f64().unwrap_or(RETENTION_DAYS);
        let days = retention + policy["gracePeriodInDays"].as_f64().unwrap_or(0.0);
        let until = later(self.now, days * DAY_SECONDS);
        self.soft_deleted.insert(key.to_owned(), SoftDeleted { version, at: self.now, until });
    }

    /// Forgets what was kept long enough.
    fn purge_soft_deleted(&mut self) {
        let now = self.now;
        self.soft_deleted.retain(|_, kept| now < kept.until);
    }

    /// A PUT that restores a version; `None` where it is an ordinary one.
    pub(crate) fn version_restore(&mut self, call: &Call<'_>) -> Option<Answer> {
        self.purge_soft_deleted();
        let key = call.address.key();
        let restore = call.body["properties"]["restore"] == true;
        if self.versions.contains_key(&key) {
            return None;
        }
        let Some(kept) = self.soft_deleted.get(&key) else {
            return restore.then(|| {
                Err(ArmError::parameter(
                    "galleryImageVersion.properties.restore",
                    format!("There is no soft-deleted gallery image version '{}'.", call.address.id()),
                ))
            });
        };
        if !restore {
            return Some(Err(ArmError::conflict(
                "Conflict",
                format!(
                    "The gallery image version '{}' is soft-deleted. Restore it, or wait until it is gone for good, before the name \
                     is used again.",
                    call.address.id()
                ),
            )));
        }
        let mut version = kept.version.clone();
        self.soft_deleted.remove(&key);
        let work = Work::VersionWritten { version: key.clone() };
        let operation = self.begin(OperationType::Caps, &version.subscription, &version.location, work, None);
        let seconds = self.durations.update_version;
        version.operation = operation;
        version.provisioning_state = "Updating";
        version.writing_until = later(self.now, seconds);
        self.plan(seconds, Event::VersionMoves(key.clone()));
        let view = version.view(self.now, false);
        self.deleted.remove(&key);
        self.versions.insert(key, version);
        Some(Ok(Reply::written(false, view, operation)))
    }

    /// `GET {gallery}/softDeletedArtifactTypes/Images/artifacts/{definition}/versions`.
    pub(crate) fn soft_deleted_list(&mut self, call: &Call<'_>) -> Answer {
        self.purge_soft_deleted();
        let [gallery, artifacts, definition] = call.address.names.as_slice() else { return Err(not_supported(call)) };
        if call.method != Method::GET || !artifacts.eq_ignore_ascii_case("Images") {
            return Err(not_supported(call));
        }
        let address =
            Address { types: vec!["galleries".to_owned()], names: vec![gallery.clone()], ..call.address.clone() };
        if !self.galleries.contains_key(&address.key()) {
            return Err(parent_not_found(&address));
        }
        let prefix = format!("{}/images/{definition}/versions/", address.key()).to_lowercase();
        let views: Vec<Value> = self
            .soft_deleted
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(_, kept)| {
                json!({
                    "id": format!("{}/{}", call.address.id(), kept.version.name),
                    "name": kept.version.name,
                    "type": "Microsoft.Compute/galleries/softDeletedArtifactTypes/artifacts/versions",
                    "location": kept.version.location,
                    "properties": {
                        "resourceArmId": kept.version.id,
                        "softDeletedArtifactType": "Images",
                        "softDeletedTime": azure_time(kept.at),
                    },
                })
            })
            .collect();
        Ok(Reply::new(StatusCode::OK, json!({"value": views})))
    }

    /// Refuses one more of `kind` in a region of a subscription than Azure allows (behaviour section 10).
    pub(crate) fn gallery_quota(
        &self,
        kind: &str,
        most: usize,
        subscription: &str,
        location: &str,
    ) -> Result<(), ArmError> {
        let prefix = format!("/subscriptions/{subscription}/").to_lowercase();
        let there = |(key, at): &(&String, &String)| key.starts_with(&prefix) && at.as_str() == location;
        let count = match kind {
            "galleries" => self.galleries.iter().map(|(key, gallery)| (key, &gallery.location)).filter(there).count(),
            "gallery images" => {
                self.definitions.iter().map(|(key, image)| (key, &image.location)).filter(there).count()
            }
            _ => self.versions.iter().map(|(key, version)| (key, &version.location)).filter(there).count(),
        };
        if count < most {
            return Ok(());
        }
        Err(ArmError::not_allowed(format!(
            "Operation could not be completed as it results in exceeding the quota of {most} {kind} in region '{location}'. Current \
             usage: {count}."
        )))
    }
}
