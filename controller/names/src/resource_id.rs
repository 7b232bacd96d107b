//! The id of any resource in a resource group.

use std::fmt;

use crate::{
    form::ResourceIdError,
    id::Place,
    name::{Name, RESOURCE},
    resource_group::ResourceGroup,
    subscription_id::SubscriptionId,
    text::{parsed_text, quote},
};

/// What follows the resource group, up to the outermost resource.
const OUTERMOST: &str = "providers/{namespace}/{type}/{name}";
/// No resource type of Azure nests deeper than this by far; the bound keeps hostile input small.
const DEEPEST: usize = 16;

/// The id of any resource in a resource group, for references whose kind does not matter: a disk, a scale set.
///
/// Equality, order and hash ignore letter case, as Azure does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    group: ResourceGroup,
    namespace: Name,
    /// Type and name, from the outermost resource to the innermost; never empty.
    path: Vec<(Name, Name)>,
}

impl ResourceId {
    /// Reads `/subscriptions/…/resourceGroups/…/providers/NAMESPACE/TYPE/NAME[/TYPE/NAME…]`.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let form = ResourceGroup::form().followed_by(OUTERMOST);
        let (places, rest) = form.capture_start(text)?;
        let mut places = places.into_iter();
        let group = ResourceGroup::take(&mut places)?;
        let name = |given: Option<&str>| Name::parse(given.unwrap_or_default(), &RESOURCE);
        let namespace = name(places.next())?;
        let mut path = vec![(name(places.next())?, name(places.next())?)];
        let mut segments = rest.into_iter().flat_map(|rest| rest.split('/'));
        while let Some(kind) = segments.next() {
            let Some(inner) = segments.next() else {
                return Err(ResourceIdError::TooShort { missing: "{name}", form: form.to_string() });
            };
            if path.len() == DEEPEST {
                return Err(ResourceIdError::TooLong { surplus: quote(kind), form: form.to_string() });
            }
            path.push((name(Some(kind))?, name(Some(inner))?));
        }
        Ok(Self { group, namespace, path })
    }

    /// The subscription.
    pub fn subscription(&self) -> &SubscriptionId {
        self.group.subscription()
    }

    /// The resource group, in the letter case given.
    pub fn resource_group(&self) -> &str {
        self.group.name()
    }

    /// The name of the innermost resource, in the letter case given.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", |(_, name)| name.as_str())
    }

    /// Whether the full type is this one, for example `Microsoft.Compute/disks`, in any letter case.
    pub fn is_of_type(&self, resource_type: &str) -> bool {
        let own = std::iter::once(&self.namespace).chain(self.path.iter().map(|(kind, _)| kind));
        let mut given = resource_type.split('/');
        own.into_iter().all(|own| given.next().is_some_and(|given| own.as_str().eq_ignore_ascii_case(given)))
            && given.next().is_none()
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, namespace, path } = self;
        write!(formatter, "{group}/providers/{namespace}")?;
        path.iter().try_for_each(|(kind, name)| write!(formatter, "/{kind}/{name}"))
    }
}

parsed_text!(ResourceId, ResourceIdError);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DISK: &str = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/images/providers/Microsoft.Compute/disks/os-1";

    #[test]
    fn any_resource_is_read_and_shown_as_given() {
        let id = ResourceId::parse(DISK).unwrap();
        assert_eq!(id.to_string(), DISK);
        assert_eq!((id.resource_group(), id.name()), ("images", "os-1"));
        assert!(id.is_of_type("microsoft.compute/DISKS"));
        for other in ["Microsoft.Compute", "Microsoft.Compute/snapshots", "Microsoft.Compute/disks/parts"] {
            assert!(!id.is_of_type(other), "{other}");
        }
        let child = ResourceId::parse(&format!("{DISK}/parts/p1")).unwrap();
        assert!(child.is_of_type("Microsoft.Compute/disks/parts"));
        assert_eq!(child.name(), "p1");
    }

    #[test]
    fn what_is_not_a_resource_id_is_refused() {
        for text in [
            "",
            "/",
            "os-1",
            "https://management.azure.com/subscriptions/x",
            "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/images",
            "/subscriptions/x/resourceGroups/images/providers/Microsoft.Compute/disks/os-1",
            "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/images/providers/Microsoft.Compute/disks",
            "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/images/providers/Microsoft.Compute/disks/",
            "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/groups/images/providers/Microsoft.Compute/disks/os-1",
        ] {
            assert!(ResourceId::parse(text).is_err(), "{text:?}");
        }
        assert!(ResourceId::parse(&format!("{DISK}{}", "/a/b".repeat(1000))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_a_panic(text in "(/|subscriptions|resourceGroups|providers|[a-z.%]){0,30}") {
            let _ = ResourceId::parse(&text);
        }

        #[test]
        fn letter_case_does_not_matter(upper in any::<bool>()) {
            let id = ResourceId::parse(DISK).unwrap();
            let other = if upper { DISK.to_ascii_uppercase() } else { DISK.to_ascii_lowercase() };
            prop_assert_eq!(ResourceId::parse(&other).unwrap(), id);
        }
    }
}
