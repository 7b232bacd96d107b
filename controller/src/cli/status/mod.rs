//! `azimage status`: how it stands with objects, once or as it goes on.

mod follow;
mod scene;

use std::time::Duration;

use azimage_view::{Detail, Kind, Line, Object, report};
use clap::{Args, ValueEnum};

use self::scene::{Scene, Subject};
use super::{
    access::{Access, ClusterArgs},
    address::Address,
    duration,
    exit::Ended,
    objects::{self, Scope},
    terminal::{Terminal, write},
};

/// Options of `azimage status`.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    /// The object; without it all of the namespace, one line each.
    #[arg(value_name = "[KIND/]NAME", conflicts_with_all = ["all_namespaces", "selector"], add = super::completion::names())]
    pub object: Option<Address>,

    /// The objects of all namespaces.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,

    /// Objects with these labels alone, such as tier=prod.
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<String>,

    /// Go on showing what changes, until Ctrl-C; together with --wait, until its end.
    #[arg(short, long)]
    pub watch: bool,

    /// Wait until all is Ready, or an object is stalled.
    #[arg(long, value_name = "STATE", num_args = 0..=1, require_equals = true, default_missing_value = "ready")]
    pub wait: Option<WaitFor>,

    /// How long --wait takes at most, such as 90s or 12h; without it, as long as it takes.
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "wait")]
    pub timeout: Option<Duration>,

    /// Form of the output: wide shows each step, check and id; json and yaml are for programs.
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub output: Option<StatusForm>,

    /// The cluster, and who asks.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WaitFor {
    /// All that was asked for is true.
    Ready,
}

/// Forms of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusForm {
    /// For people, with all that is known.
    Wide,
    /// A list of documents.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Shows how it stands.
///
/// # Errors
/// When the object isn't there, a right is missing or the API server can't be reached.
pub async fn run(arguments: &StatusArgs) -> anyhow::Result<Ended> {
    let access = arguments.cluster.access().await?;
    let scope = Scope {
        namespace: (!arguments.all_namespaces).then(|| access.namespace.clone()),
        selector: arguments.selector.clone(),
    };
    let object = match &arguments.object {
        Some(address) => Some(address.read(&access).await?),
        None => None,
    };
    let subject = object.as_ref().map_or(Subject::All, Subject::of);
    let (kinds, all) = first_look(&access, &scope, object).await?;
    let scene = Scene::new(subject, scope.namespace.is_none(), all);
    let shown = Shown { form: arguments.output, terminal: Terminal::new() };
    if arguments.watch || arguments.wait.is_some() {
        anyhow::ensure!(
            arguments.wait.is_some() || !shown.is_for_programs(),
            "--watch shows what changes to people: use it with -o wide, or --wait with -o json and yaml"
        );
        let until = follow::Until { settled: arguments.wait.is_some(), limit: arguments.timeout };
        return follow::follow(&access, &scope, &kinds, scene, shown, &until).await;
    }
    let standing = scene.standing();
    shown.last(&scene)?;
    Ok(standing.into())
}

/// What there is, and the kinds that the user may list. Beside one object the others are a help, and may be refused.
async fn first_look(
    access: &Access,
    scope: &Scope,
    object: Option<Object>,
) -> anyhow::Result<(Vec<Kind>, Vec<Object>)> {
    let (kinds, mut all) = match objects::list_all(access, scope).await {
        Err(error) if object.is_some() && objects::is_forbidden(&error) => (Vec::new(), Vec::new()),
        looked => looked?,
    };
    all.extend(object.filter(|object| !kinds.contains(&object.kind())));
    Ok((kinds, all))
}

/// How it is shown.
struct Shown {
    form: Option<StatusForm>,
    terminal: Terminal,
}

impl Shown {
    fn detail(&self) -> Detail {
        if self.form == Some(StatusForm::Wide) { Detail::Wide } else { Detail::Usual }
    }

    fn is_for_programs(&self) -> bool {
        matches!(self.form, Some(StatusForm::Json | StatusForm::Yaml))
    }

    fn lines(&self, scene: &Scene) -> Vec<Line> {
        scene.lines(super::now(), self.detail(), self.terminal.width())
    }

    /// All of it, as the end.
    fn last(mut self, scene: &Scene) -> anyhow::Result<()> {
        if !self.is_for_programs() {
            let lines = self.lines(scene);
            return self.terminal.print(&lines);
        }
        let documents = scene.objects().into_iter().map(report::document).collect::<Result<Vec<_>, _>>()?;
        let json = report::inert_json(&serde_json::to_string_pretty(&documents)?);
        let text = match self.form {
            Some(StatusForm::Yaml) => super::export::yaml(&serde_json::Value::Array(documents))?,
            _ => json + "\n",
        };
        write(&text)
    }
}
