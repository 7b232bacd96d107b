//! A linter of statuses: the rules that kstatus, Flux, Argo CD and `kubectl wait` rely on. For tests, which run it
//! over every status that they see.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// Longest message that Kubernetes allows in a condition.
const MESSAGE_LIMIT: usize = 32_768;

/// What is wrong with an object's status; empty when nothing is.
pub fn problems(generation: i64, observed_generation: Option<i64>, conditions: &[Condition]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rule = |broken: bool, text: String| {
        if broken {
            found.push(text);
        }
    };
    let get = |kind: &str| conditions.iter().find(|condition| condition.type_ == kind);
    let is = |kind: &str, status: &str| get(kind).is_some_and(|condition| condition.status == status);
    let Some(observed) = observed_generation else {
        return vec!["observedGeneration is absent".to_owned()];
    };
    rule(observed > generation, format!("observedGeneration {observed} is ahead of generation {generation}"));
    rule(get("Ready").is_none(), "Ready is absent".into());
    rule(get("Reconciling").is_some() && get("Stalled").is_some(), "Reconciling and Stalled are both there".into());
    for kind in ["Reconciling", "Stalled"] {
        rule(get(kind).is_some() && !is(kind, "True"), format!("{kind} is there and not True"));
        rule(is(kind, "True") && is("Ready", "True"), format!("{kind} and Ready are both True"));
    }
    rule(is("Stalled", "True") && !is("Ready", "False"), "Stalled without Ready=False".into());
    rule(is("Ready", "Unknown") && !is("Reconciling", "True"), "Ready is Unknown, and nothing is reconciling".into());
    rule(
        !is("Ready", "True") && !is("Reconciling", "True") && !is("Stalled", "True"),
        "not ready, and neither reconciling nor stalled".into(),
    );
    for condition in conditions {
        let kind = &condition.type_;
        rule(
            condition.observed_generation != Some(observed),
            format!("{kind} has another observedGeneration than the status"),
        );
        rule(!is_reason(&condition.reason), format!("{kind} has the reason '{}'", condition.reason));
        rule(condition.message.len() > MESSAGE_LIMIT, format!("{kind} has too long a message"));
        rule(condition.message.trim().is_empty(), format!("{kind} has no message"));
        let twice = conditions.iter().filter(|other| other.type_ == *kind).count() > 1;
        rule(twice, format!("{kind} is there twice"));
        let summary = matches!(kind.as_str(), "Ready" | "Reconciling" | "Stalled");
        // A version is of use although something that was made for it can't be deleted.
        let is_left = kind == "CleanedUp" && condition.status == "False";
        // Whether it is latest, and what became of what it was made from, are other matters than whether it is there.
        let beside = matches!(kind.as_str(), "Promoted" | "LatestReady" | "Exported" | "AncestorsGood");
        rule(
            is("Ready", "True") && !summary && !is_left && !beside && condition.status != "True",
            format!("Ready is True, and {kind} is {}", condition.status),
        );
    }
    found
}

fn is_reason(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use azimage_crds::{ConditionType, Reason};
    use jiff::Timestamp;

    use super::*;
    use crate::{Finding, Progress, condition::render};

    fn good() -> Vec<Condition> {
        let findings = BTreeMap::from([(ConditionType::Published, Finding::yes("done"))]);
        let progress = Progress::reconciling(Reason::Replicating, "waiting");
        render(&[], &[ConditionType::Published], &findings, &progress, 2, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_is_rendered_has_no_problems() {
        for progress in [
            Progress::Settled { message: "done".into() },
            Progress::Idle { reason: Reason::NothingSelected, message: "nothing".into() },
            Progress::reconciling(Reason::Replicating, "waiting"),
            Progress::retrying(Reason::Throttled, "pause"),
            Progress::stalled(Reason::VersionExists, "exists"),
        ] {
            let conditions = render(&[], &[], &BTreeMap::new(), &progress, 2, Timestamp::UNIX_EPOCH);
            assert_eq!(problems(2, Some(2), &conditions), Vec::<String>::new(), "{progress:?}");
        }
    }

    #[test]
    fn each_rule_can_fail() {
        let with = |change: &dyn Fn(&mut Vec<Condition>)| {
            let mut conditions = good();
            change(&mut conditions);
            conditions
        };
        let set = |kind: &'static str, status: &'static str| {
            move |conditions: &mut Vec<Condition>| {
                for condition in conditions.iter_mut().filter(|condition| condition.type_ == kind) {
                    condition.status = status.to_owned();
                }
            }
        };
        let cases: [(&str, Option<i64>, Vec<Condition>); 15] = [
            ("observedGeneration is absent", None, good()),
            ("is ahead of generation", Some(3), good()),
            ("Ready is absent", Some(2), with(&|all| all.retain(|c| c.type_ != "Ready"))),
            ("Reconciling is there and not True", Some(2), with(&set("Reconciling", "False"))),
            ("Reconciling and Ready are both True", Some(2), with(&set("Ready", "True"))),
            ("nothing is reconciling", Some(2), with(&|all| all.retain(|c| c.type_ != "Reconciling"))),
            ("another observedGeneration", Some(2), with(&|all| all[0].observed_generation = Some(1))),
            ("has the reason ''", Some(2), with(&|all| all[0].reason.clear())),
            ("has no message", Some(2), with(&|all| all[0].message.clear())),
            ("is there twice", Some(2), with(&|all| all.push(all[0].clone()))),
            ("both there", Some(2), with(&|all| all.push(Condition { type_: "Stalled".into(), ..all[2].clone() }))),
            ("Stalled without Ready=False", Some(2), with(&|all| all[2].type_ = "Stalled".into())),
            ("neither reconciling nor stalled", Some(2), with(&set("Reconciling", "False"))),
            ("too long a message", Some(2), with(&|all| all[0].message = "x".repeat(MESSAGE_LIMIT + 1))),
            (
                "Ready is True, and Published is Unknown",
                Some(2),
                with(&|all| {
                    set("Ready", "True")(all);
                    set("Published", "Unknown")(all);
                }),
            ),
        ];
        for (expected, observed, conditions) in cases {
            let found = problems(2, observed, &conditions);
            assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:?}");
        }
    }
    #[test]
    fn the_longest_message_and_a_ready_object_with_all_its_conditions_are_in_order() {
        let mut long = good();
        long[0].message = "x".repeat(MESSAGE_LIMIT);
        assert_eq!(problems(2, Some(2), &long), Vec::<String>::new());
        let findings = BTreeMap::from([(ConditionType::Published, Finding::yes("done"))]);
        let settled = Progress::Settled { message: "done".into() };
        let ready = render(&[], &[ConditionType::Published], &findings, &settled, 2, Timestamp::UNIX_EPOCH);
        assert_eq!(problems(2, Some(2), &ready), Vec::<String>::new());
    }
}
