//! What changes, as it changes.

use std::{fmt::Debug, time::Duration};

use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
use azimage_view::{Kind, Line, Object, Picture, Standing, Style, text};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use k8s_openapi::NamespaceResourceScope;
use kube::{
    Resource,
    runtime::{WatchStreamExt, watcher},
};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, MissedTickBehavior};

use super::{Shown, scene::Scene};
use crate::cli::{access::Access, exit::Ended, objects::Scope, terminal::write};

/// How often a view is drawn anew while nothing changes, for its clock and a terminal that got another size.
const TICK: Duration = Duration::from_secs(1);
/// What comes together is shown together.
const TOGETHER: Duration = Duration::from_millis(50);

/// When it ends.
pub(super) struct Until {
    /// When nothing is at work any more.
    pub(super) settled: bool,
    /// At the latest after this.
    pub(super) limit: Option<Duration>,
}

/// What the API server tells.
enum News {
    /// A kind as it is now, begun.
    Begins(Kind),
    /// One of these.
    Listed(Object),
    /// That were all.
    Ends(Kind),
    Changed(Object),
    Gone(Object),
    /// It can't be reached, or refuses.
    Trouble(String),
}

/// Shows what changes until the end that is asked for, or the user's.
pub(super) async fn follow(
    access: &Access,
    scope: &Scope,
    kinds: &[Kind],
    mut scene: Scene,
    mut shown: Shown,
    until: &Until,
) -> anyhow::Result<Ended> {
    let missing = scene.kind().filter(|kind| !kinds.contains(kind));
    if let Some(kind) = missing {
        anyhow::bail!("you lack the verbs list and watch on {}, without which it can't be followed", kind.plural());
    }
    let mut news = futures::stream::select_all(kinds.iter().map(|kind| watched(*kind, access, scope)));
    let deadline = until.limit.map(|limit| Instant::now() + limit);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut listed, mut before, mut trouble) = (Vec::new(), Vec::new(), None);
    loop {
        show(&mut shown, &scene, &mut before, trouble.as_deref())?;
        if let Some(ended) = ended(&scene, until, trouble.is_some()) {
            finish(shown, &scene)?;
            return Ok(ended);
        }
        tokio::select! {
            Some(told) = news.next() => {
                take(told, &mut scene, &mut listed, &mut trouble);
                tokio::time::sleep(TOGETHER).await;
                while let Some(Some(told)) = news.next().now_or_never() {
                    take(told, &mut scene, &mut listed, &mut trouble);
                }
            }
            _ = tick.tick() => {}
            () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                finish(shown, &scene)?;
                return Ok(Ended::TimedOut);
            }
        }
    }
}

fn watched(kind: Kind, access: &Access, scope: &Scope) -> BoxStream<'static, News> {
    match kind {
        Kind::ImageVersion => watched_as::<ImageVersion>(kind, access, scope),
        Kind::ReplicationTarget => watched_as::<ReplicationTarget>(kind, access, scope),
        Kind::ImageDefinition => watched_as::<ImageDefinition>(kind, access, scope),
    }
}

fn watched_as<K>(kind: Kind, access: &Access, scope: &Scope) -> BoxStream<'static, News>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Into<Object>
        + Send
        + 'static,
{
    let mut config = watcher::Config::default();
    config.label_selector.clone_from(&scope.selector);
    let told = move |event: Result<watcher::Event<K>, watcher::Error>| match event {
        Ok(watcher::Event::Init) => News::Begins(kind),
        Ok(watcher::Event::InitApply(object)) => News::Listed(object.into()),
        Ok(watcher::Event::InitDone) => News::Ends(kind),
        Ok(watcher::Event::Apply(object)) => News::Changed(object.into()),
        Ok(watcher::Event::Delete(object)) => News::Gone(object.into()),
        Err(error) => News::Trouble(format!("{:#}", anyhow::Error::new(error))),
    };
    watcher(scope.api::<K>(access), config).default_backoff().map(told).boxed()
}

fn take(news: News, scene: &mut Scene, listed: &mut Vec<Object>, trouble: &mut Option<String>) {
    if let News::Trouble(words) = news {
        *trouble = Some(words);
        return;
    }
    match news {
        News::Begins(kind) => listed.retain(|object| object.kind() != kind),
        News::Listed(object) => listed.push(object),
        News::Ends(kind) => {
            *trouble = None;
            let (all, rest) = std::mem::take(listed).into_iter().partition(|object| object.kind() == kind);
            *listed = rest;
            scene.replace(kind, all);
        }
        News::Changed(object) => {
            *trouble = None;
            scene.put(object);
        }
        News::Gone(object) => {
            *trouble = None;
            scene.remove(&object);
        }
        News::Trouble(_) => {}
    }
}

fn ended(scene: &Scene, until: &Until, in_trouble: bool) -> Option<Ended> {
    if scene.is_gone() {
        return Some(Ended::Failed);
    }
    // What is known may be old.
    if !until.settled || in_trouble {
        return None;
    }
    match scene.standing() {
        Standing::Working | Standing::Unobserved => None,
        settled => Some(settled.into()),
    }
}

fn show(shown: &mut Shown, scene: &Scene, before: &mut Vec<Picture>, trouble: Option<&str>) -> anyhow::Result<()> {
    if shown.is_for_programs() {
        return Ok(());
    }
    if shown.terminal.is_live() {
        let mut lines = shown.lines(scene);
        if let Some(words) = trouble {
            let words = format!("The API server can't be followed, so this may be old: {words}");
            lines.push(Line::default().and(&text::cut(&words, shown.terminal.width()), Style::Bad));
        }
        return shown.terminal.draw(lines);
    }
    let now = crate::cli::now();
    let changes = scene.changes(now, before);
    *before = scene.pictures(now);
    if changes.is_empty() { Ok(()) } else { write(&(changes.join("\n") + "\n")) }
}

/// The end: what a live view shows already stays.
fn finish(mut shown: Shown, scene: &Scene) -> anyhow::Result<()> {
    if scene.is_gone() {
        eprintln!("azimage: the object is gone");
        return Ok(());
    }
    if shown.terminal.is_live() && !shown.is_for_programs() {
        let lines = shown.lines(scene);
        return shown.terminal.draw(lines);
    }
    shown.last(scene)
}
