//! Never two leaders, over seeds: faults on every request, frozen and killed processes, wrong clocks, meddling people.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    super::Term,
    server::{Fault, Server, elector, seams},
};

const REPLICAS: u8 = 3;
/// For how long things go wrong.
const CHAOS: Duration = Duration::from_secs(300);
/// By when one has to lead, once nothing goes wrong any more: what was sent before may arrive 20 s late.
const CALM: Duration = Duration::from_secs(60);

/// Until when something lasts.
type Until = Arc<Mutex<Instant>>;

/// What one replica does and suffers.
struct Replica {
    number: u8,
    seed: u64,
    server: Server,
    random: Arc<Mutex<StdRng>>,
    /// No request arrives before then.
    partition: Arc<Mutex<Instant>>,
    /// The process stands still until then.
    frozen: Arc<Mutex<Instant>>,
    term: Arc<Mutex<Option<Term>>>,
    calm: Instant,
}

fn draw(random: &Mutex<StdRng>, below: u64) -> u64 {
    random.lock().unwrap().random_range(0..below)
}

impl Replica {
    fn client(&self) -> kube::Client {
        let (random, partition, calm) = (self.random.clone(), self.partition.clone(), self.calm);
        self.server.client(move |_| {
            let now = Instant::now();
            if now >= calm {
                return Fault::None;
            }
            if now < *partition.lock().unwrap() {
                return Fault::Lost;
            }
            match draw(&random, 20) {
                0 => Fault::Lost,
                1 => Fault::AnswerLost,
                2 | 3 => Fault::Late(Duration::from_millis(draw(&random, 20_000))),
                4 => Fault::Status(500),
                5 => Fault::Status(409),
                6 => Fault::Status(429),
                _ => Fault::Late(Duration::from_millis(draw(&random, 50))),
            }
        })
    }

    /// One process after another.
    async fn live(self) {
        for life in 0.. {
            let identity = format!("replica-{}-{life}", self.number);
            let (mut elector, term) = elector(self.client(), &identity, seams(self.seed, self.number));
            *self.term.lock().unwrap() = Some(term);
            // The last ones to be started are left alone.
            let left = self.calm.saturating_duration_since(Instant::now());
            let span = Duration::from_secs(draw(&self.random, 120)).min(left);
            let span = if left.is_zero() { CHAOS } else { span };
            let led = async {
                elector.win(|| ()).await;
                elector.keep().await
            };
            let killed = self.frozen(async { tokio::time::timeout(span, led).await }).await.is_err();
            if killed && draw(&self.random, 2) == 0 {
                self.frozen(elector.release()).await;
            } else {
                drop(elector);
            }
            *self.term.lock().unwrap() = None;
            sleep(Duration::from_millis(draw(&self.random, 5000))).await;
        }
    }

    /// Runs a future that gets nothing done while the process stands still.
    async fn frozen<T>(&self, inner: impl Future<Output = T>) -> T {
        let mut inner = pin!(inner);
        let mut requeue: Option<Pin<Box<tokio::time::Sleep>>> = None;
        poll_fn(|context| {
            let until = *self.frozen.lock().unwrap();
            if Instant::now() < until {
                let sleep = requeue.insert(Box::pin(sleep_until(until)));
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
            inner.as_mut().poll(context)
        })
        .await
    }
}

/// Cuts off, freezes and meddles until it is calm.
async fn trouble(random: Arc<Mutex<StdRng>>, victims: Vec<(Until, Until)>, server: Server, calm: Instant) {
    while Instant::now() < calm {
        sleep(Duration::from_millis(draw(&random, 10_000))).await;
        let (partition, frozen) = &victims[usize::try_from(draw(&random, u64::from(REPLICAS))).unwrap()];
        let until = (Instant::now() + Duration::from_millis(draw(&random, 30_000))).min(calm);
        match draw(&random, 5) {
            0 | 1 => *partition.lock().unwrap() = until,
            2 | 3 => *frozen.lock().unwrap() = until,
            _ => server.edit(|lease| {
                if let Some(spec) = lease.as_mut().and_then(|lease| lease.spec.as_mut()) {
                    spec.holder_identity = None;
                    spec.lease_duration_seconds = spec.lease_duration_seconds.filter(|seconds| *seconds > 1);
                }
            }),
        }
    }
}

/// How many times the leader changed.
async fn run(seed: u64) -> usize {
    let server = Server::default();
    let start = Instant::now();
    let calm = start + CHAOS;
    let random = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
    let mut terms = Vec::new();
    let mut victims = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..REPLICAS {
        let (term, partition, frozen) = (Arc::default(), Arc::new(Mutex::new(start)), Arc::new(Mutex::new(start)));
        terms.push(Arc::clone(&term));
        victims.push((partition.clone(), frozen.clone()));
        let (server, random) = (server.clone(), random.clone());
        tasks.spawn(Replica { number, seed, server, random, partition, frozen, term, calm }.live());
    }
    tasks.spawn(trouble(random, victims, server, calm));
    let mut last = None;
    let mut changes = 0;
    loop {
        let now = Instant::now();
        let leaders: Vec<usize> = terms
            .iter()
            .enumerate()
            .filter(|(_, term)| term.lock().unwrap().as_ref().is_some_and(|term| term.still_held(now)))
            .map(|(number, _)| number)
            .collect();
        let at = start.elapsed();
        assert!(leaders.len() <= 1, "seed {seed}, {at:?}: {leaders:?} lead at the same time");
        if let Some(leader) = leaders.first()
            && last != Some(*leader)
        {
            last = Some(*leader);
            changes += 1;
        }
        if at >= CHAOS + CALM {
            assert_eq!(leaders.len(), 1, "seed {seed}: nobody leads though nothing goes wrong any more");
            return changes;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// `AZIMAGE_ELECTION_SEEDS=1000` runs more of them.
#[test]
fn never_do_two_lead_at_one_instant_and_when_it_is_calm_one_leads() {
    let seeds = std::env::var("AZIMAGE_ELECTION_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let mut changes = 0;
    for seed in 0..seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        changes += runtime.block_on(run(seed));
    }
    assert!(changes > 2 * usize::try_from(seeds).unwrap(), "too quiet to prove anything: {changes} changes");
}
