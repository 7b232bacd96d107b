//! Faults on requests: answered otherwise, late, or not at all.

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::then::Then;

/// A fault on requests. It fires for the matching requests number `skip + 1` to `skip + times`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpFault {
    /// Which requests count.
    #[serde(rename = "match", default)]
    pub matching: Match,
    /// How many matching requests pass first.
    #[serde(default)]
    pub skip: u64,
    /// How many times it fires; absent means for ever.
    #[serde(default)]
    pub times: Option<u64>,
    /// Is the request carried out?
    #[serde(default)]
    pub effect: Effect,
    /// What the caller gets.
    pub then: Then,
}

/// Which requests a fault counts; all given fields must fit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Match {
    /// HTTP method.
    pub method: Option<String>,
    /// Regular expression on the decoded path, without case.
    pub path: Option<String>,
    /// Regular expression on the decoded query.
    pub query: Option<String>,
    /// Subscription id.
    pub subscription: Option<String>,
    /// Id of the application that asks: with a token of its own, or for one.
    pub client: Option<String>,
    /// Only PUT, PATCH, POST and DELETE to Azure Resource Manager, or only the rest.
    pub writes: Option<bool>,
    /// Only requests that were carried out with a status below 400, or only the rest. Needs the effect `Applied`.
    pub succeeds: Option<bool>,
}

/// Is the request carried out?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// No: the fault comes before any effect, and only requests that get here are counted.
    #[default]
    None,
    /// Yes: the fault comes after the effect; only requests that were carried out are counted.
    Applied,
}

/// What is known about a request when faults are looked for.
#[derive(Debug, Clone)]
pub(crate) struct RequestFacts {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) subscription: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) write: bool,
}

/// Whether an id is the wanted one, or any is.
fn is(wanted: Option<&str>, id: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| id.is_some_and(|id| id.eq_ignore_ascii_case(wanted)))
}

struct ArmedFault {
    id: u64,
    fault: HttpFault,
    path: Option<Regex>,
    query: Option<Regex>,
    matched: u64,
    fired: u64,
}

impl ArmedFault {
    fn fits(&self, facts: &RequestFacts, succeeded: Option<bool>) -> bool {
        let wanted = &self.fault.matching;
        wanted.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&facts.method))
            && self.path.as_ref().is_none_or(|path| path.is_match(&facts.path))
            && self.query.as_ref().is_none_or(|query| query.is_match(&facts.query))
            && is(wanted.subscription.as_deref(), facts.subscription.as_deref())
            && is(wanted.client.as_deref(), facts.client.as_deref())
            && wanted.writes.is_none_or(|writes| writes == facts.write)
            && wanted.succeeds.is_none_or(|succeeds| succeeded == Some(succeeds))
    }

    /// Counts a matching request; true when the fault is due.
    fn count(&mut self) -> bool {
        self.matched += 1;
        self.matched > self.fault.skip && self.fault.times.is_none_or(|times| self.fired < times)
    }

    fn comes_before(&self) -> bool {
        self.fault.effect == Effect::None
            && !matches!(self.fault.then, Then::DelaySeconds(_) | Then::Edit(_) | Then::Pass)
    }
}

/// All faults on requests, the oldest first.
#[derive(Default)]
pub(crate) struct HttpFaults {
    armed: Vec<ArmedFault>,
}

impl HttpFaults {
    pub(crate) fn add(&mut self, id: u64, fault: HttpFault) -> Result<(), String> {
        let compile = |pattern: &Option<String>, flags: &str| {
            pattern
                .as_ref()
                .map(|pattern| Regex::new(&format!("{flags}{pattern}")))
                .transpose()
                .map_err(|error| format!("match: {error}"))
        };
        let (path, query) = (compile(&fault.matching.path, "(?i)")?, compile(&fault.matching.query, "")?);
        if fault.matching.succeeds.is_some() && fault.effect == Effect::None {
            return Err("match.succeeds needs effect: Applied, because only then the outcome is known".to_owned());
        }
        if let Then::Respond(respond) = &fault.then {
            respond.check()?;
        }
        self.armed.push(ArmedFault { id, fault, path, query, matched: 0, fired: 0 });
        Ok(())
    }

    /// The fault that keeps this request from being carried out.
    pub(crate) fn before(&mut self, facts: &RequestFacts) -> Option<(u64, Then)> {
        self.first_due(|armed| armed.comes_before() && armed.fits(facts, None))
    }

    /// The fault that changes what the caller sees of a request that was carried out.
    pub(crate) fn after(&mut self, facts: &RequestFacts, succeeded: bool) -> Option<(u64, Then)> {
        self.first_due(|armed| !armed.comes_before() && armed.fits(facts, Some(succeeded)))
    }

    /// Counts for all that fit; the oldest due one fires.
    fn first_due(&mut self, fits: impl Fn(&ArmedFault) -> bool) -> Option<(u64, Then)> {
        let mut winner = None;
        for armed in self.armed.iter_mut().filter(|armed| fits(armed)) {
            if armed.count() && winner.is_none() {
                armed.fired += 1;
                winner = Some((armed.id, armed.fault.then.clone()));
            }
        }
        winner
    }

    pub(crate) fn exists(&self, id: u64) -> bool {
        self.armed.iter().any(|armed| armed.id == id)
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.id != id);
        self.armed.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = (u64, Value, u64, u64)> {
        self.armed
            .iter()
            .map(|armed| (armed.id, serde_json::to_value(&armed.fault).unwrap_or_default(), armed.matched, armed.fired))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(method: &str, subscription: &str) -> RequestFacts {
        RequestFacts {
            method: method.to_owned(),
            path: format!("/subscriptions/{subscription}/resourceGroups/rg"),
            query: "api-version=2024-03-03".to_owned(),
            subscription: Some(subscription.to_owned()),
            client: None,
            write: method != "GET",
        }
    }

    fn armed(json: serde_json::Value) -> HttpFaults {
        let mut faults = HttpFaults::default();
        let fault = serde_json::from_value(json).unwrap();
        faults.add(1, fault).unwrap();
        faults
    }

    #[test]
    fn it_hangs_after_exactly_the_nth_applied_write_of_one_subscription() {
        let mut faults = armed(serde_json::json!({
            "match": {"subscription": "S1", "writes": true, "succeeds": true},
            "skip": 1, "times": 1, "effect": "Applied", "then": "Hang",
        }));
        assert_eq!(faults.after(&facts("PUT", "s1"), true), None, "the first write passes");
        assert_eq!(faults.after(&facts("GET", "s1"), true), None, "reads are not counted");
        assert_eq!(faults.after(&facts("PUT", "s2"), true), None, "other subscriptions are not counted");
        assert_eq!(faults.after(&facts("PUT", "s1"), false), None, "refused writes are not counted");
        assert_eq!(faults.before(&facts("PUT", "s1")), None, "nothing keeps the write from being carried out");
        assert_eq!(faults.after(&facts("POST", "s1"), true), Some((1, Then::Hang)), "the second write hangs");
        assert_eq!(faults.after(&facts("POST", "s1"), true), None, "only once");
        let (_, _, matched, fired) = faults.states().next().unwrap();
        assert_eq!((matched, fired), (3, 1));
    }

    #[test]
    fn it_answers_before_any_effect() {
        let mut faults = armed(serde_json::json!({
            "match": {"method": "put"}, "then": {"respond": {"status": 429, "headers": {"retry-after": "7"}}},
        }));
        assert!(matches!(faults.before(&facts("PUT", "s")), Some((1, Then::Respond(_)))));
        assert_eq!(faults.before(&facts("GET", "s")), None);
        assert_eq!(faults.after(&facts("PUT", "s"), true), None);
    }

    #[test]
    fn wrong_faults_are_refused() {
        let mut faults = HttpFaults::default();
        for json in [
            serde_json::json!({"match": {"path": "("}, "then": "Reset"}),
            serde_json::json!({"match": {"succeeds": true}, "then": "Reset"}),
            serde_json::json!({"then": {"respond": {"status": 99}}}),
            serde_json::json!({"then": {"respond": {"status": 200, "bodyBase64": "?"}}}),
        ] {
            assert!(faults.add(1, serde_json::from_value(json.clone()).unwrap()).is_err(), "{json}");
        }
        assert!(serde_json::from_value::<HttpFault>(serde_json::json!({"mtach": {}, "then": "Reset"})).is_err());
    }
}
