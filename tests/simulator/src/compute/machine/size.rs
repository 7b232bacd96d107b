//! What a size's name says: its architecture, the generations that it boots, its disk controllers ("Azure virtual machine sizes
//! naming conventions", "Support for Generation 2 VMs", "General FAQ for `NVMe`"); and whether a disk fits it.

use http::StatusCode;

use crate::{arm::error::ArmError, compute::image::Image};

/// The parts of a name such as `Standard_D16ads_v5`.
struct Size<'a> {
    /// `D`, `DS`.
    family: &'a str,
    /// `ads`.
    features: String,
    /// The number behind the last `_v`; 1 where there is none.
    version: u32,
}

fn parts(size: &str) -> Size<'_> {
    let mut pieces = size.split('_');
    let first = pieces.next().unwrap_or_default();
    let name = if first.eq_ignore_ascii_case("Standard") { pieces.next().unwrap_or_default() } else { first };
    let digits = name.find(|letter: char| letter.is_ascii_digit()).unwrap_or(name.len());
    let (family, rest) = name.split_at(digits);
    let features = rest.chars().filter(char::is_ascii_lowercase).collect();
    let version = size.rsplit_once("_v").and_then(|(_, version)| version.parse().ok()).unwrap_or(1);
    Size { family, features, version }
}

fn architecture(size: &Size<'_>) -> &'static str {
    if size.features.contains('p') { "Arm64" } else { "x64" }
}

fn boots(size: &Size<'_>, generation: &str) -> bool {
    if generation.eq_ignore_ascii_case("V1") {
        return size.version < 6 && architecture(size) == "x64" && size.family != "DC";
    }
    let premium = size.features.contains('s') || size.family.contains('S');
    !matches!(size.family, "A" | "Basic") && (premium || size.family != "D" || size.version > 3)
}

/// Whether disks of such a machine are reached by `NVMe` only.
pub(crate) fn is_nvme_only(size: &str) -> bool {
    parts(size).version >= 6
}

/// Refuses a size that can't run the system of a disk that exists; `controllers` is what the disk says of them.
pub(super) fn fits_disk(size: &str, image: &Image, controllers: &str) -> Result<(), ArmError> {
    let bad = |message: String| Err(ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", message));
    let parsed = parts(size);
    if !architecture(&parsed).eq_ignore_ascii_case(&image.architecture) {
        return bad(format!(
            "Cannot create a VM of size '{size}' because this VM size only supports a CPU Architecture of '{}', but an image \
             or disk with CPU Architecture '{}' was given. Please check that the CPU Architecture of the image or disk is \
             compatible with that of the VM size.",
            architecture(&parsed),
            image.architecture
        ));
    }
    if !boots(&parsed, &image.hyper_v_generation) {
        let number = image.hyper_v_generation.trim_start_matches(['V', 'v']);
        return bad(format!(
            "The selected VM size '{size}' cannot boot Hypervisor Generation '{number}'. If this was a Create operation \
             please check that the Hypervisor Generation of the Image matches the Hypervisor Generation of the selected VM \
             Size. If this was an Update operation please select a Hypervisor Generation '{number}' VM Size. For more \
             information, see https://aka.ms/azuregen2vm"
        ));
    }
    if is_nvme_only(size) && !controllers.to_lowercase().contains("nvme") {
        return Err(ArmError::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameter",
            format!(
                "The VM size '{size}' cannot boot with OS image or disk. Please check that disk controller types supported by \
                 the OS image or disk is one of the supported disk controller types for the VM size '{size}'. Please query \
                 sku api at https://aka.ms/azure-compute-skus  to determine supported disk controller types for the VM size."
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_a_size_can_do() {
        for (size, architecture_is, first, second, nvme) in [
            ("Standard_D2s_v5", "x64", true, true, false),
            ("Standard_D2ps_v5", "Arm64", false, true, false),
            ("Standard_B2pts_v2", "Arm64", false, true, false),
            ("Standard_D2_v3", "x64", true, false, false),
            ("Standard_DS1_v2", "x64", true, true, false),
            ("Standard_A2_v2", "x64", true, false, false),
            ("Standard_E4-2ds_v5", "x64", true, true, false),
            ("Standard_D8s_v6", "x64", false, true, true),
            ("Standard_NC24ads_A100_v4", "x64", true, true, false),
        ] {
            let parsed = parts(size);
            assert_eq!(architecture(&parsed), architecture_is, "{size}");
            assert_eq!((boots(&parsed, "V1"), boots(&parsed, "V2")), (first, second), "{size}");
            assert_eq!(is_nvme_only(size), nvme, "{size}");
        }
    }
}
