//! Key usages by the names that profiles give them.

use crate::oid::Oid;

/// The meaning of a list of usage names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usages {
    /// The keyUsage bits, digitalSignature lowest (RFC 5280, section 4.2.1.3).
    pub key: u16,
    /// The extended key usages in the order of the list, including repetitions.
    pub extended: Vec<Oid>,
    /// Unknown names, which are ignored if there are known ones.
    pub unknown: Vec<String>,
}

impl Usages {
    /// Looks up the names, which are in lower case.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut usages = Usages::default();
        for name in names {
            let name = name.as_ref();
            if let Some((_, bit)) = KEY_USAGES.iter().find(|(known, _)| *known == name) {
                usages.key |= 1 << bit;
            } else if let Some(oid) = extended(name) {
                usages.extended.push(oid);
            } else {
                usages.unknown.push(name.to_owned());
            }
        }
        usages
    }

    /// Whether there are no usages.
    pub fn is_empty(&self) -> bool {
        self.key == 0 && self.extended.is_empty()
    }
}

/// The object identifier of an extended key usage.
pub fn extended(name: &str) -> Option<Oid> {
    let (_, arcs) = EXTENDED_KEY_USAGES.iter().find(|(known, _)| *known == name)?;
    Oid::from_arcs(arcs)
}

/// The names of a certificate's usages, each once; object identifiers if they have no name.
pub fn names(key: u16, extended_key: &[Oid]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    // "signing" is another name for the first bit.
    for (name, bit) in &KEY_USAGES[1..] {
        names.extend((key & 1 << bit != 0).then(|| (*name).to_owned()));
    }
    for oid in extended_key {
        let known = EXTENDED_KEY_USAGES
            .iter()
            .find(|(name, _)| extended(name).as_ref() == Some(oid));
        names.push(known.map_or_else(|| oid.to_string(), |(name, _)| (*name).to_owned()));
    }
    names
}

/// The known names, for suggestions.
pub fn known_names() -> impl Iterator<Item = &'static str> {
    KEY_USAGES
        .iter()
        .map(|(name, _)| *name)
        .chain(EXTENDED_KEY_USAGES.iter().map(|(name, _)| *name))
}

const KEY_USAGES: [(&str, u8); 10] = [
    ("signing", 0),
    ("digital signature", 0),
    ("content commitment", 1),
    ("key encipherment", 2),
    ("data encipherment", 3),
    ("key agreement", 4),
    ("cert sign", 5),
    ("crl sign", 6),
    ("encipher only", 7),
    ("decipher only", 8),
];

const EXTENDED_KEY_USAGES: [(&str, &[i64]); 13] = [
    ("any", &[2, 5, 29, 37, 0]),
    ("server auth", &[1, 3, 6, 1, 5, 5, 7, 3, 1]),
    ("client auth", &[1, 3, 6, 1, 5, 5, 7, 3, 2]),
    ("code signing", &[1, 3, 6, 1, 5, 5, 7, 3, 3]),
    ("email protection", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("s/mime", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("ipsec end system", &[1, 3, 6, 1, 5, 5, 7, 3, 5]),
    ("ipsec tunnel", &[1, 3, 6, 1, 5, 5, 7, 3, 6]),
    ("ipsec user", &[1, 3, 6, 1, 5, 5, 7, 3, 7]),
    ("timestamping", &[1, 3, 6, 1, 5, 5, 7, 3, 8]),
    ("ocsp signing", &[1, 3, 6, 1, 5, 5, 7, 3, 9]),
    ("microsoft sgc", &[1, 3, 6, 1, 4, 1, 311, 10, 3, 3]),
    ("netscape sgc", &[2, 16, 840, 1, 113_730, 4, 1]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_bits_and_identifiers() {
        let usages = Usages::from_names([
            "client auth",
            "signing",
            "crl sign",
            "server auth",
            "client auth",
            "Server Auth",
        ]);
        assert_eq!(usages.key, 0b100_0001);
        let extended: Vec<_> = usages.extended.iter().map(Oid::to_string).collect();
        assert_eq!(
            extended,
            ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
        );
        assert_eq!(usages.unknown, ["Server Auth"]);
        assert_eq!(known_names().count(), 23);
    }
}
