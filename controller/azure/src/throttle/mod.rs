//! Budgets of requests: they learn from what Azure answers, and hold a call back before Azure has to.
//!
//! Nothing in here waits. A call that may not go now is told for how long, at once, and nobody holds anything meanwhile.

mod bucket;
mod class;
mod level;
mod queue;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderMap;
use tokio::time::Instant;

pub(crate) use bucket::Ask;
use bucket::Bucket;
pub use bucket::Urgency;
pub use class::Class;
pub(crate) use class::RequestClass;
use level::Level;

use crate::arm::error::Error;

/// Above so many budgets, those that are full and that nobody waits for are forgotten.
const MANY: usize = 1024;

/// A number from 0 up to 1, by which waits are spread.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// All budgets of a process, shared by the clients of all identities. Clones are the same.
#[derive(Clone)]
pub struct Budgets(Arc<Inner>);

struct Inner {
    jitter: Jitter,
    speed: f64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    buckets: BTreeMap<Key, Bucket>,
    counts: BTreeMap<Class, Counts>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    principal: Arc<str>,
    subscription: String,
    region: String,
    class: Class,
    resource: Option<String>,
}

/// How it stands with one class, over all identities and subscriptions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Requests that were sent.
    pub sent: u64,
    /// Requests that Azure refused with 429.
    pub refused: u64,
    /// Calls that were held back here and not sent.
    pub held_back: u64,
    /// Calls that wait now.
    pub waiting: usize,
    /// What is left of the emptiest budget, from 0 to 1.
    pub left: f64,
}

impl fmt::Debug for Budgets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Budgets").finish_non_exhaustive()
    }
}

impl Default for Budgets {
    /// Without jitter, at the pace of the real Azure.
    fn default() -> Self {
        Self::new(Arc::new(|| 0.0), 1.0)
    }
}

impl Budgets {
    /// Full budgets. `speed` is how many seconds pass in Azure in one real one: 1, but for a simulated Azure.
    pub fn new(jitter: Jitter, speed: f64) -> Self {
        Self(Arc::new(Inner { jitter, speed, state: Mutex::default() }))
    }

    /// Takes one request out of all budgets that it counts against, or tells how long to wait, and takes nothing.
    pub(crate) fn admit(&self, principal: &Arc<str>, counted: &RequestClass, ask: &Ask) -> Result<Flight, Duration> {
        let now = Instant::now();
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(principal, counted);
        let speed = self.0.speed;
        let waits: Vec<Option<Duration>> =
            keys.iter().map(|key| state.bucket(key, speed, now).wait(ask, now)).collect();
        let longest = waits.iter().copied().max().flatten();
        let held_back = longest.is_some();
        for class in [counted.gateway, counted.provider] {
            let counts = state.counts.entry(class).or_default();
            counts.held_back += u64::from(held_back);
            counts.sent += u64::from(!held_back);
        }
        let Some(longest) = longest else {
            for key in &keys {
                state.bucket(key, speed, now).admit(ask, now);
            }
            drop(state);
            return Ok(Flight { budgets: self.clone(), keys });
        };
        let wait = self.spread(longest);
        // It waits where it could not go, and everywhere for the time at which it comes.
        for (key, _) in keys.iter().zip(waits).filter(|(_, wait)| wait.is_some()) {
            state.bucket(key, speed, now).defer(ask, now + wait, now);
        }
        Err(wait)
    }

    /// A wait, never shorter, up to a tenth longer.
    fn spread(&self, wait: Duration) -> Duration {
        wait.mul_f64(1.0 + (self.0.jitter)().clamp(0.0, 1.0) / 10.0)
    }

    /// Learns from an answer that lets the request pass.
    pub(crate) fn passed(&self, principal: &Arc<str>, counted: &RequestClass, headers: &HeaderMap) {
        let now = Instant::now();
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (gateway, provider, resource) = budget_keys(principal, counted);
        let word = match counted.gateway {
            Class::Deletes => "deletes",
            Class::Writes => "writes",
            _ => "reads",
        };
        let own = number(headers, &format!("x-ms-ratelimit-remaining-subscription-{word}"));
        let speed = self.0.speed;
        let gateway = state.bucket(&gateway, speed, now);
        gateway.passed();
        gateway.learn(0, own, None, now);
        let said = policies(headers);
        let least = |fits: fn(&str) -> bool| said.iter().filter(|(name, _)| fits(name)).map(|(_, left)| *left).min();
        let long = least(|name| name.ends_with("30Min"));
        let of_resource = least(|name| name.ends_with("Resource"));
        let short = least(|name| !name.ends_with("30Min") && !name.ends_with("Resource"));
        let provider = state.bucket(&provider, speed, now);
        provider.passed();
        // What is told of one kind of request says nothing of another one that only shares the bucket.
        if counted.provider != Class::Other {
            provider.learn(0, short, Some(180.0 / speed), now);
            provider.learn(1, long, Some(1800.0 / speed), now);
        }
        if let Some(resource) = resource {
            let resource = state.bucket(&resource, speed, now);
            resource.passed();
            resource.learn(0, of_resource, None, now);
        }
    }

    /// Azure refused with 429: closes the budget that it means, or those that it may mean. The answer is how long to
    /// wait, never less than told.
    pub(crate) fn refused(
        &self,
        principal: &Arc<str>,
        counted: &RequestClass,
        error: &Error,
        told: Duration,
    ) -> Duration {
        let now = Instant::now();
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (gateway, provider, resource) = budget_keys(principal, counted);
        let code = error.code().unwrap_or_default();
        let meant: Vec<Key> = if code == "SubscriptionRequestsThrottled" {
            state.counts.entry(counted.gateway).or_default().refused += 1;
            vec![gateway]
        } else {
            state.counts.entry(counted.provider).or_default().refused += 1;
            [provider].into_iter().chain(resource).collect()
        };
        let wait = self.spread(told.max(Duration::from_secs(1)));
        for key in &meant {
            state.bucket(key, self.0.speed, now).pause(now + wait, now);
        }
        wait
    }

    /// How it stands, by class; only of classes that were used.
    pub fn counts(&self) -> BTreeMap<Class, Counts> {
        let now = Instant::now();
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = state.counts.clone();
        for entry in counts.values_mut() {
            entry.left = 1.0;
        }
        for (key, bucket) in &state.buckets {
            if let Some(entry) = counts.get_mut(&key.class) {
                entry.waiting += bucket.waiting(now);
                entry.left = entry.left.min(bucket.share(now));
            }
        }
        counts
    }
}

/// A request on its way, until this is dropped.
#[derive(Debug)]
pub(crate) struct Flight {
    budgets: Budgets,
    keys: Vec<Key>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.budgets.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            if let Some(bucket) = state.buckets.get_mut(key) {
                bucket.complete();
            }
        }
    }
}

impl State {
    fn bucket(&mut self, key: &Key, speed: f64, now: Instant) -> &mut Bucket {
        if self.buckets.len() >= MANY && !self.buckets.contains_key(key) {
            self.buckets.retain(|_, bucket| !bucket.idle(now));
        }
        self.buckets.entry(key.clone()).or_insert_with(|| {
            let limit = if key.resource.is_some() { key.class.of_resource() } else { key.class.of_principal() };
            Bucket::new(limit.map(|(size, minute)| Level::flow(size, minute / 60.0 * speed, now)))
        })
    }
}

/// The budgets of Resource Manager, of the provider, and of the resource.
fn budget_keys(principal: &Arc<str>, counted: &RequestClass) -> (Key, Key, Option<Key>) {
    let key = |class: Class, region: &str, resource: Option<&String>| Key {
        principal: principal.clone(),
        subscription: counted.subscription.clone(),
        region: region.to_owned(),
        class,
        resource: resource.cloned(),
    };
    (
        key(counted.gateway, "", None),
        key(counted.provider, &counted.region, None),
        counted.resource.as_ref().map(|resource| key(counted.provider, &counted.region, Some(resource))),
    )
}

fn keys(principal: &Arc<str>, counted: &RequestClass) -> Vec<Key> {
    let (gateway, provider, resource) = budget_keys(principal, counted);
    [gateway, provider].into_iter().chain(resource).collect()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `Microsoft.Compute/Name3Min;49,Microsoft.Compute/Name30Min;298`, in one header or in several.
fn policies(headers: &HeaderMap) -> Vec<(String, u32)> {
    let values = headers.get_all("x-ms-ratelimit-remaining-resource").iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .filter_map(|entry| {
            let (name, left) = entry.trim().split_once(';')?;
            Some((name.to_owned(), left.trim().parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests;
