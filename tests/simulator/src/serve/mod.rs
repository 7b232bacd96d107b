//! The simulator behind sockets: Azure over TLS, control over plain HTTP, both on loopback.

mod arm;
mod connection;
mod control;
mod handshake;
mod running;
mod tls;

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum_server::Handle;
use serde::Serialize;
use tokio::{sync::watch, task::JoinHandle};

pub use self::handshake::Handshake;
use self::handshake::Handshakes;
use crate::{
    Scenario, ScenarioError, Simulator,
    clock::{Clock, Moment, RealTime, later},
    scenario,
};

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where Azure listens; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the control interface listens; loopback only. Port 0 takes a free one.
    pub control_listen: SocketAddr,
    /// Where the metadata service of a machine listens, over plain HTTP: loopback, or its own address 169.254.169.254. There is none where absent.
    pub metadata_listen: Option<SocketAddr>,
    /// What exists at the start.
    pub scenario: Scenario,
    /// Simulated seconds in one real second.
    pub speed: f64,
    /// Where `ca.pem` is written; a temporary folder where absent.
    pub state_dir: Option<PathBuf>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            control_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            metadata_listen: None,
            scenario: Scenario::default(),
            speed: 1.0,
            state_dir: None,
        }
    }
}

/// Why the simulator cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// An address is not on loopback: a simulator with a known secret is nothing for a network.
    #[error("{0} is not a loopback address; listen on 127.0.0.1")]
    NotLoopback(SocketAddr),
    /// The speed is not a positive number.
    #[error("the speed must be a positive number, not {0}")]
    Speed(f64),
    /// A file or socket cannot be used.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// Certificates cannot be made.
    #[error("the TLS certificate cannot be made: {0}")]
    Certificate(String),
}

/// An application and its secret.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Application (client) id.
    pub id: String,
    /// Secret.
    pub secret: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("id", &self.id).field("secret", &"***").finish()
    }
}

/// What `azimage-simulator serve` prints when it is ready.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadyLine {
    /// `https://127.0.0.1:port` of Azure Resource Manager.
    pub arm: String,
    /// The authority host for tokens.
    pub authority: String,
    /// Path of the CA certificate (PEM).
    pub ca: PathBuf,
    /// Tenant id.
    pub tenant: String,
    /// Applications.
    pub clients: Vec<Client>,
    /// Subscription ids.
    pub subscriptions: Vec<String>,
    /// `http://127.0.0.1:port` of the control interface.
    pub control: String,
    /// `http://127.0.0.1:port` of the metadata service, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// What the sockets share.
pub(crate) struct Shared {
    simulator: Mutex<Simulator>,
    clock: Mutex<Clock>,
    real: RealTime,
    /// Seconds that Azure's clock is ahead of this machine's, for what lives in real time.
    ahead: Mutex<f64>,
    handshakes: Arc<Handshakes>,
    /// Changes whenever faults are removed.
    faults_removed: watch::Sender<u64>,
    clients: Mutex<Vec<Client>>,
}

impl Shared {
    fn simulator(&self) -> MutexGuard<'_, Simulator> {
        // A panic in one request leaves a state that the next may still use.
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        let moment = self.clock().moment(self.real.now());
        Moment { real: later(moment.real, self.ahead()), ..moment }
    }

    fn ahead(&self) -> f64 {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_ahead(&self, seconds: f64) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = seconds;
    }

    /// The simulator with everything done that is due.
    fn current(&self) -> MutexGuard<'_, Simulator> {
        let mut simulator = self.simulator();
        let moment = self.moment();
        simulator.advance(moment.simulated);
        simulator
    }

    fn add(&self, scenario: &Scenario) -> Result<(), ScenarioError> {
        self.current().add(scenario)?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        for scenario::Client { id, secret, .. } in &scenario.clients {
            clients.retain(|client| client.id != *id);
            clients.push(Client { id: id.clone(), secret: secret.clone() });
        }
        Ok(())
    }

    fn released(&self) {
        self.faults_removed.send_modify(|count| *count += 1);
    }

    fn set_speed(&self, speed: f64) {
        let real = self.real.now();
        self.clock().set_speed(real, speed);
        self.simulator().set_time_factor(speed);
    }
}

/// A simulator that answers on sockets until it is shut down or dropped.
pub struct RunningSimulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    control_address: SocketAddr,
    ca: PathBuf,
    metadata_address: Option<SocketAddr>,
    handles: Vec<Handle<SocketAddr>>,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
    // Removed with the simulator.
    _folder: Option<tempfile::TempDir>,
}

/// Serves a simulator on loopback.
///
/// # Errors
/// The scenario is wrong, an address cannot be listened on, or a file cannot be written.
pub async fn serve(options: ServeOptions) -> Result<RunningSimulator, ServeError> {
    for address in [options.listen, options.control_listen] {
        if !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
    }
    let link_local = IpAddr::from([169, 254, 169, 254]);
    if let Some(address) = options.metadata_listen.filter(|at| !at.ip().is_loopback() && at.ip() != link_local) {
        return Err(ServeError::NotLoopback(address));
    }
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(ServeError::Speed(options.speed));
    }
    // A second installation in the same process is refused and changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let real = RealTime::start();
    let mut scenario = options.scenario;
    complete(&mut scenario);
    let mut simulator = Simulator::new(&scenario, real.now())?;
    simulator.set_time_factor(options.speed);
    let clock = Clock::new(real.now(), simulator.now(), options.speed);

    let (folder, path) = if let Some(path) = options.state_dir {
        (None, path)
    } else {
        let folder = tempfile::Builder::new().prefix("azimage-simulator-").tempdir();
        let folder = folder.map_err(|error| ServeError::Io("temporary folder".to_owned(), error))?;
        let path = folder.path().to_owned();
        (Some(folder), path)
    };
    let ca = path.join("ca.pem");
    let handshakes = Arc::<Handshakes>::default();
    let acceptor = handshake::Acceptor::new(&tls::Certificates::new(&path, &ca)?, Arc::clone(&handshakes))?;

    let clients = scenario.clients.iter().map(|client| Client { id: client.id.clone(), secret: client.secret.clone() });
    let shared = Arc::new(Shared {
        simulator: Mutex::new(simulator),
        clock: Mutex::new(clock),
        real,
        ahead: Mutex::new(0.0),
        handshakes,
        faults_removed: watch::channel(0).0,
        clients: Mutex::new(clients.collect()),
    });

    let (listener, address) = listen(options.listen)?;
    let (control_listener, control_address) = listen(options.control_listen)?;
    let mut handles = vec![Handle::new(), Handle::new()];
    let failed = |error| ServeError::Io(address.to_string(), error);
    let azure = axum_server::from_tcp(listener)
        .map_err(failed)?
        .acceptor(acceptor)
        .handle(handles[0].clone())
        .serve(arm::router(Arc::clone(&shared)).into_make_service());
    let control = axum_server::from_tcp(control_listener)
        .map_err(failed)?
        .handle(handles[1].clone())
        .serve(control::router(Arc::clone(&shared)).into_make_service());
    let mut tasks = vec![tokio::spawn(azure), tokio::spawn(control)];
    let mut metadata_address = None;
    if let Some(wanted) = options.metadata_listen {
        let (listener, address) = listen(wanted)?;
        let handle = Handle::new();
        let metadata = axum_server::from_tcp(listener)
            .map_err(|error| ServeError::Io(address.to_string(), error))?
            .handle(handle.clone())
            .serve(arm::metadata_router(Arc::clone(&shared)).into_make_service());
        metadata_address = Some(address);
        handles.push(handle);
        tasks.push(tokio::spawn(metadata));
    }
    Ok(RunningSimulator { shared, address, control_address, metadata_address, ca, handles, tasks, _folder: folder })
}

/// An empty scenario still has somebody to sign in and something to look at.
fn complete(scenario: &mut Scenario) {
    if scenario.clients.is_empty() {
        scenario.clients.push(scenario::Client {
            id: "0a000000-0000-4000-8000-000000000001".to_owned(),
            secret: "simulated-secret".to_owned(),
            ..scenario::Client::default()
        });
    }
    if scenario.subscriptions.is_empty() {
        scenario.subscriptions.push(scenario::Subscription::default());
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |error| ServeError::Io(format!("listening on {address}"), error);
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
