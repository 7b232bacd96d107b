//! Plain lines, for a file or a pipe: what is new since the moment before.

use azimage_crds::{ConditionType, ImageVersion};

use super::{Picture, is_summary, target_row};
use crate::{mark::Mark, object::Object, text};

/// Plain lines tell of a copy at every quarter of the way.
const QUARTER: i32 = 25;

impl Picture {
    /// What is new or different, with the time.
    pub fn changes(&self, before: Option<&Self>) -> Vec<String> {
        let before = before.map(Self::facts).unwrap_or_default();
        let new = self.facts().into_iter().filter(|fact| !before.contains(fact));
        new.map(|(_, words)| format!("{}  {}", self.clock.stamp(), text::inert(&words))).collect()
    }

    /// What plain lines tell of, each with a name by which a change is noticed.
    fn facts(&self) -> Vec<(String, String)> {
        let conditions = self.subject.conditions().iter().filter(|condition| !is_summary(condition));
        let mut facts: Vec<(String, String)> = conditions
            .filter(|condition| Mark::of(condition) != Mark::Waiting)
            .map(|condition| {
                let sign = Mark::of(condition).sign();
                let words = format!("{sign} {} ({}): {}", condition.type_, condition.reason, condition.message);
                (condition.type_.clone(), words)
            })
            .collect();
        if let Object::Version(version) = &self.subject {
            facts.extend(regions(version));
        }
        facts.extend(self.related.iter().map(|target| {
            let row = target_row(target);
            (target.address(), format!("{} target {}: {}", row.mark.sign(), target.name(), row.words))
        }));
        let ready = self.subject.condition(ConditionType::Ready).filter(|ready| ready.status != "Unknown");
        facts.extend(ready.map(|ready| {
            let sign = Mark::of(ready).sign();
            ("Ready".to_owned(), format!("{sign} Ready ({}): {}", ready.reason, ready.message))
        }));
        facts
    }
}

fn regions(version: &ImageVersion) -> Vec<(String, String)> {
    let regions = version.status.as_ref().map(|status| status.regions.as_slice()).unwrap_or_default();
    let fact = |region: &azimage_crds::RegionStatus| {
        let shown = region.progress / QUARTER * QUARTER;
        let sign = Mark::of_region(region.state).sign();
        (format!("region {}", region.name), format!("{sign} {} {} {shown}%", region.name, region.state))
    };
    regions.iter().map(fact).collect()
}
