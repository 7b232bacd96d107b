//! `[KIND/]NAME`.

use std::str::FromStr;

use azimage_view::{Kind, Object};

use super::{access::Access, objects};

/// An object as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its kind, if it is said.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: String,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, name) = match text.split_once('/') {
            None => (None, text),
            Some((kind, name)) => {
                let known = "imageversion (azv), replicationtarget (azrt) or imagedefinition (azid)";
                let kind = Kind::parse(kind).ok_or_else(|| format!("'{kind}' is no kind of azimage: {known}"))?;
                (Some(kind), name)
            }
        };
        if name.is_empty() || name.contains('/') {
            return Err("not an object: it has the form NAME or KIND/NAME".to_owned());
        }
        Ok(Self { kind, name: name.to_owned() })
    }
}

impl Address {
    /// Reads the object. Without a kind it is looked for among all that the user may read.
    ///
    /// # Errors
    /// There is none of that name, or there are several.
    pub(super) async fn read(&self, access: &Access) -> anyhow::Result<Object> {
        if let Some(kind) = self.kind {
            let found = objects::get(access, kind, &self.name).await?;
            return found.ok_or_else(|| {
                anyhow::anyhow!("there is no {} {} in the namespace {}", kind, self.name, access.namespace)
            });
        }
        let mut found = Vec::new();
        let mut refused = Vec::new();
        for kind in objects::KINDS {
            match objects::get(access, kind, &self.name).await {
                Ok(object) => found.extend(object),
                Err(error) if objects::is_forbidden(&error) => refused.push(kind),
                Err(error) => return Err(error),
            }
        }
        if refused.len() == objects::KINDS.len() {
            anyhow::bail!(
                "you may get no objects of azimage in the namespace {}: the right get is missing",
                access.namespace
            );
        }
        if found.len() > 1 {
            let all: Vec<String> = found.iter().map(Object::address).collect();
            anyhow::bail!("{} may be {}: say which", self.name, all.join(" or "));
        }
        found.pop().ok_or_else(|| {
            let unread: Vec<String> =
                refused.iter().map(|kind| format!("; you may not get {}", kind.plural())).collect();
            anyhow::anyhow!(
                "there is nothing of the name {} in the namespace {}{}",
                self.name,
                access.namespace,
                unread.concat()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_may_stand_before_the_name_by_any_of_its_names() {
        for (text, kind) in [
            ("web", Ok(None)),
            ("imageversion/web", Ok(Some(Kind::ImageVersion))),
            ("azrt/web", Ok(Some(Kind::ReplicationTarget))),
            ("ImageDefinitions.azimage.dev/web", Ok(Some(Kind::ImageDefinition))),
            ("pod/web", Err(())),
            ("azv/", Err(())),
            ("azv/web/x", Err(())),
            ("", Err(())),
        ] {
            let parsed = text.parse::<Address>();
            assert_eq!(parsed.as_ref().map(|address| address.kind).map_err(|_| ()), kind, "{text}");
            assert!(parsed.is_err() || parsed.is_ok_and(|address| address.name == "web"), "{text}");
        }
    }
}
