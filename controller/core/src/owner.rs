//! Who owns something in Azure: the value of the tag `azimage-owner`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use azimage_crds::OWNER_TAG;
use serde::{Deserialize, Serialize};

/// The owner of an Azure resource: an object in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// Identifies the cluster, so that two clusters never fight over a resource.
    pub cluster: String,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object's uid, which an object made anew under the same name doesn't share.
    pub uid: String,
}

/// A tag whose value isn't an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form <cluster id>/<namespace>/<name>/<uid>")]
pub struct NotAnOwner;

/// The longest value of an Azure tag, in characters.
pub(crate) const TAG_VALUE_LIMIT: usize = 256;

impl fmt::Display for Owner {
    /// The tag's value. A long name is cut: the uid at the end identifies the object alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.cluster.len() + self.namespace.len() + self.uid.len() + 3;
        let room = TAG_VALUE_LIMIT.saturating_sub(rest);
        let name: String = self.name.chars().take(room).collect();
        write!(formatter, "{}/{}/{name}/{}", self.cluster, self.namespace, self.uid)
    }
}

impl FromStr for Owner {
    type Err = NotAnOwner;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [cluster, namespace, name, uid] if parts.iter().all(|part| !part.is_empty()) => Ok(Self {
                cluster: (*cluster).to_owned(),
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
                uid: (*uid).to_owned(),
            }),
            _ => Err(NotAnOwner),
        }
    }
}

/// The value of a tag. Azure compares tag names without regard to case.
pub fn find_tag<'a>(tags: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The former owner of something that has none, as it is told when it is taken over.
pub(crate) const NOBODY: &str = "nobody";

impl Owner {
    /// The owner that the tags of a resource name, if they name one.
    pub fn of(tags: &BTreeMap<String, String>) -> Option<Self> {
        find_tag(tags, OWNER_TAG)?.parse().ok()
    }

    /// Whether it is an object of the same cluster that lives, as one of these in the same namespace, or may live, as one of another
    /// namespace.
    pub(crate) fn may_live(&self, beside: &Self, uids: &[String]) -> bool {
        self.cluster == beside.cluster && (self.namespace != beside.namespace || uids.contains(&self.uid))
    }

    /// Whether both are the same object. Names are left out: long ones are cut in the tag.
    pub fn is(&self, other: &Self) -> bool {
        self.cluster == other.cluster && self.namespace == other.namespace && self.uid == other.uid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(name: &str) -> Owner {
        Owner { cluster: "c1".into(), namespace: "images".into(), name: name.into(), uid: "u-1".into() }
    }

    #[test]
    fn an_owner_comes_back_from_its_tag_even_with_the_longest_name() {
        for name in ["web", &"n".repeat(253)] {
            let tag = owner(name).to_string();
            assert_eq!(
                tag.len(),
                TAG_VALUE_LIMIT.min("c1/images//u-1".len() + name.len()),
                "no more is cut than has to be"
            );
            assert!(tag.parse::<Owner>().unwrap().is(&owner(name)));
        }
    }

    #[test]
    fn what_is_not_an_owner_is_refused() {
        for text in ["", "a", "a/b/c", "a/b/c/", "a/b/c/d/e"] {
            assert_eq!(text.parse::<Owner>(), Err(NotAnOwner), "{text}");
        }
    }

    #[test]
    fn another_cluster_namespace_or_uid_is_another_owner() {
        let mine = owner("web");
        assert!(!mine.is(&Owner { cluster: "c2".into(), ..mine.clone() }));
        assert!(!mine.is(&Owner { namespace: "other".into(), ..mine.clone() }));
        assert!(!mine.is(&Owner { uid: "u-2".into(), ..mine.clone() }));
    }
}
