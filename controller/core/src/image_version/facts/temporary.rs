//! What Azure says of a temporary resource, other than a machine.

use std::collections::BTreeMap;

use azimage_names::{DiskRestorePointId, Region};

use super::Provisioning;
use crate::temporary::{DiskPlace, RESTORE_POINT};

/// A temporary resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Temporary {
    /// Its region.
    pub location: Region,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// State of the last change to the resource.
    pub provisioning: Provisioning,
    /// What a network is closed by, where the resource tells.
    pub network: Network,
    /// The restore points in a collection.
    pub restore_points: Vec<RestorePoint>,
}

impl Temporary {
    /// Whether it is a collection that has a restore point which isn't made for a copy.
    pub fn holds_others(&self) -> bool {
        self.restore_points.iter().any(|point| !point.is_of_a_copy())
    }
}

/// A restore point of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePoint {
    /// Its name in its collection.
    pub name: String,
    /// State of its creation.
    pub provisioning: Provisioning,
    /// What it holds of each disk; none where Azure doesn't tell it of all.
    pub disks: BTreeMap<DiskPlace, DiskRestorePointId>,
}

impl RestorePoint {
    /// Whether it is the one that is made for a copy.
    pub fn is_of_a_copy(&self) -> bool {
        self.name.eq_ignore_ascii_case(RESTORE_POINT)
    }
}

/// What a resource does for the network of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing: it is a disk or a snapshot.
    #[default]
    None,
    /// It is a security group with these rules.
    Rules(Vec<SecurityRule>),
    /// It is an interface.
    Interface {
        /// The resource id of its security group.
        security_group: Option<String>,
        /// Whether it has a public address.
        is_public: bool,
    },
}

/// A rule of a network security group, as far as it says whether a network is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityRule {
    /// Its name.
    pub name: String,
    /// The lowest one that fits holds.
    pub priority: i32,
    /// Whether it is for what goes out.
    pub is_outbound: bool,
    /// Whether it lets through.
    pub allows: bool,
    /// Whether it is for every protocol, address and port.
    pub is_for_all: bool,
}

impl SecurityRule {
    /// The rules of a closed network: nothing in, nothing out. What the platform itself says to a machine goes through all the
    /// same (Azure documentation, "What is IP address 168.63.129.16?").
    pub fn closed() -> Vec<Self> {
        let deny = |name: &str, is_outbound| Self {
            name: name.to_owned(),
            priority: 100,
            is_outbound,
            allows: false,
            is_for_all: true,
        };
        vec![deny("deny-all-in", false), deny("deny-all-out", true)]
    }
}

impl Network {
    /// Whether these are rules that let nothing through, in or out.
    pub fn is_closed(&self) -> bool {
        let Self::Rules(rules) = self else { return false };
        [false, true].into_iter().all(|out| {
            let of = || rules.iter().filter(|rule| rule.is_outbound == out);
            let denied = of().filter(|rule| !rule.allows && rule.is_for_all).map(|rule| rule.priority).min();
            let allowed = of().filter(|rule| rule.allows).map(|rule| rule.priority).min();
            denied.is_some_and(|denied| allowed.is_none_or(|allowed| denied < allowed))
        })
    }

    /// Whether it is an interface that this security group alone is between the machine and the network.
    pub fn is_behind(&self, group: &str) -> bool {
        match self {
            Self::Interface { security_group: Some(is), is_public: false } => is.eq_ignore_ascii_case(group),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(priority: i32, is_outbound: bool, allows: bool, is_for_all: bool) -> SecurityRule {
        SecurityRule { name: format!("r{priority}"), priority, is_outbound, allows, is_for_all }
    }

    #[test]
    fn a_network_is_closed_if_a_denial_of_all_comes_before_whatever_allows() {
        let closed = SecurityRule::closed;
        let with = |rules: &[SecurityRule]| [closed(), rules.to_vec()].concat();
        for (rules, expected) in [
            (closed(), true),
            (with(&[rule(101, false, true, false), rule(4096, true, true, true)]), true),
            (with(&[rule(99, false, true, false)]), false),
            (with(&[rule(100, true, true, false)]), false),
            (vec![rule(100, false, false, true)], false),
            (vec![rule(100, true, false, true)], false),
            (vec![rule(100, false, false, false), rule(100, true, false, true)], false),
            (Vec::new(), false),
        ] {
            assert_eq!(Network::Rules(rules.clone()).is_closed(), expected, "{rules:?}");
        }
        assert!(!Network::None.is_closed());
    }

    #[test]
    fn an_interface_is_behind_its_group_if_it_has_no_address_of_its_own() {
        let interface =
            |group: Option<&str>, is_public| Network::Interface { security_group: group.map(str::to_owned), is_public };
        for (network, expected) in [
            (interface(Some("/A"), false), true),
            (interface(Some("/a"), true), false),
            (interface(Some("/b"), false), false),
            (interface(None, false), false),
            (Network::None, false),
        ] {
            assert_eq!(network.is_behind("/a"), expected, "{network:?}");
        }
    }
}
