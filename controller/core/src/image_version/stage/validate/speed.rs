//! Whether the machines came up as fast as those of the last good versions of the image definition.

use azimage_crds::{SlowdownAction, ValidationCheckStatus, ValidationMachine, ValidationTimings};

use super::super::super::{GoodVersion, SlowdownSpec};
use crate::message::phrases;

/// What the check is called.
const NAME: &str = "Speed";

/// A difference that tells nothing, in seconds: figures are whole seconds, and no two hosts are alike.
const NOISE_SECONDS: i32 = 10;

/// What a figure is called, and which it is.
type Figure = (&'static str, fn(&ValidationTimings) -> Option<i32>);

/// What is compared: no figure that depends on when azimage looked.
const FIGURES: [Figure; 3] = [
    ("provisioning", |timings| timings.provisioning_seconds),
    ("the boot", |timings| timings.boot_seconds),
    ("the first boot", |timings| timings.first_boot_seconds),
];

phrases! {
    /// What azimage finds on a machine that came up later than those of the last good versions.
    pub(in crate::image_version) enum Slow ["`status.validation`"] {
        Took { what: &'static str, seconds: i32, good: usize, size: String, median: i32, most: i64 } =>
            "{what} took {seconds} seconds; the median of the last {good} good versions on {size} is {median}, and \
             spec.validation.maxSlowdown allows {most}",
    }
}

/// A figure of a machine beside those of the good versions on machines of the same size.
struct Compared {
    seconds: i32,
    median: i32,
    good: usize,
    most: i64,
}

impl Compared {
    fn is_slow(&self) -> bool {
        i64::from(self.seconds) > self.most
    }
}

/// The check of each of the machines, in their order; none of one that can't be compared. A figure counts as slow if it is so on
/// every machine that can be compared: one host may have a bad day.
pub(super) fn judge(
    machines: &[ValidationMachine],
    good: &[GoodVersion],
    limit: &SlowdownSpec,
) -> Vec<Option<ValidationCheckStatus>> {
    let compared: Vec<Vec<Option<Compared>>> =
        machines.iter().map(|machine| FIGURES.map(|figure| compare(machine, figure, good, limit)).into()).collect();
    let slow_everywhere = |at: usize| {
        let mut of_all = compared.iter().filter_map(|machine| machine.get(at)?.as_ref()).peekable();
        of_all.peek().is_some() && of_all.all(Compared::is_slow)
    };
    let slow = (0..FIGURES.len()).find(|at| slow_everywhere(*at));
    let words = |machine: &ValidationMachine, compared: &[Option<Compared>]| {
        let at = slow?;
        let Compared { seconds, median, good, most } = *compared.get(at)?.as_ref()?;
        let (what, _) = FIGURES.get(at)?;
        let size = machine.vm_size.clone().unwrap_or_default();
        Some(Slow::Took { what, seconds, good, size, median, most }.to_string())
    };
    let check = |(machine, compared): (&ValidationMachine, &Vec<Option<Compared>>)| {
        compared.iter().any(Option::is_some).then(|| {
            let detail = words(machine, compared);
            let is_warning = detail.is_some() && limit.action == SlowdownAction::Warn;
            let passed = detail.is_none() || is_warning;
            ValidationCheckStatus { name: NAME.to_owned(), passed, warning: is_warning, seconds: None, detail }
        })
    };
    machines.iter().zip(&compared).map(check).collect()
}

fn compare(
    machine: &ValidationMachine,
    (_, figure): Figure,
    good: &[GoodVersion],
    limit: &SlowdownSpec,
) -> Option<Compared> {
    let seconds = figure(machine.timings.as_ref()?)?;
    let size = machine.vm_size.as_deref()?;
    let of = |good: &GoodVersion| -> Vec<i32> {
        let same = good.machines.iter().filter(|(theirs, _)| theirs.eq_ignore_ascii_case(size));
        same.filter_map(|(_, timings)| figure(timings)).collect()
    };
    let samples: Vec<Vec<i32>> = good.iter().map(of).filter(|samples| !samples.is_empty()).collect();
    if samples.len() < limit.minimum_samples.max(1) {
        return None;
    }
    let median = median(samples.concat())?;
    let allowed = i64::from(median).saturating_mul(100_i64.saturating_add(limit.percent.into())) / 100;
    let most = allowed.max(i64::from(median) + i64::from(NOISE_SECONDS));
    Some(Compared { seconds, median, good: samples.len(), most })
}

fn median(mut figures: Vec<i32>) -> Option<i32> {
    figures.sort_unstable();
    let (lower, upper) = (figures.get(figures.len().checked_sub(1)? / 2)?, figures.get(figures.len() / 2)?);
    Some(i32::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timings(provisioning: i32, boot: i32) -> ValidationTimings {
        ValidationTimings {
            provisioning_seconds: Some(provisioning),
            boot_seconds: Some(boot),
            agent_seconds: Some(900),
            ..ValidationTimings::default()
        }
    }

    fn machine(name: &str, size: &str, (provisioning, boot): (i32, i32)) -> ValidationMachine {
        ValidationMachine {
            name: name.into(),
            vm_size: Some(size.into()),
            failures: 0,
            failed_virtual_machine_uid: None,
            timings: Some(timings(provisioning, boot)),
            agent_version: None,
            checks: Vec::new(),
            console: None,
        }
    }

    /// What is the matter, the good versions, the sizes and figures of both machines, and what is found on them.
    type Row<'a> = (&'a str, &'a [GoodVersion], [(&'a str, (i32, i32)); 2], [&'a str; 2]);

    fn good(size: &str, figures: &[(i32, i32)]) -> Vec<GoodVersion> {
        let of = |(provisioning, boot): &(i32, i32)| GoodVersion {
            machines: vec![(size.into(), timings(*provisioning, *boot))],
        };
        figures.iter().map(of).collect()
    }

    #[test]
    fn a_version_is_slow_that_is_so_on_every_machine_that_can_be_compared() {
        let usual = good("A", &[(60, 20), (62, 22), (500, 200), (58, 19), (61, 21)]);
        let both = [good("A", &[(60, 20); 3]), good("B", &[(100, 40); 3])].concat();
        let rows: [Row; 11] = [
            ("as fast", &usual, [("A", (61, 20)), ("A", (60, 21))], ["passed", "passed"]),
            (
                "one odd version moves no median",
                &usual,
                [("A", (92, 20)), ("A", (95, 21))],
                ["provisioning", "provisioning"],
            ),
            ("just not slower", &usual, [("A", (91, 20)), ("A", (91, 20))], ["passed", "passed"]),
            ("on one host alone", &usual, [("A", (300, 20)), ("A", (60, 20))], ["passed", "passed"]),
            ("within the noise", &usual, [("A", (60, 31)), ("A", (60, 31))], ["passed", "passed"]),
            ("a slow boot", &usual, [("A", (60, 32)), ("A", (60, 40))], ["the boot", "the boot"]),
            ("different figures", &usual, [("A", (200, 20)), ("A", (60, 90))], ["passed", "passed"]),
            ("another size", &usual, [("B", (900, 900)), ("C", (900, 900))], ["", ""]),
            ("one of another size", &usual, [("B", (900, 900)), ("A", (900, 20))], ["", "provisioning"]),
            ("each by its size", &both, [("A", (120, 20)), ("b", (200, 40))], ["provisioning", "provisioning"]),
            ("too few good ones", &usual[..2], [("A", (900, 900)), ("A", (900, 900))], ["", ""]),
        ];
        for (case, good, [first, second], expected) in rows {
            let machines = [machine("1", first.0, first.1), machine("2", second.0, second.1)];
            for action in [SlowdownAction::Fail, SlowdownAction::Warn] {
                let limit = SlowdownSpec { percent: 50, action, minimum_samples: 3 };
                let found = judge(&machines, good, &limit);
                let told = found.iter().map(|check| match check {
                    None => String::new(),
                    Some(check) => match &check.detail {
                        None => "passed".to_owned(),
                        Some(detail) => {
                            assert_eq!((check.passed, check.warning), (action == SlowdownAction::Warn, check.passed));
                            detail.split_once(" took ").unwrap().0.to_owned()
                        }
                    },
                });
                assert_eq!(told.collect::<Vec<_>>(), expected, "{case}");
            }
        }
    }

    #[test]
    fn both_figures_are_told() {
        let limit = SlowdownSpec { percent: 50, action: SlowdownAction::Fail, minimum_samples: 3 };
        let found =
            judge(&[machine("1", "A", (130, 20))], &good("A", &[(60, 20), (61, 20), (63, 20), (64, 20)]), &limit);
        let detail = found[0].as_ref().unwrap().detail.clone().unwrap();
        assert_eq!(
            detail,
            "provisioning took 130 seconds; the median of the last 4 good versions on A is 62, and \
             spec.validation.maxSlowdown allows 93"
        );
    }

    #[test]
    fn a_median_is_in_the_middle() {
        for (figures, expected) in [(vec![], None), (vec![7], Some(7)), (vec![9, 1], Some(5)), (vec![9, 1, 2], Some(2))]
        {
            assert_eq!(median(figures.clone()), expected, "{figures:?}");
        }
    }
}
