//! How a version came about, as people read it.

use azimage_crds::Evidence;
use serde_json::json;

use super::fixtures::{definition, version};
use crate::{Object, evidence::markdown};

fn evidence(detail: &str) -> Evidence {
    let at = "2026-01-01T00:00:00Z";
    let status = json!({
        "resourceId": "/versions/1.1.0",
        "source": {"location": "westeurope", "imageReference": {"publisher": "Canonical", "offer": "ubuntu"}},
        "provenance": {"steps": 2, "ancestors": [
            {"kind": "ImageVersion", "id": "/versions/1.0.0", "uid": "u-0", "withdrawn": "EndOfLife"},
        ]},
        "guest": {"hygiene": {
            "total": 1, "enforced": 0, "allowed": 1, "findings": [{"kind": "PrivateKey", "path": "/etc/demo.key"}],
        }},
        "steps": [{"name": "Publish", "startedAt": at, "attempts": 1, "correlationId": "c-1"}],
        "validation": {
            "outcome": "Passed", "region": "westeurope", "startedAt": at, "attempts": 1,
            "machines": [{"name": "1", "vmSize": "small", "checks": [{"name": "web", "passed": true, "warning": true, "detail": detail}]}],
        },
        "conditions": [],
    });
    let history = json!([{
        "version": "1.0.0", "action": "Promoted", "time": at, "policy": "Newest", "user": "ada", "regions": ["westeurope"],
    }]);
    let objects = (version("web", status), definition(&json!({"conditions": [], "history": history})));
    let (Object::Version(mut version), Object::Definition(mut definition)) = objects else { panic!("other kinds") };
    for gallery in [&mut version.spec.gallery, &mut definition.spec.gallery] {
        gallery.subscription_id = "00000000-0000-0000-0000-000000000001".into();
    }
    azimage_core::evidence::of(&version, Some(&[&definition])).unwrap()
}

#[test]
fn each_part_is_a_section() {
    let page = markdown(&evidence("slow"));
    for wanted in [
        "| digest | sha256:",
        "| image of the machine | Canonical:ubuntu |",
        "| ImageVersion | /versions/1.0.0 | u-0 | EndOfLife |",
        "| PrivateKey | /etc/demo.key |",
        "| Publish | 2026-01-01T00:00:00Z |  | c-1 |",
        "| 1 | small | web | warns | slow |",
        "| 2026-01-01T00:00:00Z | Promoted | westeurope | ada |  |  |",
        "\n## Conditions\n",
    ] {
        assert!(page.contains(wanted), "{wanted} is missing in\n{page}");
    }
}

#[test]
fn what_a_guest_printed_is_text_and_nothing_else() {
    let page = markdown(&evidence("a|b\n# no\n<script>\u{1b}[2J[x](http://y)"));
    let line = page.lines().find(|line| line.contains("| web |")).unwrap();
    assert!(line.contains(r"a\|b \# no \<script\>") && line.contains(r"\[x\](http://y)"), "{line}");
    assert!(!page.contains('\u{1b}') && !page.lines().any(|line| line.starts_with("# no")));
}
