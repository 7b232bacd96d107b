//! One test: a namespace, a subscription, a watch on everything, and processes of azimage.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
use azimage_test_cluster::{Process, WriteGate};
use k8s_openapi::api::events::v1::Event;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::{
    azure::Azure,
    controller::Controller,
    environment::{Environment, RELEASE_NAMESPACE, Simulator, environment},
    history::{History, LIMIT},
    object::Object,
    secrets::Secrets,
};

/// The kinds of azimage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ImageVersion`.
    Version,
    /// `ReplicationTarget`.
    Target,
    /// `ImageDefinition`.
    Definition,
}

impl Kind {
    /// As it stands in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Version => "ImageVersion",
            Self::Target => "ReplicationTarget",
            Self::Definition => "ImageDefinition",
        }
    }

    /// As the API server knows it.
    pub fn resource(self) -> ApiResource {
        match self {
            Self::Version => ApiResource::erase::<ImageVersion>(&()),
            Self::Target => ApiResource::erase::<ReplicationTarget>(&()),
            Self::Definition => ApiResource::erase::<ImageDefinition>(&()),
        }
    }
}

/// What a test watches.
const WATCHED: [Kind; 3] = [Kind::Version, Kind::Target, Kind::Definition];

/// One test.
pub struct Test {
    /// What all tests share.
    pub environment: &'static Environment,
    /// The test's namespace.
    pub namespace: String,
    /// The test's part of Azure.
    pub azure: Azure,
    /// A client with every right.
    pub client: Client,
    /// Every version of every object.
    pub history: History,
    secrets: Secrets,
    gate: Option<WriteGate>,
    kubeconfig: PathBuf,
    folder: tempfile::TempDir,
    /// What ended processes said.
    said: Mutex<Vec<String>>,
    // The simulator of a test that is alone ends with it.
    _simulator: Option<Process>,
}

impl Test {
    /// A namespace and a subscription of their own.
    pub async fn new(name: &str) -> Self {
        Self::make(name, false, None, &WATCHED).await
    }

    /// The same without the watch on everything, of which many large objects would fill the memory: nothing is known of
    /// what was written.
    pub async fn unwatched(name: &str) -> Self {
        Self::make(name, false, None, &[]).await
    }

    /// The same with a simulated Azure of its own, for what would get in the way of other tests.
    pub async fn alone(name: &str) -> Self {
        let own = Simulator::start(&environment().await.programs).await;
        Self::make(name, false, Some(own), &WATCHED).await
    }

    /// The same, and azimage's writes to Kubernetes go through a gate that counts and holds them.
    pub async fn gated(name: &str) -> Self {
        Self::make(name, true, None, &WATCHED).await
    }

    async fn make(name: &str, gated: bool, own: Option<(Process, Simulator)>, watched: &[Kind]) -> Self {
        let environment = environment().await;
        let cluster = environment.cluster;
        let client = cluster.admin_client().await.unwrap();
        let namespace = cluster.create_namespace(name).await.unwrap();
        let (process, simulator) = own.unzip();
        let azure = Azure::add(environment, simulator.unwrap_or_else(|| environment.simulator.clone())).await;
        let account = environment.deployment["spec"]["template"]["spec"]["serviceAccountName"].as_str().unwrap();
        let (gate, kubeconfig) = if gated {
            let gate = WriteGate::start(cluster).await.unwrap();
            let token = cluster.token_for(RELEASE_NAMESPACE, account, &[]).await.unwrap();
            let kubeconfig = gate.kubeconfig(RELEASE_NAMESPACE, &token).unwrap();
            (Some(gate), kubeconfig)
        } else {
            (None, cluster.kubeconfig_for(RELEASE_NAMESPACE, account).await.unwrap())
        };
        let watched: Vec<ApiResource> = watched.iter().map(|kind| kind.resource()).collect();
        let history = History::start(&client, &namespace, &watched);
        let folder = tempfile::tempdir().unwrap();
        let (secrets, said) = (Secrets::default(), Mutex::default());
        secrets.plant("the client secret", &azure.secret);
        let test = Self {
            environment,
            namespace,
            azure,
            client,
            history,
            secrets,
            gate,
            kubeconfig,
            folder,
            said,
            _simulator: process,
        };
        std::fs::write(test.secret_file(), &test.azure.secret).unwrap();
        test
    }

    /// Something that azimage gets to see and may never tell. [`Test::finish`] looks for it in all that azimage said.
    pub fn plant(&self, what: &str, secret: &str) {
        self.secrets.plant(what, secret);
    }

    /// The kubeconfig of azimage's own account.
    pub fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }

    /// The file from which azimage reads its client secret.
    pub fn secret_file(&self) -> PathBuf {
        self.folder.path().join("client-secret")
    }

    /// The gate of a [`Test::gated`] test.
    pub fn gate(&self) -> &WriteGate {
        self.gate.as_ref().expect("made with Test::gated")
    }

    /// Starts azimage.
    pub fn start(&self) -> Controller {
        self.start_with(&[])
    }

    /// Starts azimage with some flags otherwise.
    pub fn start_with(&self, flags: &[(&str, &str)]) -> Controller {
        self.start_in(flags, &[])
    }

    /// Starts azimage with some flags otherwise and some more variables, as a webhook may add to a pod.
    pub fn start_in(&self, flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Controller {
        let Self { environment, azure, namespace, kubeconfig, .. } = self;
        Controller::start(environment, azure, namespace, kubeconfig, &self.secret_file(), flags, variables)
    }

    /// Runs another command of azimage with the rights of the controller, in Kubernetes and on Azure; what it prints.
    pub async fn azimage(&self, arguments: &[&str]) -> String {
        let Self { environment, azure, kubeconfig, .. } = self;
        let simulator = &azure.simulator;
        let mut command = tokio::process::Command::new(&environment.programs.azimage);
        command
            .args(arguments)
            .arg(format!("--azure-resource-manager={}", simulator.arm))
            .arg(format!("--azure-authority-host={}", simulator.authority))
            .arg(format!("--azure-ca-file={}", simulator.ca.display()))
            .arg("--azure-identity=client-secret")
            .arg(format!("--azure-tenant-id={}", simulator.tenant))
            .arg(format!("--azure-client-id={}", azure.client))
            .arg(format!("--azure-client-secret-file={}", self.secret_file().display()))
            .env("KUBECONFIG", kubeconfig)
            .env("NO_PROXY", "127.0.0.1");
        let output = command.output().await.unwrap();
        let (printed, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{arguments:?}: {printed}{said}");
        self.said.lock().unwrap().push(format!("{printed}{said}"));
        printed
    }

    /// Kills a process; what it said is looked at when the test ends.
    pub fn kill(&self, mut controller: Controller) {
        controller.kill9();
        self.said.lock().unwrap().push(controller.output());
    }

    /// Ends a process with SIGTERM, which has to work.
    pub async fn terminate(&self, mut controller: Controller) {
        let status = controller.terminate(Duration::from_secs(30)).await;
        self.said.lock().unwrap().push(controller.output());
        assert!(status.success(), "azimage ended with {status}: {}", controller.output());
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &kind.resource())
    }

    fn kind_of(manifest: &Value) -> Kind {
        let of = |kind: &&Kind| manifest["kind"] == kind.name();
        WATCHED.iter().find(of).copied().unwrap_or(Kind::Target)
    }

    /// Applies a manifest, as a user would.
    pub async fn apply(&self, manifest: &Value) {
        let name = manifest["metadata"]["name"].as_str().unwrap();
        let parameters = PatchParams::apply("user");
        self.api(Self::kind_of(manifest)).patch(name, &parameters, &Patch::Apply(manifest)).await.unwrap();
    }

    /// Changes an object with a merge patch.
    pub async fn change(&self, kind: Kind, name: &str, change: &Value) {
        self.api(kind).patch(name, &PatchParams::default(), &Patch::Merge(change)).await.unwrap();
    }

    /// The same; whether the API server took it.
    pub async fn try_change(&self, kind: Kind, name: &str, change: &Value) -> bool {
        self.api(kind).patch(name, &PatchParams::default(), &Patch::Merge(change)).await.is_ok()
    }

    /// Writes a part of the status as azimage itself does.
    pub async fn overwrite_status(&self, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) {
        let api = self.api(kind);
        let object = serde_json::to_value(api.get(name).await.unwrap()).unwrap();
        let mut status = object["status"].clone();
        change(&mut status);
        let manifest = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": {"name": name}, "status": status,
        });
        let parameters = PatchParams::apply("azimage-status").force();
        api.patch_status(name, &parameters, &Patch::Apply(manifest)).await.unwrap();
    }

    /// Applies a manifest as another manager, who doesn't insist; what the API server says if it refuses.
    pub async fn try_apply_as(&self, manager: &str, manifest: &Value) -> Result<(), String> {
        let name = manifest["metadata"]["name"].as_str().unwrap();
        let parameters = PatchParams::apply(manager);
        let answer = self.api(Self::kind_of(manifest)).patch(name, &parameters, &Patch::Apply(manifest)).await;
        answer.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Sets the annotation that asks for a reconcile.
    #[allow(
        clippy::disallowed_methods,
        reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
    )]
    pub async fn request(&self, kind: Kind, name: &str) {
        let value = uuid::Uuid::new_v4().to_string();
        let change = json!({"metadata": {"annotations": {azimage_crds::RECONCILE_REQUESTED_AT: value}}});
        self.change(kind, name, &change).await;
    }

    /// Deletes an object, without waiting.
    pub async fn delete(&self, kind: Kind, name: &str) {
        self.api(kind).delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// Waits until an object is as it is wanted.
    pub async fn wait(&self, kind: Kind, name: &str, what: &str, wanted: impl Fn(&Object) -> bool) -> Object {
        let accept = |object: Option<&Object>| object.filter(|object| wanted(object)).cloned();
        match self.history.wait(kind.name(), name, accept).await {
            Ok(object) => object,
            Err(last) => panic!(
                "after {} s {} {name} is still not {what}: {:#}",
                LIMIT.as_secs(),
                kind.name(),
                last.map(Object::told).unwrap_or_default()
            ),
        }
    }

    /// Waits until an object is Ready.
    pub async fn ready(&self, kind: Kind, name: &str) -> Object {
        self.wait(kind, name, "ready", Object::is_ready).await
    }

    /// Waits until an object is Stalled for this reason.
    pub async fn stalled(&self, kind: Kind, name: &str, reason: &str) -> Object {
        self.wait(kind, name, &format!("stalled with {reason}"), |object| object.is_stalled(reason)).await
    }

    /// Waits until an object is gone.
    pub async fn gone(&self, kind: Kind, name: &str) {
        let accept = |object: Option<&Object>| object.is_none().then_some(());
        if let Err(last) = self.history.wait(kind.name(), name, accept).await {
            panic!("{} {name} isn't gone: {:#}", kind.name(), last.map(Object::told).unwrap_or_default());
        }
    }

    /// Waits until something is so that no object tells of.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, mut check: impl FnMut() -> F) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        while !check().await {
            assert!(tokio::time::Instant::now() < deadline, "it takes too long until {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The events of the namespace.
    pub async fn events(&self) -> Vec<Event> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        events.list(&ListParams::default()).await.unwrap().items
    }

    /// kubectl in the namespace, which has to succeed.
    pub async fn kubectl(&self, arguments: &[&str]) -> String {
        let arguments = [&["-n", &self.namespace], arguments].concat();
        self.environment.cluster.kubectl(&arguments).await.unwrap().ok().unwrap()
    }

    /// Ends the test: what must hold in every test is looked at.
    pub async fn finish(&self, controller: Option<Controller>) {
        let mut pages = String::new();
        if let Some(controller) = controller {
            pages = controller.pages().await;
            self.kill(controller);
        }
        assert_eq!(self.history.problems(), Vec::<String>::new());
        let said = self.said.lock().unwrap().join("\n");
        self.tells_nothing(&said, &pages).await;
        assert!(!said.contains("panicked"), "azimage panicked: {said}");
        assert!(!said.contains("forbidden"), "azimage lacks a right in Kubernetes: {said}");
        assert_eq!(self.azure.undescribed().await, Vec::<String>::new(), "bodies that Azure doesn't describe");
        let writes = self.azure.writes().await;
        let mut generalized: Vec<&str> = writes
            .iter()
            .filter(|entry| entry.path.ends_with("/generalize"))
            .map(|entry| entry.path.as_str())
            .collect();
        generalized.sort_unstable();
        let count = generalized.len();
        generalized.dedup();
        assert_eq!(count, generalized.len(), "a machine was generalized twice");
    }

    /// No secret of the test is in anything that azimage said or wrote.
    async fn tells_nothing(&self, said: &str, pages: &str) {
        let events = serde_json::to_string(&self.events().await).unwrap();
        let objects: Vec<Value> = self.history.all().into_iter().map(|object| object.0).collect();
        let objects = serde_json::to_string(&objects).unwrap();
        let sent = self.azure.sent().await;
        let credentials = self.azure.credentials().await;
        // What Azure was asked was asked with a token.
        assert!(sent.is_empty() || credentials.iter().any(|(what, _)| *what == "an access token"));
        for (what, token) in credentials {
            self.secrets.plant_token(what, &token);
        }
        let sent = serde_json::to_string(&sent).unwrap();
        let places =
            [("the output", said), ("the pages", pages), ("events", &events), ("objects", &objects), ("Azure", &sent)];
        for (place, text) in places {
            let found = self.secrets.found_in(text);
            assert!(found.is_empty(), "{found:?} is in {place}: {text}");
        }
    }
}
