//! The four supported queries. All others are refused, as an empty answer would mean that nothing uses the version.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::invalid;
use crate::{
    arm::error::ArmError,
    resources::image_users::{Kind, Row},
};

/// Machines and scale sets that were made from a version, by its own id or by its definition's.
const USERS: &str = "resources \
    | where type in~ ('microsoft.compute/virtualmachines','microsoft.compute/virtualmachinescalesets') \
    | extend ref = iff(type =~ 'microsoft.compute/virtualmachines', properties.storageProfile.imageReference, \
      properties.virtualMachineProfile.storageProfile.imageReference) \
    | extend imageId = tolower(tostring(ref.id)), exact = tostring(ref.exactVersion) \
    | where imageId startswith tolower('{}') \
    | where imageId == tolower('{}') or (imageId == tolower('{}') and exact == '{}') \
    | project id, type, location, subscriptionId, imageId, exact";

/// Disks that were made from a version.
const DISKS: &str = "resources \
    | where type =~ 'microsoft.compute/disks' \
    | extend imageId = tolower(tostring(properties.creationData.galleryImageReference.id)) \
    | where imageId == tolower('{}') \
    | project id, type, location, subscriptionId, imageId";

/// Scale sets that name a version by its own id.
const SCALE_SETS: &str = "resources \
    | where type =~ 'microsoft.compute/virtualmachinescalesets' \
    | extend imageId = tolower(tostring(properties.virtualMachineProfile.storageProfile.imageReference.id)) \
    | where imageId == tolower('{}') \
    | project id, type, location, subscriptionId, imageId";

/// How many machines and scale sets use a definition, by what they name.
const COUNTED: &str = "resources \
    | where type in~ ('microsoft.compute/virtualmachines','microsoft.compute/virtualmachinescalesets') \
    | extend ref = iff(type =~ 'microsoft.compute/virtualmachines', properties.storageProfile.imageReference, \
      properties.virtualMachineProfile.storageProfile.imageReference) \
    | extend imageId = tolower(tostring(ref.id)), exact = tostring(ref.exactVersion) \
    | where imageId == tolower('{}') or imageId startswith tolower('{}') \
    | summarize users = count() by type, location, imageId, exact \
    | order by imageId asc, exact asc, type asc, location asc";

/// A query, with all ids in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Question {
    Users { prefix: String, version: String, definition: String, exact: String },
    Disks { version: String },
    ScaleSets { version: String },
    Counted { definition: String, prefix: String },
}

/// The values of the placeholders `{}` of a template, if the text is otherwise the same.
fn placeholder_values(template: &str, text: &str) -> Option<Vec<String>> {
    let mut parts = template.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    for part in parts {
        // A placeholder stands between quotes.
        let end = rest.find('\'')?;
        found.push(rest[..end].to_owned());
        rest = rest[end..].strip_prefix(part)?;
    }
    rest.is_empty().then_some(found)
}

/// One space wherever there is space, and none where Kusto needs none.
fn normal(query: &str) -> String {
    let text = query.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace(", ", ",").replace("( ", "(").replace(" )", ")")
}

impl Question {
    pub(super) fn read(query: &str) -> Result<Self, ArmError> {
        let query = normal(query);
        if let Some(found) = placeholder_values(&normal(USERS), &query)
            && let [prefix, version, definition, exact] = found.as_slice()
        {
            return Ok(Self::Users {
                prefix: prefix.to_lowercase(),
                version: version.to_lowercase(),
                definition: definition.to_lowercase(),
                exact: exact.clone(),
            });
        }
        if let Some(found) = placeholder_values(&normal(DISKS), &query)
            && let [version] = found.as_slice()
        {
            return Ok(Self::Disks { version: version.to_lowercase() });
        }
        if let Some(found) = placeholder_values(&normal(SCALE_SETS), &query)
            && let [version] = found.as_slice()
        {
            return Ok(Self::ScaleSets { version: version.to_lowercase() });
        }
        if let Some(found) = placeholder_values(&normal(COUNTED), &query)
            && let [definition, prefix] = found.as_slice()
        {
            return Ok(Self::Counted { definition: definition.to_lowercase(), prefix: prefix.to_lowercase() });
        }
        Err(invalid(
            "The simulator understands four queries only: the machines and scale sets, the scale sets, and the disks, that were made \
             from an image version, and how many machines and scale sets use a definition, in the words of docs/simulator.md.",
        ))
    }

    pub(super) fn asks_for(&self, row: &Row) -> bool {
        match self {
            Self::Users { prefix, version, definition, exact } => {
                row.kind != Kind::Disk
                    && row.image.starts_with(prefix)
                    && (row.image == *version || (row.image == *definition && row.exact == *exact))
            }
            Self::Disks { version } => row.kind == Kind::Disk && row.image == *version,
            Self::ScaleSets { version } => row.kind == Kind::ScaleSet && row.image == *version,
            Self::Counted { definition, prefix } => {
                row.kind != Kind::Disk && (row.image == *definition || row.image.starts_with(prefix))
            }
        }
    }

    /// The table that the question asks for.
    pub(super) fn table<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Vec<Value> {
        if !matches!(self, Self::Counted { .. }) {
            return rows.map(|row| self.project(row)).collect();
        }
        let mut counts: BTreeMap<[&str; 4], u64> = BTreeMap::new();
        for row in rows {
            *counts.entry([&row.image, &row.exact, row.kind.name(), &row.location]).or_default() += 1;
        }
        let view = |([image, exact, kind, location], users): ([&str; 4], u64)| json!({"type": kind, "location": location, "imageId": image, "exact": exact, "users": users});
        counts.into_iter().map(view).collect()
    }

    fn project(&self, row: &Row) -> Value {
        let mut view = json!({
            "id": row.id, "type": row.kind.name(), "location": row.location, "subscriptionId": row.subscription,
            "imageId": row.image,
        });
        if matches!(self, Self::Users { .. }) {
            view["exact"] = json!(row.exact);
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_known_by_its_words_whatever_the_space_between_them() {
        let query = USERS.replacen("{}", "/G/images/D", 1).replacen("{}", "/G/images/D/versions/1.0.0", 1);
        let query = query.replacen("{}", "/G/images/D", 1).replacen("{}", "1.0.0", 1).replace(" | ", "\n| ");
        let expected = Question::Users {
            prefix: "/g/images/d".to_owned(),
            version: "/g/images/d/versions/1.0.0".to_owned(),
            definition: "/g/images/d".to_owned(),
            exact: "1.0.0".to_owned(),
        };
        assert_eq!(Question::read(&query).unwrap(), expected);
    }

    #[test]
    fn anything_else_is_refused_and_never_answered_with_nothing() {
        let disks = DISKS.replace("{}", "/v");
        assert!(Question::read(&disks).is_ok() && Question::read(&SCALE_SETS.replace("{}", "/v")).is_ok());
        for query in [
            "",
            "resources",
            &format!("{disks} | take 1"),
            &disks.replace("==", "!="),
            &disks.replace("disks", "Disks"),
        ] {
            let error = Question::read(query).unwrap_err();
            assert_eq!(error.code, "BadRequest", "{query}");
        }
    }
}
