//! Resource groups, in which all resources lie whose ids are known here.

use std::fmt;

use crate::{
    form::{Form, ResourceIdError},
    id::Place,
    name::{Name, RESOURCE_GROUP},
    subscription_id::SubscriptionId,
};

/// A resource group of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceGroup {
    subscription: SubscriptionId,
    name: Name,
}

impl ResourceGroup {
    /// The group of this name in a subscription.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn new(subscription: SubscriptionId, name: &str) -> Result<Self, ResourceIdError> {
        Ok(Self { subscription, name: Name::parse(name, &RESOURCE_GROUP)? })
    }

    /// The subscription.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// Its name, in the letter case given.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}

impl Place for ResourceGroup {
    fn form() -> Form {
        Form::default().followed_by("subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}")
    }

    fn take<'a>(places: &mut impl Iterator<Item = &'a str>) -> Result<Self, ResourceIdError> {
        let subscription = SubscriptionId::parse(places.next().unwrap_or_default())?;
        Self::new(subscription, places.next().unwrap_or_default())
    }

    fn group(&self) -> &ResourceGroup {
        self
    }
}

impl fmt::Display for ResourceGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subscription, name } = self;
        write!(formatter, "/subscriptions/{subscription}/resourceGroups/{name}")
    }
}
