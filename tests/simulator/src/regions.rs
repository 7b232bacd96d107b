//! Azure's regions and their two spellings.

/// Compact name and display name.
const REGIONS: &[(&str, &str)] = &[
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("eastus3", "East US 3"),
    ("southcentralus", "South Central US"),
    ("westus", "West US"),
    ("westus2", "West US 2"),
    ("westus3", "West US 3"),
    ("centralus", "Central US"),
    ("northcentralus", "North Central US"),
    ("westcentralus", "West Central US"),
    ("canadacentral", "Canada Central"),
    ("canadaeast", "Canada East"),
    ("mexicocentral", "Mexico Central"),
    ("brazilsouth", "Brazil South"),
    ("brazilsoutheast", "Brazil Southeast"),
    ("chilecentral", "Chile Central"),
    ("northeurope", "North Europe"),
    ("westeurope", "West Europe"),
    ("uksouth", "UK South"),
    ("ukwest", "UK West"),
    ("francecentral", "France Central"),
    ("francesouth", "France South"),
    ("germanywestcentral", "Germany West Central"),
    ("germanynorth", "Germany North"),
    ("switzerlandnorth", "Switzerland North"),
    ("switzerlandwest", "Switzerland West"),
    ("norwayeast", "Norway East"),
    ("norwaywest", "Norway West"),
    ("swedencentral", "Sweden Central"),
    ("polandcentral", "Poland Central"),
    ("italynorth", "Italy North"),
    ("spaincentral", "Spain Central"),
    ("austriaeast", "Austria East"),
    ("belgiumcentral", "Belgium Central"),
    ("israelcentral", "Israel Central"),
    ("qatarcentral", "Qatar Central"),
    ("uaenorth", "UAE North"),
    ("uaecentral", "UAE Central"),
    ("southafricanorth", "South Africa North"),
    ("southafricawest", "South Africa West"),
    ("centralindia", "Central India"),
    ("southindia", "South India"),
    ("westindia", "West India"),
    ("eastasia", "East Asia"),
    ("southeastasia", "Southeast Asia"),
    ("japaneast", "Japan East"),
    ("japanwest", "Japan West"),
    ("koreacentral", "Korea Central"),
    ("koreasouth", "Korea South"),
    ("indonesiacentral", "Indonesia Central"),
    ("malaysiawest", "Malaysia West"),
    ("newzealandnorth", "New Zealand North"),
    ("australiaeast", "Australia East"),
    ("australiasoutheast", "Australia Southeast"),
    ("australiacentral", "Australia Central"),
    ("centraluseuap", "Central US EUAP"),
    ("eastus2euap", "East US 2 EUAP"),
];

/// All regions, by both names.
pub(crate) fn both_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    REGIONS.iter().copied()
}

/// The compact spelling: lower case without spaces.
pub(crate) fn normal(name: &str) -> String {
    name.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The display name, where the region exists.
pub(crate) fn display(name: &str) -> Option<&'static str> {
    let wanted = normal(name);
    REGIONS.iter().find(|(compact, _)| *compact == wanted).map(|(_, display)| *display)
}

/// The spelling that operation addresses use: compact, but for regions that are open to few.
pub(crate) fn in_operation_address(name: &str) -> String {
    let shown = display(name).unwrap_or(name);
    if shown.ends_with("EUAP") { shown.replace(' ', "") } else { normal(name) }
}

/// All compact names with commas, as Azure lists them in its refusal of an unknown region.
pub(crate) fn all() -> String {
    REGIONS.iter().map(|(compact, _)| *compact).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_same_region() {
        assert_eq!(display("East US 2"), Some("East US 2"));
        assert_eq!(display("EastUS2"), Some("East US 2"));
        assert_eq!(normal("East US 2"), "eastus2");
        assert_eq!(in_operation_address("centraluseuap"), "CentralUSEUAP");
        assert_eq!(in_operation_address("East US 2"), "eastus2");
        assert_eq!(display("atlantis"), None);
    }
}
