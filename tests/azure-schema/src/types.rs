//! The published descriptions, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One entry of a file of descriptions. Kinds that are not listed here make the file unreadable, so none is overlooked.
#[derive(Debug, Deserialize)]
#[serde(tag = "$type")]
pub(crate) enum Type {
    #[serde(rename = "ResourceType")]
    Resource { body: Reference },
    #[serde(rename = "ObjectType", rename_all = "camelCase")]
    Object { properties: BTreeMap<String, Property>, additional_properties: Option<Reference> },
    #[serde(rename = "ArrayType", rename_all = "camelCase")]
    Array { item_type: Reference, min_length: Option<usize>, max_length: Option<usize> },
    #[serde(rename = "UnionType")]
    Union { elements: Vec<Reference> },
    #[serde(rename = "StringLiteralType")]
    Literal { value: String },
    #[serde(rename = "StringType")]
    String {},
    #[serde(rename = "IntegerType", rename_all = "camelCase")]
    Integer { min_value: Option<i64>, max_value: Option<i64> },
    #[serde(rename = "BooleanType")]
    Boolean {},
    #[serde(rename = "AnyType")]
    Any {},
}

/// A property of an object.
#[derive(Debug, Deserialize)]
pub(crate) struct Property {
    #[serde(rename = "type")]
    pub(crate) kind: Reference,
    flags: u32,
}

impl Property {
    /// The address of the request says it, not the body.
    pub(crate) fn in_address(&self) -> bool {
        self.flags & 8 != 0
    }

    pub(crate) fn read_only(&self) -> bool {
        self.flags & 2 != 0
    }

    pub(crate) fn required(&self) -> bool {
        self.flags & 1 != 0 && !self.in_address()
    }
}

/// `#/N`: the N-th entry of the same file.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    #[serde(rename = "$ref")]
    target: String,
}

impl Reference {
    /// The entry meant.
    pub(crate) fn of<'a>(&self, types: &'a [Type]) -> Option<&'a Type> {
        types.get(self.target.strip_prefix("#/")?.parse::<usize>().ok()?)
    }
}
