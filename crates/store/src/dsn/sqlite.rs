//! go-sqlite3's data sources: a file name or a `file:` URI, with the driver's own
//! parameters after `?`.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;

use super::{STATEMENT, Source, Target, boolean, decode, is_word, query};

/// The default time to wait for a lock (`_busy_timeout`). go-sqlite3 waits for 5 seconds,
/// which is too short for dozens of writers on a slow disk.
const BUSY: Duration = Duration::from_secs(30);

/// Parameters that are translated to a `PRAGMA`. Foreign keys are checked only on request,
/// as in SQLite itself.
const PRAGMAS: [(&str, &str); 14] = [
    ("_foreign_keys", "foreign_keys"),
    ("_fk", "foreign_keys"),
    ("_journal_mode", "journal_mode"),
    ("_journal", "journal_mode"),
    ("_synchronous", "synchronous"),
    ("_sync", "synchronous"),
    ("_locking_mode", "locking_mode"),
    ("_locking", "locking_mode"),
    ("_auto_vacuum", "auto_vacuum"),
    ("_vacuum", "auto_vacuum"),
    ("_cache_size", "cache_size"),
    ("_query_only", "query_only"),
    ("_secure_delete", "secure_delete"),
    ("_recursive_triggers", "recursive_triggers"),
];

pub(super) fn read(source: &str) -> Result<Source, String> {
    let (name, parameters) = match source.find('?') {
        Some(at) if at > 0 => (&source[..at], &source[at + 1..]),
        _ => (source, ""),
    };
    let is_uri = source.starts_with("file:");
    // SQLite parses the URI itself and ignores unknown parameters. Opening never creates a
    // missing file: `mode=rwc` only states the default.
    let others: Vec<_> = parameters.split('&').filter(|pair| *pair != "mode=rwc").collect();
    let uri = format!("{name}?{}", others.join("&"));
    let mut options = SqliteConnectOptions::new()
        .filename(if is_uri { uri.as_str() } else { name })
        .create_if_missing(false)
        // The reader thread passes on this many rows before it waits.
        .row_buffer_size(1000)
        .foreign_keys(false);
    let mut busy = BUSY;
    let (mut in_memory, mut may_create) = (name == ":memory:" || name.is_empty(), true);
    for (key, value) in query(parameters) {
        match key.as_str() {
            "_busy_timeout" | "_timeout" => {
                let number = value.parse::<u32>().ok().filter(|ms| *ms <= i32::MAX as u32);
                let milliseconds = number.ok_or_else(|| format!("Invalid _busy_timeout: {value}"))?;
                busy = Duration::from_millis(milliseconds.into());
            }
            "mode" if is_uri => {
                in_memory |= value == "memory";
                may_create &= value == "rwc";
            }
            "immutable" if is_uri => may_create &= boolean(&value) != Some(true),
            _ => {
                if let Some((_, pragma)) = PRAGMAS.iter().find(|(name, _)| *name == key) {
                    let value = value.replace(' ', "_");
                    if !is_word(&value) {
                        return Err(format!("Invalid {key}: {value}"));
                    }
                    options = options.pragma(*pragma, value);
                }
            }
        }
    }
    let path = if is_uri {
        PathBuf::from(uri_path(name))
    } else {
        PathBuf::from(name)
    };
    Ok(Source {
        target: Target::Sqlite {
            options: Box::new(options.busy_timeout(busy)),
            file: (!in_memory && may_create).then_some(path),
        },
        address: name.to_owned(),
        connect_timeout: busy + STATEMENT,
        statement_timeout: busy + STATEMENT,
    })
}

/// `file:a.db`, `file:/a.db`, `file:///a.db`, `file://localhost/a.db`
/// (<https://www.sqlite.org/uri.html>).
fn uri_path(uri: &str) -> String {
    let path = uri.strip_prefix("file:").unwrap_or(uri);
    let path = path.split('#').next().unwrap_or(path);
    let path = match path.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("", |at| &rest[at..]),
        None => path,
    };
    decode(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn file(source: &str) -> Option<PathBuf> {
        match read(source).unwrap().target {
            Target::Sqlite { file, .. } => file,
            _ => None,
        }
    }

    #[test]
    fn the_file_is_found_in_names_and_uris() {
        for (source, want) in [
            ("certs.db", "certs.db"),
            ("/var/lib/certs.db?_fk=1", "/var/lib/certs.db"),
            ("file:certs.db", "certs.db"),
            ("file:certs.db?mode=rwc&_busy_timeout=10", "certs.db"),
            ("file:/a/b%20c.db", "/a/b c.db"),
            ("file:///a.db", "/a.db"),
            ("file://localhost/a.db#x", "/a.db"),
        ] {
            assert_eq!(file(source).as_deref(), Some(Path::new(want)), "{source}");
        }
        for source in [
            ":memory:",
            "file:x?mode=memory",
            "file:x.db?mode=ro",
            "file:x.db?mode=rw",
        ] {
            assert_eq!(file(source), None, "{source}");
        }
    }

    #[test]
    fn parameters_cannot_smuggle_statements() {
        assert_eq!(
            read("a?_busy_timeout=x").err().unwrap(),
            "Invalid _busy_timeout: x"
        );
        assert!(read("a?_journal=WAL;drop").is_err());
        assert!(read("a?_sync=2&_cache_size=-2000").is_ok());
    }
}
