//! Addresses of resources: what a request's path names.

use percent_encoding::percent_decode_str;

/// A parsed path below `/subscriptions/{id}` (behaviour section 1): case is kept, comparison ignores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) subscription: String,
    pub(crate) group: Option<String>,
    pub(crate) namespace: Option<String>,
    /// Types in order, as written.
    pub(crate) types: Vec<String>,
    /// Names in order; one fewer than types where the path ends in a collection or an action.
    pub(crate) names: Vec<String>,
    /// The path ends in `/providers/Microsoft.Resources/tags/default`.
    pub(crate) tags: bool,
    /// What the path asks for of `Microsoft.Authorization`; all else then names the scope.
    pub(crate) authorization: Option<Extension>,
}

/// `…/providers/Microsoft.Authorization/{kind}[/{name}]` behind a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extension {
    /// `roleAssignments`, `roleDefinitions`, `locks`, `permissions`, or what else was written.
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
}

impl Extension {
    fn read(kind: &str, name: Option<&String>) -> Self {
        let known = ["roleAssignments", "roleDefinitions", "locks", "permissions"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(kind));
        Self { kind: known.unwrap_or(kind).to_owned(), name: name.cloned() }
    }
}

impl Address {
    /// Parses a path; `None` where it is not of that form.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let decoded: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let mut segments = decoded.into_iter().peekable();
        if !segments.next()?.eq_ignore_ascii_case("subscriptions") {
            return None;
        }
        let mut address = Self {
            subscription: segments.next().filter(|id| !id.is_empty())?,
            group: None,
            namespace: None,
            types: Vec::new(),
            names: Vec::new(),
            tags: false,
            authorization: None,
        };
        if segments.next_if(|segment| segment.eq_ignore_ascii_case("resourcegroups")).is_some() {
            match segments.next() {
                Some(group) => address.group = Some(group),
                None => address.types.push("resourceGroups".to_owned()),
            }
        } else if segments.next_if(|segment| segment.eq_ignore_ascii_case("locations")).is_some() {
            address.types.push("locations".to_owned());
        }
        if segments.peek().is_some_and(|segment| segment.eq_ignore_ascii_case("resources")) && address.types.is_empty()
        {
            address.types.extend(segments.next());
            return segments.next().is_none().then_some(address);
        }
        let mut rest: Vec<String> = segments.collect();
        if let [.., providers, namespace, kind, default] = rest.as_slice()
            && providers.eq_ignore_ascii_case("providers")
            && namespace.eq_ignore_ascii_case("Microsoft.Resources")
            && kind.eq_ignore_ascii_case("tags")
            && default.eq_ignore_ascii_case("default")
        {
            address.tags = true;
            rest.truncate(rest.len() - 4);
        }
        let extension = rest.windows(2).rposition(|pair| {
            pair[0].eq_ignore_ascii_case("providers") && pair[1].eq_ignore_ascii_case("Microsoft.Authorization")
        });
        if let Some(at) = extension {
            match &rest[at + 2..] {
                [kind] => address.authorization = Some(Extension::read(kind, None)),
                [kind, name] => address.authorization = Some(Extension::read(kind, Some(name))),
                _ => return None,
            }
            rest.truncate(at);
        }
        let mut rest = rest.into_iter();
        match rest.next() {
            None => {}
            Some(providers) if providers.eq_ignore_ascii_case("providers") => {
                address.namespace = Some(rest.next()?);
                while let Some(kind) = rest.next() {
                    address.types.push(kind);
                    address.names.extend(rest.next());
                }
            }
            Some(_) => return None,
        }
        Some(address)
    }

    /// Types in lower case with slashes; empty for subscriptions and groups.
    pub(crate) fn kind(&self) -> String {
        self.types.join("/").to_lowercase()
    }

    /// The path asks another provider about what it names.
    pub(crate) fn is_extension(&self) -> bool {
        self.tags || self.authorization.is_some()
    }

    /// The path names a provider itself, or an action on it: `/subscriptions/{id}/providers/{namespace}[/register]`.
    pub(crate) fn is_provider(&self) -> bool {
        self.group.is_none()
            && self.namespace.is_some()
            && self.names.is_empty()
            && match self.types.as_slice() {
                [] => true,
                [action] => action.eq_ignore_ascii_case("register") || action.eq_ignore_ascii_case("unregister"),
                _ => false,
            }
    }

    /// The path names a collection or an action, not one resource.
    pub(crate) fn is_collection(&self) -> bool {
        self.types.len() > self.names.len()
    }

    /// The full id, in the case of the request.
    pub(crate) fn id(&self) -> String {
        let mut id = format!("/subscriptions/{}", self.subscription);
        if let Some(group) = &self.group {
            id.push_str("/resourceGroups/");
            id.push_str(group);
        }
        if let Some(namespace) = &self.namespace {
            id.push_str("/providers/");
            id.push_str(namespace);
        }
        for (index, kind) in self.types.iter().enumerate() {
            id.push('/');
            id.push_str(kind);
            if let Some(name) = self.names.get(index) {
                id.push('/');
                id.push_str(name);
            }
        }
        id
    }

    /// The id in lower case, by which resources are kept.
    pub(crate) fn key(&self) -> String {
        self.id().to_lowercase()
    }

    /// The resource that this collection, action or child belongs to.
    pub(crate) fn parent(&self) -> Self {
        let mut parent = self.clone();
        if parent.is_collection() {
            parent.types.pop();
        } else {
            parent.types.pop();
            parent.names.pop();
        }
        parent
    }

    pub(crate) fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    pub(crate) fn group_key(&self) -> String {
        format!("/subscriptions/{}/resourcegroups/{}", self.subscription, self.group.as_deref().unwrap_or_default())
            .to_lowercase()
    }
}

/// The last segment of a resource id.
pub(crate) fn last_name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_parsed_into_types_and_names_and_compared_without_case() {
        let lower = Address::parse(
            "/subscriptions/S/resourcegroups/RG/providers/microsoft.compute/GALLERIES/g/images/d/versions/1.0.0",
        )
        .unwrap();
        let upper = Address::parse(
            "/Subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/G/images/D/versions/1.0.0",
        )
        .unwrap();
        assert_eq!(lower.key(), upper.key());
        assert_eq!(lower.kind(), "galleries/images/versions");
        assert_eq!(lower.name(), "1.0.0");
        assert_eq!(lower.parent().kind(), "galleries/images");
        assert!(lower.parent().id().ends_with("/images/d"));
    }

    #[test]
    fn collections_actions_and_tags_are_told_apart() {
        let action = Address::parse(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm/deallocate",
        )
        .unwrap();
        assert!(action.is_collection());
        assert_eq!(action.kind(), "virtualmachines/deallocate");
        let tags = Address::parse(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm/providers/Microsoft.Resources/tags/default",
        )
        .unwrap();
        assert!(tags.tags);
        assert_eq!(tags.kind(), "virtualmachines");
        let list = Address::parse("/subscriptions/s/resourceGroups/rg/resources").unwrap();
        assert!(list.is_collection() && list.kind() == "resources");
        assert_eq!(list.parent().id(), "/subscriptions/s/resourceGroups/rg");
        assert_eq!(Address::parse("/subscriptions/s/resources/x"), None);
        assert_eq!(Address::parse("/tenants"), None);
        let assignment = Address::parse(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/providers/microsoft.authorization/roleassignments/x",
        )
        .unwrap();
        assert_eq!(assignment.kind(), "galleries");
        assert_eq!(
            assignment.authorization,
            Some(Extension { kind: "roleAssignments".to_owned(), name: Some("x".to_owned()) })
        );
    }
}
