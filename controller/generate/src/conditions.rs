//! The page that lists every condition type and reason, so that it can't be incomplete.

use std::fmt::Write;

use azimage_crds::{ConditionType, Reason};
use strum::{EnumMessage, IntoEnumIterator};

const TYPES: &str = "# Conditions and reasons

An object's conditions tell how far the work is, in the order of the work. Every condition has a status (`True`,
`False`, `Unknown`), a reason for machines and a message for people. Types and reasons are part of the API: they are
stable, and scripts may rely on them. Messages may change.

`Unknown` means that it isn't known yet, `False` that the contrary was seen or that it failed. `Ready` is always there.
`Reconciling` and `Stalled` are there only while they are `True`, and never both: `Reconciling` says that azimage goes
on by itself, `Stalled` that it can't without a person. These three follow the rules of
[kstatus](https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus), so Flux, Helm and
`kubectl wait` understand them.

## Condition types

| type | of | says |
| -- | -- | -- |
";

const GATES: &str = "
## What to wait for

| what comes next needs | wait for | which changes back when |
| -- | -- | -- |
| the version in every region that asks for it | `Ready` | a region is added, until it is complete there; a region fails |
| the version in the region where it was made | `Published` | somebody deletes the version |
| a version of the image, be it an older one | `status.latest.version` of the ImageDefinition | none is latest any more |

```console
$ kubectl -n images wait imageversion/ubuntu-web-1.4.0 --for=condition=Published --timeout=6h
$ kubectl -n images wait imageversion/ubuntu-web-1.4.0 --for=condition=Ready --timeout=12h
```

An object that nobody has looked at yet has `status.observedGeneration: -1`, so that these tools wait for it, too; a fresh one that is suspended
is `Stalled` with the reason `Suspended`. One that was complete when it was suspended stays `Ready`, and shows so with `-o wide`:

```console
$ kubectl -n images get imageversions --field-selector spec.suspend=false -o wide
```

The same for [Flux](flux.md) and [Argo CD](argocd.md).
";

const STALLED: &str = "
## Reasons that need a person

With one of these the object is `Stalled`, when azimage can't get any further by itself. What to do is in
[troubleshooting.md](troubleshooting.md), and the message says it for the case at hand: [messages.md](messages.md) lists all of them.

| reason | means |
| -- | -- |
";

const OTHERS: &str = "
## Other reasons

Nothing has to be done: the condition is true, or azimage is at work, waits, or tries again.

| reason | means |
| -- | -- |
";

/// The page docs/conditions.md.
pub(crate) fn page() -> String {
    let mut page = TYPES.to_owned();
    for kind in ConditionType::iter() {
        row(&mut page, &[&format!("`{kind}`"), kind.kinds(), kind.get_documentation().unwrap_or_default()]);
    }
    page.push_str(GATES);
    for (heading, stalls) in [(STALLED, true), (OTHERS, false)] {
        page.push_str(heading);
        for reason in Reason::iter().filter(|reason| reason.stalls() == stalls) {
            row(&mut page, &[&format!("`{reason}`"), reason.get_documentation().unwrap_or_default()]);
        }
    }
    page
}

fn row(page: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('\n', " ").replace('|', "\\|")).collect();
    // Writing to a string can't fail.
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_reason_is_listed_with_what_it_means() {
        let page = page();
        let names = ConditionType::iter().map(ConditionType::as_str).chain(Reason::iter().map(Reason::as_str));
        for name in names {
            let rows: Vec<&str> = page.lines().filter(|line| line.starts_with(&format!("| `{name}` |"))).collect();
            assert_eq!(rows.len(), 1, "{name}");
            assert!(!rows[0].contains("|  |"), "{name} has no words");
        }
    }
}
