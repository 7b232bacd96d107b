//! Many objects, one line each.

use azimage_crds::ConditionType;

use crate::{
    line::{Line, Style, Weight},
    object::Object,
    rows::{self, Row},
    standing::Standing,
};

/// One line for each object, those first that need a person; with their namespaces, if there may be several.
pub fn lines(objects: &[Object], namespaces: bool, width: usize) -> Vec<Line> {
    let mut sorted: Vec<&Object> = objects.iter().collect();
    sorted.sort_by_key(|object| {
        (std::cmp::Reverse(Standing::of(object)), object.kind(), object.namespace().to_owned(), object.name())
    });
    let rows: Vec<Row> = sorted.into_iter().map(|object| row(object, namespaces)).collect();
    let mut lines = vec![counts(objects)];
    lines.extend(rows::lines(&rows, 2, width));
    lines
}

/// How it stands with all of them: as with the one that needs a person most.
pub fn standing(objects: &[Object]) -> Standing {
    objects.iter().map(Standing::of).max().unwrap_or(Standing::Ready)
}

fn counts(objects: &[Object]) -> Line {
    let count = |standing| objects.iter().filter(|object| Standing::of(object) == standing).count();
    let words = format!(
        "{} ready, {} at work, {} not looked at yet, {} stalled",
        count(Standing::Ready),
        count(Standing::Working),
        count(Standing::Unobserved),
        count(Standing::Stalled)
    );
    Line::default().and(&words, Style::Strong)
}

fn row(object: &Object, namespaces: bool) -> Row {
    let name = if namespaces { format!("{} {}", object.namespace(), object.address()) } else { object.address() };
    let ready = object.condition(ConditionType::Ready);
    let (reason, message) = ready.map_or(("", ""), |ready| (ready.reason.as_str(), ready.message.as_str()));
    let standing = Standing::of(object);
    let message = if standing == Standing::Ready { "" } else { message };
    let mut row = Row::new(standing.mark(), &[&name, object.progress().unwrap_or("-"), reason], message);
    if standing == Standing::Unobserved {
        row.weight = Weight::Matters;
    }
    row
}
