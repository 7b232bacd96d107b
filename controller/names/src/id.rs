//! Ids of resources of a known kind: one parser and one way to write them for all kinds.

use std::fmt;

use crate::{
    form::{Form, ResourceIdError, is_place},
    resource_group::ResourceGroup,
    subscription_id::SubscriptionId,
};

/// A kind of resource; see [`crate::kind`].
pub trait Kind {
    /// What it lies in: a resource group, or the id of another resource.
    type Parent: Place;
    /// What tells it from others of its kind there.
    type Name: fmt::Display;

    /// What follows the parent in its ids, the place of the name in braces: `images/{definition}`.
    const PATH: &'static str;

    /// Checks a name.
    fn name(text: &str) -> Result<Self::Name, ResourceIdError>;
}

/// What resources lie in.
pub trait Place: fmt::Display + Sized {
    /// The form of its ids.
    fn form() -> Form;

    /// Takes what stands at the places of the form, from the left.
    fn take<'a>(places: &mut impl Iterator<Item = &'a str>) -> Result<Self, ResourceIdError>;

    /// The resource group that it is, or lies in.
    fn group(&self) -> &ResourceGroup;
}

/// The id of a resource of kind `K`. Keeps the letter case it was given; equality, order and hash ignore it, as Azure
/// does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K: Kind> {
    parent: K::Parent,
    name: K::Name,
}

impl<K: Kind> Id<K> {
    pub(crate) fn of(parent: K::Parent, name: K::Name) -> Self {
        Self { parent, name }
    }

    /// Reads an id of this kind, which must have the form of its kind from the first slash to the end.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let places = Self::form().capture(text)?;
        Self::take(&mut places.into_iter())
    }

    /// What it lies in.
    pub fn parent(&self) -> &K::Parent {
        &self.parent
    }

    /// The subscription.
    pub fn subscription(&self) -> &SubscriptionId {
        self.group().subscription()
    }

    /// The resource group, in the letter case given.
    pub fn resource_group(&self) -> &str {
        self.group().name()
    }

    pub(crate) fn label(&self) -> &K::Name {
        &self.name
    }
}

impl<K: Kind> Place for Id<K> {
    fn form() -> Form {
        K::Parent::form().followed_by(K::PATH)
    }

    fn take<'a>(places: &mut impl Iterator<Item = &'a str>) -> Result<Self, ResourceIdError> {
        let parent = K::Parent::take(places)?;
        Ok(Self { parent, name: K::name(places.next().unwrap_or_default())? })
    }

    fn group(&self) -> &ResourceGroup {
        self.parent.group()
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.parent)?;
        K::PATH.split('/').try_for_each(|segment| {
            if is_place(segment) { write!(formatter, "/{}", self.name) } else { write!(formatter, "/{segment}") }
        })
    }
}

impl<K: Kind> std::str::FromStr for Id<K> {
    type Err = ResourceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
