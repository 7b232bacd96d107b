//! What may keep the caller from a write: its rights, and locks.

/// What the caller may do on a resource: all that one of these gives.
pub type Permissions = Vec<Permission>;

/// What one role gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Actions, in which `*` stands for any text.
    pub actions: Vec<String>,
    /// Actions that it leaves out.
    pub not_actions: Vec<String>,
}

impl Permission {
    /// Whether it gives this action.
    pub fn allows(&self, action: &str) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, action));
        named(&self.actions) && !named(&self.not_actions)
    }
}

/// Whether a pattern names an action, in any letter case.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A management lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: String,
    /// Resource id of what it locks, with all below.
    pub scope: String,
    /// Whether it forbids every write, not deletions alone.
    pub read_only: bool,
}

impl Lock {
    /// Whether it forbids writes of a resource.
    pub fn forbids_writes_of(&self, resource: &str) -> bool {
        self.read_only && self.covers(resource)
    }

    /// Whether it holds for a resource: each lock forbids to delete what it covers.
    pub fn covers(&self, resource: &str) -> bool {
        let (scope, resource) = (self.scope.trim_end_matches('/').to_ascii_lowercase(), resource.to_ascii_lowercase());
        let below = resource.strip_prefix(&scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && !scope.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(actions: &[&str], not_actions: &[&str]) -> Permission {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Permission { actions: owned(actions), not_actions: owned(not_actions) }
    }

    #[test]
    fn a_star_stands_for_any_text_and_what_is_left_out_is_not_given() {
        const WRITE: &str = "Microsoft.Compute/galleries/images/versions/write";
        for (actions, not_actions, expected) in [
            (&["*"][..], &[][..], true),
            (&["*"], &["Microsoft.Compute/galleries/share/action"], true),
            (&["*"], &["*/write"], false),
            (&["microsoft.compute/GALLERIES/*"], &[], true),
            (&["Microsoft.Compute/*/write"], &[], true),
            (&["Microsoft.Compute/*/images/*/write"], &[], true),
            (&["Microsoft.Compute/*/read"], &[], false),
            (&["Microsoft.Compute/galleries/*/versions"], &[], false),
            (&[WRITE], &[], true),
            (&[WRITE], &[WRITE], false),
            (&["Microsoft.Compute/galleries/images/versions/writ"], &[], false),
            (&["Microsoft.Compute/galleries/images/versions/write*write"], &[], false),
            (&[], &[], false),
        ] {
            assert_eq!(permission(actions, not_actions).allows(WRITE), expected, "{actions:?} {not_actions:?}");
        }
    }

    #[test]
    fn a_lock_forbids_writes_where_it_is_and_below() {
        let lock = |scope: &str, read_only| Lock { name: "keep".into(), scope: scope.into(), read_only };
        let gallery = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/g";
        for (scope, read_only, expected) in [
            ("/subscriptions/S", true, true),
            ("/subscriptions/s/resourcegroups/RG/", true, true),
            (gallery, true, true),
            (gallery, false, false),
            ("/subscriptions/s/resourceGroups/r", true, false),
            (&format!("{gallery}/images/web/versions/1.0.0"), true, false),
            ("", true, false),
        ] {
            assert_eq!(lock(scope, read_only).forbids_writes_of(gallery), expected, "{scope}");
        }
    }
}
