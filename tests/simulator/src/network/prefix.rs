//! Address prefixes such as `10.0.0.0/16`.

use std::net::Ipv4Addr;

/// An IPv4 prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prefix {
    base: u32,
    length: u8,
}

impl Prefix {
    /// Reads a prefix; `None` where the text is none or has bits beyond its length.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let base = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let length: u8 = length.parse().ok().filter(|length| (1..=32).contains(length))?;
        let prefix = Self { base, length };
        (base & (prefix.size() - 1) == 0).then_some(prefix)
    }

    fn size(self) -> u32 {
        1_u32 << (32 - u32::from(self.length))
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.length <= other.length && other.base & !(self.size() - 1) == self.base
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Addresses that machines may have: Azure keeps the first four and the last.
    pub(crate) fn addresses(self) -> impl Iterator<Item = Ipv4Addr> {
        (4..self.size().saturating_sub(1)).map(move |offset| Ipv4Addr::from(self.base + offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_knows_its_addresses_and_its_neighbours() {
        let prefix = |text| Prefix::parse(text).unwrap();
        for wrong in ["10.0.0.0", "10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/0", "x/8"] {
            assert_eq!(Prefix::parse(wrong), None, "{wrong}");
        }
        assert!(prefix("10.0.0.0/16").contains(prefix("10.0.1.0/24")));
        assert!(!prefix("10.0.1.0/24").contains(prefix("10.0.0.0/16")));
        assert!(prefix("10.0.1.0/24").overlaps(prefix("10.0.0.0/16")));
        assert!(!prefix("10.0.1.0/24").overlaps(prefix("10.0.2.0/24")));
        let small: Vec<String> = prefix("10.0.0.0/29").addresses().map(|address| address.to_string()).collect();
        assert_eq!(small, ["10.0.0.4", "10.0.0.5", "10.0.0.6"]);
    }
}
