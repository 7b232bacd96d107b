//! All messages and phrases about an image version.

use super::{
    invalid::Invalid,
    stage::{
        claim, clean, clone, compatible, definition, delete, delete_source, disks, generalize, guest, keep, preflight,
        publish, replicate,
        source::{self, problem},
        source_disks, source_image, source_version, validate,
    },
    words::{Detail, Done, NotShown, Words},
};
use crate::message::{Messages, Phrases};

pub(crate) fn messages() -> Vec<Messages> {
    vec![
        Invalid::messages(),
        Words::messages(),
        NotShown::messages(),
        definition::words::Missing::messages(),
        source::problem::Problem::messages(),
        source_version::words::Words::messages(),
        source_image::words::Words::messages(),
        source_disks::words::Words::messages(),
        source_disks::words::Unfit::messages(),
        compatible::misfit::Misfit::messages(),
        disks::problem::DiskProblem::messages(),
        preflight::words::Foreseen::messages(),
        claim::words::Words::messages(),
        clone::words::Words::messages(),
        clone::words::Workspace::messages(),
        clone::words::Failed::messages(),
        keep::words::Words::messages(),
        keep::words::Failed::messages(),
        guest::words::Words::messages(),
        guest::words::Refusal::messages(),
        guest::words::PreparationUnknown::messages(),
        guest::readiness::NotReady::messages(),
        generalize::words::Words::messages(),
        publish::words::Words::messages(),
        replicate::words::Words::messages(),
        replicate::words::Unheeded::messages(),
        replicate::words::Failed::messages(),
        clean::words::Words::messages(),
        validate::words::Words::messages(),
        validate::words::Failed::messages(),
        validate::words::Impossible::messages(),
        delete_source::words::Words::messages(),
        delete_source::words::Kept::messages(),
        delete::words::Words::messages(),
        Done::messages(),
    ]
}

pub(crate) fn phrases() -> Vec<Phrases> {
    vec![
        problem::SealGoesOn::phrases(),
        clone::words::Apart::phrases(),
        guest::words::Left::phrases(),
        guest::words::Said::phrases(),
        replicate::words::Stay::phrases(),
        replicate::words::Late::phrases(),
        replicate::words::Then::phrases(),
        Detail::phrases(),
        replicate::words::NoRegion::phrases(),
        replicate::words::Difference::phrases(),
        replicate::words::Undone::phrases(),
        delete::words::Parting::phrases(),
        keep::words::Parting::phrases(),
        validate::Slow::phrases(),
        delete_source::words::Why::phrases(),
        delete_source::words::Parting::phrases(),
        clean::words::OfTheCopy::phrases(),
    ]
}
