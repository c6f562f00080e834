//! The lints that a profile ignores. cfssl checks the names of these and of their sources
//! with the linter zlint even if it does not lint.

use super::document::Profile;
use super::invalid;
use crate::error::Result;
use rcfssl_go::quote::quote;

/// The lint names of zlint 3.5, the release in cfssl 1.6.5, and of the releases next to it,
/// sorted. Names from newer releases are accepted, too.
const NAMES: &str = include_str!("lints.txt");

const SOURCES: [&str; 13] = [
    "RFC3279",
    "RFC5280",
    "RFC5480",
    "RFC5891",
    "RFC6960",
    "RFC6962",
    "RFC8813",
    "CABF_BR",
    "CABF_EV",
    "Mozilla",
    "Apple",
    "Community",
    "ETSI_ESI",
];

/// All known lint names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}

/// Whether there is a lint with this name; blanks around it are ignored.
pub fn is_known(name: &str) -> bool {
    names().any(|known| known == name.trim())
}

/// Checks `ignored_lint_sources` and then `ignored_lints`.
///
/// # Errors
/// 5200 for an unknown name.
pub(super) fn check(document: &Profile) -> Result<()> {
    let mut sources = document.ignored_lint_sources.iter();
    if let Some(source) = sources.find(|source| !SOURCES.contains(&source.trim())) {
        return Err(invalid(format!(
            "failed to build excluded lint source list: unknown source {}",
            quote(source)
        )));
    }
    let mut lints = document.ignored_lints.iter();
    match lints.find(|name| !is_known(name)) {
        Some(name) => Err(invalid(format!(
            "failed to build filtered lint registry: unknown lint name {}",
            quote(name.trim())
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_complete() {
        assert!(names().is_sorted());
        assert!(names().count() > 300);
        assert!(names().all(|name| name.starts_with(['e', 'n', 'w']) && !name.contains(' ')));
        assert!(
            is_known(" e_dnsname_not_valid_tld ") && !is_known("") && !is_known("E_DNSNAME_NOT_VALID_TLD")
        );
    }
}
