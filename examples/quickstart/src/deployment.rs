//! The controller's command line, from the Deployment that the chart made.

use std::collections::BTreeMap;

use anyhow::Context;
use k8s_openapi::api::apps::v1::Deployment;

/// The arguments of the Deployment's container. Flags in `overrides` get another value: paths in the pod that don't
/// exist outside of it, and addresses.
///
/// # Errors
/// The Deployment has no container with arguments, or lacks a flag that is to be overridden: then the chart changed,
/// and what runs here would no longer be what it installs.
pub(crate) fn arguments(deployment: &Deployment, overrides: &BTreeMap<&str, String>) -> anyhow::Result<Vec<String>> {
    let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let container = pod.and_then(|pod| pod.containers.first()).context("the Deployment has no container")?;
    let mut arguments = container.args.clone().context("the Deployment's container has no arguments")?;
    for (flag, value) in overrides {
        let prefix = format!("{flag}=");
        let argument = arguments
            .iter_mut()
            .find(|argument| argument.starts_with(&prefix))
            .with_context(|| format!("the Deployment's container has no argument {flag}"))?;
        *argument = format!("{prefix}{value}");
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(args: &[&str]) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "azimage"},
            "spec": {
                "selector": {},
                "template": {"spec": {"containers": [{"name": "controller", "args": args}]}},
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_flag_is_overridden_in_its_place_and_the_rest_stays() {
        let deployment = deployment(&["controller", "--health-address=0.0.0.0:8081", "--azure-ca-file=/etc/ca.crt"]);
        let overrides = BTreeMap::from([("--azure-ca-file", "/tmp/ca.pem".to_owned())]);
        let arguments = arguments(&deployment, &overrides).unwrap();
        assert_eq!(arguments, ["controller", "--health-address=0.0.0.0:8081", "--azure-ca-file=/tmp/ca.pem"]);
    }

    #[test]
    fn a_flag_that_the_chart_no_longer_sets_is_an_error_with_its_name() {
        let overrides = BTreeMap::from([("--azure-ca-file", "/tmp/ca.pem".to_owned())]);
        let error = arguments(&deployment(&["controller"]), &overrides).unwrap_err();
        assert!(error.to_string().contains("--azure-ca-file"), "{error}");
    }
}
