//! Shell lines of a [workplace](crate::Workplace) that run apart from the machine, or
//! as somebody else; and leaving tests that need root for it.

/// User and group `nobody`, who owns nothing.
pub const NOBODY: u32 = 65534;

/// A line run in a mount namespace of its own: what it mounts goes with it.
///
/// # Panics
/// For a line with `'` in it.
pub fn apart(line: &str) -> String {
    assert!(!line.contains('\''), "{line}");
    format!("unshare --mount bash -o pipefail -c 'umask 022; {line}'")
}

/// A line run as [`NOBODY`].
///
/// # Panics
/// For a line with `'` in it.
pub fn as_nobody(line: &str) -> String {
    assert!(!line.contains('\''), "{line}");
    format!(
        "setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups bash -o pipefail -c 'umask 022; {line}'"
    )
}

/// Leaves the test, aloud, where it cannot run.
#[macro_export]
macro_rules! needs_root {
    () => {
        if !$crate::skip::is_root() {
            $crate::skip::skipped("this mounts, or works as another user: it needs root").unwrap();
            return;
        }
    };
}

/// Leaves the test, aloud, where one of these programs is not there.
#[macro_export]
macro_rules! needs {
    ($($program:literal),+) => {
        if let Some(program) = $crate::skip::missing(&[$($program),+]) {
            $crate::skip::skipped(&format!("there is no {program}")).unwrap();
            return;
        }
    };
}
