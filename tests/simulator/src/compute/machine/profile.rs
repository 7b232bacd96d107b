//! Whether a new machine's OS and security profiles fit what it is made from (behaviour section 20).

use http::StatusCode;
use serde_json::{Value, json};

use super::parts::merge_defaults;
use crate::{arm::error::ArmError, compute::image::Image};

fn wrong(target: &str, message: impl Into<String>) -> Result<(), ArmError> {
    Err(ArmError::parameter(target, message))
}

/// A generalized image needs an OS profile, everything else must not have one.
pub(super) fn os_profile_fits(profile: &Value, image: &Image, attached: bool, machine: &str) -> Result<(), ArmError> {
    if attached || !image.generalized {
        return if profile.is_object() { wrong("osProfile", "Parameter 'osProfile' is not allowed.") } else { Ok(()) };
    }
    if !profile.is_object() {
        return wrong("osProfile", "Required parameter 'osProfile' is missing (null).");
    }
    if profile["adminUsername"].as_str().is_none_or(str::is_empty) {
        return wrong("osProfile.adminUsername", "Required parameter 'osProfile.adminUsername' is missing (null).");
    }
    let password = profile["adminPassword"].as_str().is_some_and(|password| !password.is_empty());
    if image.os_type == "Windows" {
        let name = profile["computerName"].as_str().unwrap_or(machine);
        if name.len() > 15 || name.bytes().all(|byte| byte.is_ascii_digit()) {
            return wrong(
                "osProfile.computerName",
                "Windows computer name cannot be more than 15 characters long, be entirely numeric, or contain special \
                 characters.",
            );
        }
        if !password {
            return wrong("osProfile.adminPassword", "Required parameter 'osProfile.adminPassword' is missing (null).");
        }
        return Ok(());
    }
    let linux = &profile["linuxConfiguration"];
    let keys = linux["ssh"]["publicKeys"].as_array().is_some_and(|keys| !keys.is_empty());
    let passwords = password && !linux["disablePasswordAuthentication"].as_bool().unwrap_or(false);
    if keys || passwords {
        return Ok(());
    }
    wrong(
        "linuxConfiguration",
        "Authentication using either SSH or by user name and password must be enabled in Linux profile. For more information, \
         see https://aka.ms/LinuxPasswords.",
    )
}

/// Fills in what Azure shows of every OS profile; a machine around a disk that exists has none.
pub(super) fn complete(profile: &mut Value, os_type: &str) {
    if !profile.is_object() {
        return;
    }
    merge_defaults(
        profile,
        &json!({"secrets": [], "allowExtensionOperations": true, "requireGuestProvisionSignal": true}),
    );
    let (configuration, mode) = match os_type {
        "Windows" => ("windowsConfiguration", "AutomaticByOS"),
        _ => ("linuxConfiguration", "ImageDefault"),
    };
    let patches = json!({"patchMode": mode, "assessmentMode": "ImageDefault"});
    merge_defaults(profile, &json!({configuration: {"provisionVMAgent": true, "patchSettings": patches}}));
}

/// The machine's security type must be one that the image may be deployed with.
pub(super) fn security_fits(profile: &Value, image: &Image) -> Result<(), ArmError> {
    let wanted = profile["securityType"].as_str().unwrap_or("Standard").to_lowercase();
    let offered = image.security_type.to_lowercase();
    let refuse = |message: String| Err(ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", message));
    match offered.as_str() {
        "trustedlaunch" | "confidentialvm" if wanted != offered => refuse(format!(
            "The provided gallery image only supports creation of VMs and VM Scale Sets with '{}' security type.",
            image.security_type
        )),
        "trustedlaunch" | "confidentialvm" => Ok(()),
        _ if wanted == "standard" => Ok(()),
        _ if image.hyper_v_generation.eq_ignore_ascii_case("V2")
            && offered.ends_with("supported")
            && offered.contains(&wanted) =>
        {
            Ok(())
        }
        _ => refuse(format!(
            "Use of {} setting is not supported for the provided image. Please select Trusted Launch Supported Gen2 OS Image. \
             For more information, see https://aka.ms/TrustedLaunch-FAQ.",
            profile["securityType"].as_str().unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn image(os_type: &str, generation: &str, security: &str, generalized: bool) -> Image {
        Image {
            os_type: os_type.to_owned(),
            hyper_v_generation: generation.to_owned(),
            architecture: "x64".to_owned(),
            generalized,
            security_type: security.to_owned(),
            size_gb: 30,
            data_disks: Vec::new(),
            contents: crate::guest::linux::pristine(),
            exact_version: None,
        }
    }

    #[test]
    fn each_image_takes_its_own_security_types() {
        for (generation, offered, wanted, fits) in [
            ("V2", "Standard", None, true),
            ("V2", "Standard", Some("Standard"), true),
            ("V2", "Standard", Some("TrustedLaunch"), false),
            ("V2", "TrustedLaunch", None, false),
            ("V2", "TrustedLaunch", Some("TrustedLaunch"), true),
            ("V2", "TrustedLaunch", Some("ConfidentialVM"), false),
            ("V2", "TrustedLaunchSupported", None, true),
            ("V2", "TrustedLaunchSupported", Some("TrustedLaunch"), true),
            ("V1", "TrustedLaunchSupported", Some("TrustedLaunch"), false),
            ("V2", "TrustedLaunchAndConfidentialVmSupported", Some("ConfidentialVM"), true),
        ] {
            let profile = wanted.map_or(Value::Null, |wanted| json!({"securityType": wanted}));
            let result = security_fits(&profile, &image("Linux", generation, offered, true));
            assert_eq!(result.is_ok(), fits, "{generation} {offered} {wanted:?}");
        }
    }

    #[test]
    fn a_generalized_image_needs_a_profile_and_a_specialized_one_refuses_it() {
        let keys = json!({"adminUsername": "a", "linuxConfiguration": {"ssh": {"publicKeys": [{"keyData": "k"}]}}});
        let password = json!({"adminUsername": "a", "adminPassword": "p"});
        let disabled = json!({"adminUsername": "a", "adminPassword": "p", "linuxConfiguration": {"disablePasswordAuthentication": true}});
        for (name, profile, os_type, generalized, attached, words) in [
            ("nothing", Value::Null, "Linux", true, false, "Required parameter 'osProfile' is missing (null)."),
            ("no account", json!({}), "Linux", true, false, "adminUsername"),
            ("a key", keys.clone(), "Linux", true, false, ""),
            ("a password", password.clone(), "Linux", true, false, ""),
            ("no way in", disabled, "Linux", true, false, "must be enabled in Linux profile"),
            ("specialized", Value::Null, "Linux", false, false, ""),
            ("specialized with a profile", keys, "Linux", false, false, "Parameter 'osProfile' is not allowed."),
            ("attached with a profile", password.clone(), "Linux", true, true, "Parameter 'osProfile' is not allowed."),
            ("a long name on Windows", password, "Windows", true, false, "15 characters"),
        ] {
            let result = os_profile_fits(
                &profile,
                &image(os_type, "V2", "Standard", generalized),
                attached,
                "a-long-machine-name",
            );
            let message = result.err().map(|error| error.message).unwrap_or_default();
            assert!(if words.is_empty() { message.is_empty() } else { message.contains(words) }, "{name}: {message}");
        }
    }
}
