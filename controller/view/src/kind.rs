//! The kinds, as people write them.

use strum::{Display, EnumIter, IntoEnumIterator};

/// A kind of azimage's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumIter)]
pub enum Kind {
    /// A version of an image.
    ImageVersion,
    /// A region that wants versions.
    ReplicationTarget,
    /// What versions are made of.
    ImageDefinition,
}

impl Kind {
    /// The kind by any of its names: kind, singular, plural, short name, with or without the group.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let name = text.strip_suffix(&format!(".{}", azimage_crds::GROUP)).unwrap_or(&text);
        Self::iter().find(|kind| [kind.singular(), kind.plural(), kind.short()].contains(&name))
    }

    /// `imageversion`.
    pub fn singular(self) -> &'static str {
        match self {
            Self::ImageVersion => "imageversion",
            Self::ReplicationTarget => "replicationtarget",
            Self::ImageDefinition => "imagedefinition",
        }
    }

    /// `imageversions`.
    pub fn plural(self) -> &'static str {
        match self {
            Self::ImageVersion => "imageversions",
            Self::ReplicationTarget => "replicationtargets",
            Self::ImageDefinition => "imagedefinitions",
        }
    }

    /// `azv`.
    pub fn short(self) -> &'static str {
        match self {
            Self::ImageVersion => "azv",
            Self::ReplicationTarget => "azrt",
            Self::ImageDefinition => "azid",
        }
    }

    /// Whether `spec.suspend` stops the work on it.
    pub fn can_be_suspended(self) -> bool {
        self != Self::ReplicationTarget
    }
}

#[cfg(test)]
mod tests {
    use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
    use kube::CustomResourceExt;

    use super::*;

    #[test]
    fn names_are_those_of_the_definitions() {
        for (kind, definition) in [
            (Kind::ImageVersion, ImageVersion::crd()),
            (Kind::ReplicationTarget, ReplicationTarget::crd()),
            (Kind::ImageDefinition, ImageDefinition::crd()),
        ] {
            let names = definition.spec.names;
            assert_eq!(names.kind, kind.to_string());
            assert_eq!(names.plural, kind.plural());
            assert_eq!(names.singular.as_deref(), Some(kind.singular()));
            assert_eq!(names.short_names, Some(vec![kind.short().to_owned()]));
            for text in [names.kind.as_str(), kind.plural(), kind.singular(), kind.short()] {
                assert_eq!(Kind::parse(text), Some(kind), "{text}");
                assert_eq!(Kind::parse(&format!("{text}.azimage.dev")), Some(kind), "{text}");
            }
        }
        assert_eq!(Kind::parse("pods"), None);
    }
}
