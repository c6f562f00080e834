//! The roots file: a section of `key = value` lines for each CA.

use std::net::IpAddr;

use rcfssl_core::{Error, Result};

/// A section: its name, and its keys in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// The CA's label.
    pub label: String,
    keys: Vec<(String, String)>,
}

impl Section {
    /// The value of a key; if a key is repeated, the last value.
    pub fn get(&self, key: &str) -> Option<&str> {
        let mut found = self.keys.iter().rev().filter(|(known, _)| known == key);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// Reads the sections, sorted by name. Keys before the first section belong to `default`; a
/// repeated section is merged.
///
/// # Errors
/// `invalid config file`
pub fn read(text: &str) -> Result<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    let mut at = "default".to_owned();
    for line in text.lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if let Some(name) = section(line) {
            at = name.to_owned();
            open(&mut sections, &at);
            continue;
        }
        let Some((key, value)) = pair(line) else {
            return Err(Error::plain("invalid config file"));
        };
        open(&mut sections, &at)
            .keys
            .push((key.to_owned(), value.to_owned()));
    }
    sections.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(sections)
}

fn open<'a>(sections: &'a mut Vec<Section>, label: &str) -> &'a mut Section {
    let at = match sections.iter().position(|section| section.label == label) {
        Some(at) => at,
        None => {
            sections.push(Section {
                label: label.to_owned(),
                keys: Vec::new(),
            });
            sections.len() - 1
        }
    };
    &mut sections[at]
}

/// `[ name ]`
fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    is_word(name).then_some(name)
}

/// `key = value`. Quotes around a value are removed even if they differ; an unquoted value
/// keeps trailing blanks.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let (key, value) = (key.trim(), value.trim_start());
    let quoted = || {
        let value = value.trim_end().strip_prefix(['"', '\''])?;
        value.strip_suffix(['"', '\''])
    };
    is_word(key).then(|| (key, quoted().unwrap_or(value)))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

/// The networks whose clients may use a CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    /// Reads a comma-separated list.
    ///
    /// # Errors
    /// `invalid CIDR address: x`
    pub fn read(list: &str) -> Result<Self> {
        let networks = list.split(',').map(str::trim).map(|text| {
            let network = || {
                let (address, length) = text.split_once('/')?;
                let address: IpAddr = address.parse().ok()?;
                let most = if address.is_ipv4() { 32 } else { 128 };
                let length = length.parse().ok().filter(|length| *length <= most)?;
                Some((address, length))
            };
            network().ok_or_else(|| Error::plain(format!("invalid CIDR address: {text}")))
        });
        networks.collect::<Result<_>>().map(Networks)
    }

    /// Whether one of them contains an address.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, length)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(*length);
                let kept = |bits: u32| bits.checked_shr(shift).unwrap_or(0);
                kept(network.to_bits()) == kept(address.to_bits())
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(*length);
                let kept = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
                kept(network.to_bits()) == kept(address.to_bits())
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_sections_are_merged_and_values_unquoted() {
        let text = "# c\nprivate = a \n\n[ b ]\n  x = \"1'\n[a_1]\nx='2 ' \nx = 3=4\n[b]\ny=5\n";
        let sections = read(text).unwrap();
        let labels: Vec<_> = sections.iter().map(|section| section.label.as_str()).collect();
        assert_eq!(labels, ["a_1", "b", "default"]);
        assert_eq!(sections[0].get("x"), Some("3=4"));
        assert_eq!(
            (sections[1].get("x"), sections[1].get("y")),
            (Some("1"), Some("5"))
        );
        assert_eq!(sections[2].get("private"), Some("a "));
        assert_eq!(sections[2].get("x"), None);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["[a-b]", "[]", "x", "a b = 1", " # c", "[a", "= 1"] {
            assert_eq!(
                read(text).unwrap_err().to_string(),
                "invalid config file",
                "{text}"
            );
        }
    }

    #[test]
    fn networks_contain_their_addresses() {
        let networks = Networks::read("10.1.0.0/16, ::1/128,192.0.2.0/0").unwrap();
        for (address, is_in) in [
            ("10.1.2.3", true),
            ("1.2.3.4", true),
            ("::1", true),
            ("::2", false),
        ] {
            assert_eq!(networks.contain(address.parse().unwrap()), is_in, "{address}");
        }
        assert!(
            !Networks::read("10.1.0.0/16")
                .unwrap()
                .contain("10.2.0.0".parse().unwrap())
        );
        for text in ["zz", "10.0.0.0", "10.0.0.0/33", ""] {
            assert_eq!(
                Networks::read(text).unwrap_err().to_string(),
                format!("invalid CIDR address: {text}")
            );
        }
    }
}
