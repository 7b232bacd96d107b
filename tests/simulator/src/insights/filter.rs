//! The few forms of `$filter` that the activity log takes.

use http::StatusCode;
use jiff::Timestamp;

use crate::{arm::error::ArmError, resources::activity::Entry};

/// From when to when, and at most one thing more.
#[derive(Debug, PartialEq)]
pub(super) struct Filter {
    from: Timestamp,
    to: Timestamp,
    also: Option<(Field, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Group,
    Resource,
    Provider,
    Correlation,
}

const FIELDS: [(&str, Field); 4] = [
    ("resourceGroupName", Field::Group),
    ("resourceUri", Field::Resource),
    ("resourceProvider", Field::Provider),
    ("correlationId", Field::Correlation),
];

impl Filter {
    pub(super) fn read(given: Option<&str>) -> Result<Self, ArmError> {
        let refuse = |text: String| Err(ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", text));
        let Some(given) = given else {
            return refuse("The $filter query parameter is required.".to_owned());
        };
        let unknown = || {
            refuse(format!(
                "The filter '{given}' is not supported. It takes eventTimestamp ge '…' and eventTimestamp le '…', and then at \
                 most one of resourceGroupName, resourceUri, resourceProvider and correlationId with eq '…'."
            ))
        };
        let mut clauses = Vec::new();
        for clause in given.split(" and ") {
            let mut words = clause.trim().splitn(3, ' ');
            let (Some(field), Some(operator), Some(value)) = (words.next(), words.next(), words.next()) else {
                return unknown();
            };
            let value = value.trim();
            let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            // Points in time may stand without quotes, as azure-cli writes them.
            match quoted.or((operator != "eq" && !value.contains('\'')).then_some(value)) {
                Some(value) => clauses.push((field, operator, value)),
                None => return unknown(),
            }
        }
        let ([(first, "ge", from), (second, "le", to)] | [(first, "ge", from), (second, "le", to), _]) = clauses[..]
        else {
            return unknown();
        };
        let (Some(from), Some(to)) = (instant(from), instant(to)) else { return unknown() };
        if [first, second].iter().any(|field| !field.eq_ignore_ascii_case("eventTimestamp")) {
            return unknown();
        }
        let also = match clauses.get(2) {
            None => None,
            Some((name, "eq", value)) => match FIELDS.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)) {
                Some((_, field)) => Some((*field, (*value).to_lowercase())),
                None => return unknown(),
            },
            Some(_) => return unknown(),
        };
        Ok(Self { from, to, also })
    }

    pub(super) fn takes(&self, entry: &Entry) -> bool {
        let activity = &entry.activity;
        let is = |value: Option<&str>, wanted: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        (self.from..=self.to).contains(&entry.at)
            && match &self.also {
                None => true,
                Some((Field::Group, wanted)) => is(activity.group.as_deref(), wanted),
                Some((Field::Resource, wanted)) => is(Some(&activity.resource), wanted),
                Some((Field::Provider, wanted)) => is(activity.namespace.as_deref(), wanted),
                Some((Field::Correlation, wanted)) => is(Some(&activity.correlation), wanted),
            }
    }
}

/// A point in time; one without a zone is in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_published_forms_are_taken() {
        let time = "eventTimestamp ge '2026-01-01T00:00:00Z' and eventTimestamp le '2026-01-02T00:00:00Z'";
        for more in [
            "",
            " and resourceGroupName eq 'rg'",
            " and resourceUri eq '/x'",
            " and resourceProvider eq 'Microsoft.Compute'",
            " and correlationId eq 'x'",
        ] {
            assert!(Filter::read(Some(&format!("{time}{more}"))).is_ok(), "{more}");
        }
        let bare = "eventTimestamp ge 2026-01-01T00:00:00.445880 and eventTimestamp le 2026-01-02T00:00:00.445880";
        assert!(Filter::read(Some(bare)).is_ok(), "as azure-cli writes it");
        let wrong = [
            format!("{time} and caller eq 'me'"),
            format!("{time} and resourceGroupName ne 'rg'"),
            format!("{time} and resourceGroupName eq 'rg' and correlationId eq 'x'"),
            "eventTimestamp ge '2026-01-01T00:00:00Z'".to_owned(),
            "eventTimestamp ge 'yesterday' and eventTimestamp le '2026-01-02T00:00:00Z'".to_owned(),
            "resourceGroupName eq 'rg'".to_owned(),
            String::new(),
        ];
        for filter in &wrong {
            assert_eq!(Filter::read(Some(filter)).unwrap_err().status, StatusCode::BAD_REQUEST, "{filter}");
        }
        assert!(Filter::read(None).unwrap_err().message.contains("required"));
    }
}
