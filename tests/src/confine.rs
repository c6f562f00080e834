//! Shell lines of a [workplace](crate::Workplace) that run in isolation or as another user,
//! and skipping tests that need root for it.

/// User and group `nobody`, who owns nothing.
pub const NOBODY: u32 = 65534;

/// A line that runs in its own mount namespace, where its mounts disappear with it.
///
/// # Panics
/// For a line that contains `'`.
pub fn apart(line: &str) -> String {
    assert!(!line.contains('\''), "{line}");
    format!("unshare --mount bash -o pipefail -c 'umask 022; {line}'")
}

/// A line that runs as [`NOBODY`].
///
/// # Panics
/// For a line that contains `'`.
pub fn as_nobody(line: &str) -> String {
    assert!(!line.contains('\''), "{line}");
    format!(
        "setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups bash -o pipefail -c 'umask 022; {line}'"
    )
}

/// Skips the test with a message if it cannot run.
#[macro_export]
macro_rules! needs_root {
    () => {
        if !$crate::skip::is_root() {
            $crate::skip::skipped("this mounts, or works as another user: it needs root").unwrap();
            return;
        }
    };
}

/// Skips the test with a message if one of these programs is missing.
#[macro_export]
macro_rules! needs {
    ($($program:literal),+) => {
        if let Some(program) = $crate::skip::missing(&[$($program),+]) {
            $crate::skip::skipped(&format!("there is no {program}")).unwrap();
            return;
        }
    };
}
