//! What decides for the passes: the pure functions of `azimage-core`, and no others.
//!
//! A pass asks for them through a seam, so that a test can put a mistake between what was read and what is decided, and
//! see that somebody notices. No flag and no setting leads to other decisions.

use std::{fmt, ops::Deref, sync::Arc};

use azimage_core::{
    export, image_definition,
    image_version::{self, Action, Environment, Facts, History, Next, Plan, Report, State, Validated, Violation},
    promotion, replication_target,
};
use azimage_crds::{ImageDefinition, ImageDefinitionStatus, ImageVersion, ImageVersionStatus, ReplicationTarget};
use azimage_names::ImageDefinitionId;
use jiff::Timestamp;

/// The decisions of a pass, each by default the one of `azimage-core`.
pub trait Decide: Send + Sync {
    /// Understands an object: [`image_version::validate`].
    ///
    /// # Errors
    /// What is wrong with it.
    fn validate(&self, object: &ImageVersion, environment: Environment<'_>) -> Result<Validated, Violation> {
        image_version::validate(object, environment)
    }

    /// What is to be read, or what the pass comes to: [`image_version::next`].
    fn next(&self, validated: &Validated, history: &History<'_>, facts: &Facts) -> Next {
        image_version::next(validated, history, facts)
    }

    /// Whether the plan may rest only on targets that were just read: [`Plan::writes_regions`].
    fn needs_fresh_targets(&self, plan: &Plan) -> bool {
        plan.writes_regions()
    }

    /// What the pass does: [`image_version::act`].
    fn act(&self, validated: &Validated, plan: &Plan, state: State<'_>) -> Action {
        image_version::act(validated, plan, state)
    }

    /// The status after the pass: [`image_version::next_status`].
    fn next_status(
        &self,
        previous: &ImageVersionStatus,
        report: &Report,
        generation: i64,
        handled: Option<&String>,
        now: Timestamp,
    ) -> ImageVersionStatus {
        image_version::next_status(previous, report, generation, handled, now)
    }

    /// What a pass over a target does: [`replication_target::plan`].
    fn target(
        &self,
        target: &ReplicationTarget,
        versions: &[&ImageVersion],
        siblings: &[&ReplicationTarget],
        now: Timestamp,
    ) -> replication_target::Plan {
        replication_target::plan(target, versions, siblings, now)
    }

    /// Understands an image definition: [`image_definition::validate`].
    ///
    /// # Errors
    /// What is wrong with it.
    fn validate_definition(
        &self,
        object: &ImageDefinition,
        environment: image_definition::Environment<'_>,
    ) -> Result<image_definition::Validated, Violation> {
        image_definition::validate(object, environment)
    }

    /// What is to be read of an image definition, or what the pass comes to: [`image_definition::next`].
    fn next_of_definition(
        &self,
        validated: &image_definition::Validated,
        observed: &image_definition::Observed,
        given: image_definition::Given<'_>,
    ) -> image_definition::Next {
        image_definition::next(validated, observed, given)
    }

    /// What an image definition tells of latest: [`promotion::of_definition`].
    fn latest_of_definition(
        &self,
        object: &ImageDefinition,
        id: &ImageDefinitionId,
        versions: &[&ImageVersion],
        targets: &[&ReplicationTarget],
        stamped: bool,
        now: Timestamp,
    ) -> promotion::Latest {
        promotion::of_definition(object, id, versions, targets, stamped, now)
    }

    /// What is to be read of the `ConfigMap` that says what is latest, or written: [`export::next`].
    fn export_of_definition(&self, ask: &export::Ask<'_>, seen: &export::Seen) -> export::Next {
        export::next(ask, seen)
    }

    /// The status of an image definition after the pass: [`image_definition::next_status`].
    fn next_status_of_definition(
        &self,
        previous: &ImageDefinitionStatus,
        report: &image_definition::Report,
        id: Option<&ImageDefinitionId>,
        generation: i64,
        handled: Option<&String>,
        now: Timestamp,
    ) -> ImageDefinitionStatus {
        image_definition::next_status(previous, report, id, generation, handled, now)
    }
}

struct Own;

impl Decide for Own {}

/// Who decides. The program's own decisions are the default.
#[derive(Clone)]
pub struct Decisions(Arc<dyn Decide>);

impl Decisions {
    /// Other decisions than the program's own, for tests alone.
    pub fn for_tests(decide: Arc<dyn Decide>) -> Self {
        Self(decide)
    }
}

impl Default for Decisions {
    fn default() -> Self {
        Self(Arc::new(Own))
    }
}

impl Deref for Decisions {
    type Target = dyn Decide;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

impl fmt::Debug for Decisions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Decisions").finish_non_exhaustive()
    }
}
