//! `azimage reconcile`, `suspend` and `resume`: a word to the controller, and what came of it.

mod apply;

use std::time::Duration;

use azimage_crds::ConditionType;
use azimage_view::{Line, Object, Standing, line::Style};
use clap::{Args, ValueEnum};
use tokio::time::Instant;

use self::apply::Wish;
use super::{
    access::{Access, ClusterArgs},
    address::Address,
    duration,
    exit::Ended,
    objects::{self, Scope},
    terminal::Terminal,
};

/// How soon an object is looked at again, at first and at last.
const LOOKS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Options of `azimage reconcile`, `suspend` and `resume`.
#[derive(Clone, Debug, Args)]
pub struct WishArgs {
    /// The objects.
    #[arg(value_name = "[KIND/]NAME", required_unless_present = "all", conflicts_with = "all", add = super::completion::names())]
    pub objects: Vec<Address>,

    /// All objects of the namespace.
    #[arg(long)]
    pub all: bool,

    /// What is waited for: that azimage has seen it, that the object is Ready (so --wait alone), or nothing.
    #[arg(long, value_enum, value_name = "STATE", num_args = 0..=1, require_equals = true, default_value = "seen", default_missing_value = "ready")]
    pub wait: WaitUntil,

    /// How long is waited at most, such as 90s or 12h.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub timeout: Duration,

    /// Take spec.suspend over also from a tool that declares it, and will set it back.
    #[arg(long)]
    pub force: bool,

    /// The cluster, and who asks.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WaitUntil {
    /// azimage has seen it.
    Seen,
    /// The object is Ready, or stalled.
    Ready,
    /// Nothing.
    None,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Look at it now.
    Reconcile,
    /// Do nothing more for it.
    Suspend,
    /// Go on.
    Resume,
}

/// Asks for it, one object after the other, and tells what came of each.
///
/// # Errors
/// When an object isn't there, a right is missing, another tool declares the field, or the API server can't be reached.
pub async fn run(verb: Verb, arguments: &WishArgs) -> anyhow::Result<Ended> {
    let access = arguments.cluster.access().await?;
    let mut asked = Vec::new();
    for object in chosen(verb, arguments, &access).await? {
        let wish = wish(verb, &object)?;
        let patched = apply::apply(&access, &object, &wish, arguments.force).await?;
        asked.push((object, wish, patched));
    }
    let deadline = Instant::now() + arguments.timeout;
    let mut terminal = Terminal::new();
    let mut worst = Ended::Well;
    for (object, wish, generation) in asked {
        let (ended, lines) = if arguments.wait == WaitUntil::None {
            (Ended::Well, vec![Line::of(&format!("{}: asked for", object.address()))])
        } else {
            let seen = |now: &Object| is_seen(now, &wish, generation) && settles(now, arguments.wait);
            let (now, in_time) = wait(&access, &object, deadline, seen).await?;
            (ended(&now, verb, in_time), told(&now, in_time))
        };
        terminal.print(&lines)?;
        worst = worst.max(ended);
    }
    Ok(worst)
}

async fn chosen(verb: Verb, arguments: &WishArgs, access: &Access) -> anyhow::Result<Vec<Object>> {
    if !arguments.all {
        let mut found = Vec::new();
        for address in &arguments.objects {
            found.push(address.read(access).await?);
        }
        return Ok(found);
    }
    let scope = Scope { namespace: Some(access.namespace.clone()), selector: None };
    let (_, all) = objects::list_all(access, &scope).await?;
    let fits = |object: &Object| match verb {
        Verb::Reconcile => !object.is_suspended(),
        Verb::Suspend => object.kind().can_be_suspended() && !object.is_suspended(),
        Verb::Resume => object.is_suspended(),
    };
    Ok(all.into_iter().filter(fits).collect())
}

/// What is written for a verb, if it makes sense for the object.
fn wish(verb: Verb, object: &Object) -> anyhow::Result<Wish> {
    let (name, kind) = (object.address(), object.kind());
    match verb {
        Verb::Reconcile if object.is_suspended() => {
            anyhow::bail!("{name} is suspended, so nothing is done for it: azimage resume {name}")
        }
        Verb::Reconcile => Ok(Wish::Look(super::now().to_string())),
        _ if !kind.can_be_suspended() => {
            anyhow::bail!("{name}: a {kind} has no spec.suspend; suspend the ImageVersions that it selects")
        }
        Verb::Suspend => Ok(Wish::Suspend(true)),
        Verb::Resume => Ok(Wish::Suspend(false)),
    }
}

/// Whether the status speaks of what was asked for.
fn is_seen(now: &Object, wish: &Wish, generation: Option<i64>) -> bool {
    match wish {
        Wish::Look(token) => now.handled() == Some(token),
        Wish::Suspend(_) => now.observed_generation() >= generation,
    }
}

fn settles(now: &Object, wait: WaitUntil) -> bool {
    wait != WaitUntil::Ready || matches!(Standing::of(now), Standing::Ready | Standing::Stalled)
}

async fn wait(
    access: &Access,
    object: &Object,
    deadline: Instant,
    done: impl Fn(&Object) -> bool,
) -> anyhow::Result<(Object, bool)> {
    let mut pause = LOOKS.0;
    loop {
        let found = objects::get(access, object.kind(), &object.name()).await?;
        let now = found.ok_or_else(|| anyhow::anyhow!("{} is gone", object.address()))?;
        if done(&now) {
            return Ok((now, true));
        }
        if Instant::now() >= deadline {
            return Ok((now, false));
        }
        tokio::time::sleep(pause.min(deadline - Instant::now())).await;
        pause = (pause * 2).min(LOOKS.1);
    }
}

fn ended(now: &Object, verb: Verb, in_time: bool) -> Ended {
    match (in_time, verb, Standing::of(now)) {
        (false, _, _) => Ended::TimedOut,
        // That it waits for a person is what was asked for.
        (true, Verb::Suspend, _) => Ended::Well,
        (true, _, Standing::Stalled) => Ended::Stalled,
        (true, _, _) => Ended::Well,
    }
}

/// What came of it.
fn told(now: &Object, in_time: bool) -> Vec<Line> {
    let standing = Standing::of(now);
    let ready = now.condition(ConditionType::Ready);
    let says = ready.map(|ready| format!(" ({}): {}", ready.reason, ready.message)).unwrap_or_default();
    let mark = standing.mark();
    let line = Line::default().and(mark.sign(), mark.style());
    let mut lines = vec![line.and(&format!(" {}: {standing}{says}", now.address()), Style::Plain)];
    if !in_time {
        let words = "  --timeout was up before. If azimage doesn't answer at all, no controller looks after the object: docs/troubleshooting.md";
        lines.push(Line::of(words));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn version(suspend: bool, status: &Value) -> Object {
        let object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
            "metadata": {"name": "web", "namespace": "images", "generation": 2},
            "spec": {
                "gallery": {"subscriptionId": "s", "resourceGroup": "g", "name": "corp"}, "suspend": suspend,
                "definition": "ubuntu", "version": "1.0.0", "source": {"imageVersion": {"resourceId": "/x"}},
            },
            "status": status,
        });
        Object::Version(serde_json::from_value(object).unwrap())
    }

    fn target() -> Object {
        let object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {"name": "north"},
            "spec": {"region": "northeurope", "imageVersionName": "web"},
        });
        Object::Target(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_does() {
        for (case, verb, object, refusal) in [
            ("a version", Verb::Suspend, version(false, &json!({})), None),
            ("a suspended one goes on", Verb::Resume, version(true, &json!({})), None),
            ("a suspended one isn't looked at", Verb::Reconcile, version(true, &json!({})), Some("azimage resume")),
            ("a target is looked at", Verb::Reconcile, target(), None),
            ("a target can't be suspended", Verb::Suspend, target(), Some("suspend the ImageVersions")),
        ] {
            let refused = wish(verb, &object).err().map(|error| error.to_string());
            assert_eq!(refused.is_some(), refusal.is_some(), "{case}: {refused:?}");
            assert!(refusal.is_none_or(|words| refused.is_some_and(|it| it.contains(words))), "{case}");
        }
    }

    #[test]
    fn it_is_seen_when_the_status_speaks_of_it() {
        let look = Wish::Look("now".to_owned());
        for (case, wish, status, expected) in [
            ("nothing yet", &look, json!({}), false),
            ("an earlier one", &look, json!({"lastHandledReconcileAt": "then"}), false),
            ("this one", &look, json!({"lastHandledReconcileAt": "now"}), true),
            ("an earlier spec", &Wish::Suspend(true), json!({"observedGeneration": 1}), false),
            ("this spec", &Wish::Suspend(true), json!({"observedGeneration": 2}), true),
        ] {
            assert_eq!(is_seen(&version(false, &status), wish, Some(2)), expected, "{case}");
        }
    }

    #[test]
    fn the_end_is_that_of_the_object() {
        let stalled = json!({"observedGeneration": 2, "conditions": [{
            "type": "Stalled", "status": "True", "reason": "ConsentMissing", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]});
        for (verb, status, in_time, expected) in [
            (Verb::Reconcile, json!({}), false, Ended::TimedOut),
            (Verb::Reconcile, stalled.clone(), true, Ended::Stalled),
            (Verb::Suspend, stalled, true, Ended::Well),
            (Verb::Resume, json!({"observedGeneration": 2}), true, Ended::Well),
        ] {
            assert_eq!(ended(&version(false, &status), verb, in_time), expected, "{verb:?} {in_time}");
        }
    }
}
