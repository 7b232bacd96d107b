//! An object of any kind.

use azimage_crds::{ConditionType, ImageDefinition, ImageVersion, ReplicationTarget};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use kube::{Resource, ResourceExt};
use serde_json::Value;

use crate::{kind::Kind, standing::find};

/// An object of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A version of an image.
    Version(Box<ImageVersion>),
    /// A region that wants versions.
    Target(Box<ReplicationTarget>),
    /// What versions are made of.
    Definition(Box<ImageDefinition>),
}

impl From<ImageVersion> for Object {
    fn from(object: ImageVersion) -> Self {
        Self::Version(Box::new(object))
    }
}

impl From<ReplicationTarget> for Object {
    fn from(object: ReplicationTarget) -> Self {
        Self::Target(Box::new(object))
    }
}

impl From<ImageDefinition> for Object {
    fn from(object: ImageDefinition) -> Self {
        Self::Definition(Box::new(object))
    }
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Version(_) => Kind::ImageVersion,
            Self::Target(_) => Kind::ReplicationTarget,
            Self::Definition(_) => Kind::ImageDefinition,
        }
    }

    /// Its metadata.
    pub fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Version(object) => object.meta(),
            Self::Target(object) => object.meta(),
            Self::Definition(object) => object.meta(),
        }
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Version(object) => object.name_any(),
            Self::Target(object) => object.name_any(),
            Self::Definition(object) => object.name_any(),
        }
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.meta().namespace.as_deref().unwrap_or_default()
    }

    /// As it is named on a command line: `imageversion/web`.
    pub fn address(&self) -> String {
        format!("{}/{}", self.kind().singular(), self.name())
    }

    /// Its conditions.
    pub fn conditions(&self) -> &[Condition] {
        let conditions = match self {
            Self::Version(object) => object.status.as_ref().map(|status| &status.conditions),
            Self::Target(object) => object.status.as_ref().map(|status| &status.conditions),
            Self::Definition(object) => object.status.as_ref().map(|status| &status.conditions),
        };
        conditions.map(Vec::as_slice).unwrap_or_default()
    }

    /// One of its conditions.
    pub fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        find(self.conditions(), kind)
    }

    /// The generation that its status describes.
    pub fn observed_generation(&self) -> Option<i64> {
        match self {
            Self::Version(object) => object.status.as_ref().and_then(|status| status.observed_generation),
            Self::Target(object) => object.status.as_ref().and_then(|status| status.observed_generation),
            Self::Definition(object) => object.status.as_ref().and_then(|status| status.observed_generation),
        }
    }

    /// The request to look at it that was last acted upon.
    pub fn handled(&self) -> Option<&str> {
        let handled = match self {
            Self::Version(object) => object.status.as_ref().map(|status| &status.last_handled_reconcile_at),
            Self::Target(object) => object.status.as_ref().map(|status| &status.last_handled_reconcile_at),
            Self::Definition(object) => object.status.as_ref().map(|status| &status.last_handled_reconcile_at),
        };
        handled.and_then(Option::as_deref)
    }

    /// Whether the object says that nothing is to be done for it.
    pub fn is_suspended(&self) -> bool {
        match self {
            Self::Version(object) => object.spec.suspend,
            Self::Target(_) => false,
            Self::Definition(object) => object.spec.suspend,
        }
    }

    /// How far it is, in short.
    pub fn progress(&self) -> Option<&str> {
        match self {
            Self::Version(object) => object.status.as_ref().and_then(|status| status.progress.as_deref()),
            Self::Target(object) => object.status.as_ref().and_then(|status| status.progress.as_deref()),
            Self::Definition(object) => {
                let latest = object.status.as_ref().and_then(|status| status.latest.as_ref());
                latest.map(|latest| latest.version.as_str())
            }
        }
    }

    /// As the API server has it.
    ///
    /// # Errors
    /// When it can't be written as JSON, which would be a mistake in its type.
    pub fn document(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Version(object) => serde_json::to_value(object),
            Self::Target(object) => serde_json::to_value(object),
            Self::Definition(object) => serde_json::to_value(object),
        }
    }
}
