//! Why newer machine sizes can't use an image definition.

use azimage_names::values::{HyperVGeneration, ImageSecurityType};

use super::{
    Definition, differ,
    words::{Hint, Hints, joined},
};

/// Why newer machine sizes can't use it: no failure, as it may be meant.
pub(super) fn hints(definition: &Definition) -> Hints {
    let mut hints = Vec::new();
    if HyperVGeneration::from(definition.generation.as_str()) == HyperVGeneration::V1 {
        hints.push(Hint::GenerationOne);
    }
    let security_type = differ::security_type(definition);
    if ImageSecurityType::from(security_type.as_str()) == ImageSecurityType::Standard {
        hints.push(Hint::NoTrustedLaunch);
    }
    if !differ::set(&differ::listed_there(definition)).contains("nvme") {
        hints.push(Hint::ScsiAlone);
    }
    if hints.is_empty() { Hints::None } else { Hints::Of { hints: joined(&hints) } }
}
