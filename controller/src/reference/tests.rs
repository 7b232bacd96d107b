//! Each form as it is printed.

use azimage_crds::ImageDefinition;
use azimage_names::Region;
use serde_json::{Value, json};

use super::*;

const ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corpGallery/images/ubuntu-web/versions";

fn definition(export: &Value, latest: Option<&str>) -> ImageDefinition {
    let latest = latest.map(
        |version| json!({"version": version, "resourceId": format!("{ID}/{version}"), "since": "2026-01-01T00:00:00Z"}),
    );
    serde_json::from_value(json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "ubuntu-web", "namespace": "images"},
        "spec": {
            "gallery": {"subscriptionId": "x", "resourceGroup": "images", "name": "corpGallery"},
            "management": "Observe", "export": export,
        },
        "status": {"latest": latest, "regions": [{"name": "eastus2", "version": "1.3.9"}, {"name": "westeurope", "version": "1.4.0"}]},
    }))
    .unwrap()
}

fn printed(form: ReferenceForm, region: Option<&str>) -> String {
    let region = region.map(|region| Region::parse(region).unwrap());
    let object = definition(&json!({"configMapName": "web-latest", "prefix": "WEB"}), Some("1.4.0"));
    render(&object, region.as_ref(), form).unwrap()
}

#[test]
fn each_form_is_printed_as_its_tool_reads_it() {
    let says = "What is latest of the ImageDefinition images/ubuntu-web: 1.4.0";
    let bicep = format!("// {says}\nvar imageReference = {{\n  id: '{ID}/1.4.0'\n}}\n");
    assert_eq!(printed(ReferenceForm::Bicep, None), bicep);

    let arm: Value = serde_json::from_str(&printed(ReferenceForm::Arm, None)).unwrap();
    assert_eq!(arm["parameters"], json!({"imageId": {"value": format!("{ID}/1.4.0")}}));
    assert_eq!(arm["contentVersion"], "1.0.0.0");

    let terraform = r#"# The subscription is that of the provider: 00000000-0000-0000-0000-000000000001
data "azurerm_shared_image_version" "ubuntu_web" {
  name                = "1.4.0"
  image_name          = "ubuntu-web"
  gallery_name        = "corpGallery"
  resource_group_name = "images"
}
# In a machine or a scale set:
# source_image_id = data.azurerm_shared_image_version.ubuntu_web.id
"#;
    assert_eq!(printed(ReferenceForm::Terraform, None), format!("# {says}\n{terraform}"));

    let yaml = |form| -> Value { serde_saphyr::from_str(&printed(form, None)).unwrap() };
    let gallery = json!({
        "subscriptionID": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "gallery": "corpGallery",
        "name": "ubuntu-web", "version": "1.4.0",
    });
    assert_eq!(yaml(ReferenceForm::Capz), json!({"image": {"computeGallery": gallery}}));
    let class = json!({
        "apiVersion": "karpenter.azure.com/v1alpha1", "kind": "AzureNodeClass", "metadata": {"name": "ubuntu-web"},
        "spec": {"imageID": format!("{ID}/1.4.0")},
    });
    assert_eq!(yaml(ReferenceForm::Karpenter), class);
    let from = json!({"postBuild": {"substituteFrom": [{"kind": "ConfigMap", "name": "web-latest"}]}});
    assert_eq!(yaml(ReferenceForm::Flux), from);
    assert!(printed(ReferenceForm::Flux, None).contains("${WEB_ID}"));
}

#[test]
fn a_region_has_the_version_that_is_latest_there() {
    let bicep = printed(ReferenceForm::Bicep, Some("East US 2"));
    assert!(
        bicep.starts_with("// What is latest in eastus2 of") && bicep.contains(&format!("'{ID}/1.3.9'")),
        "{bicep}"
    );
    assert!(printed(ReferenceForm::Flux, Some("eastus2")).contains("${WEB_ID_eastus2}"));
}

#[test]
fn what_there_is_no_reference_to_is_told() {
    let region = Region::parse("North Europe").unwrap();
    let none = Value::Null;
    for (case, object, region, form, now, text) in [
        (
            "nothing is latest",
            definition(&none, None),
            None,
            ReferenceForm::Arm,
            true,
            "no version of the ImageDefinition ubuntu-web is latest: ",
        ),
        (
            "not in this region",
            definition(&none, Some("1.4.0")),
            Some(&region),
            ReferenceForm::Arm,
            true,
            "no version of the ImageDefinition ubuntu-web is latest in northeurope; there is one in: eastus2, westeurope",
        ),
        (
            "no ConfigMap",
            definition(&none, Some("1.4.0")),
            None,
            ReferenceForm::Flux,
            false,
            "spec.export of the ImageDefinition ubuntu-web",
        ),
        (
            "no version",
            definition(&none, Some("1.x")),
            None,
            ReferenceForm::Arm,
            false,
            "status.latest of the ImageDefinition ubuntu-web",
        ),
    ] {
        let error = render(&object, region, form).unwrap_err();
        assert!(error.to_string().starts_with(text), "{case}: {error}");
        assert_eq!(error.is_for_now(), now, "{case}");
    }
}
