//! lib/pq's data sources: `postgres://user:password@host/certdb?sslmode=disable`, or
//! `host=… user=… dbname=…`. The environment (`PGHOST`, `PGSSLMODE`, …) and the password
//! file supply what is missing.

use std::time::Duration;

use rcfssl_go::quote;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use super::{CONNECT, STATEMENT, Source, Target, decode, query, system_roots};

type Settings = Vec<(String, String)>;

pub(super) fn read(source: &str) -> Result<Source, String> {
    let is_url = source.starts_with("postgres://") || source.starts_with("postgresql://");
    let settings = if is_url {
        url_settings(source)?
    } else {
        key_values(source)?
    };
    build(&settings, &|name| std::env::var(name).ok())
}

/// The URL is parsed by hand, because an error must not repeat the password.
fn url_settings(source: &str) -> Result<Settings, String> {
    let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, place) = match authority.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, authority),
    };
    let mut settings = Settings::new();
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            settings.push((key.to_owned(), decode(value)));
        }
    };
    if let Some(login) = login {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        add("user", user);
        add("password", password);
    }
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or_default()),
        None => place.rsplit_once(':').unwrap_or((place, "")),
    };
    add("host", host);
    add("port", port);
    add("dbname", database);
    settings.extend(query(parameters));
    Ok(settings)
}

/// `key = value` pairs separated by blanks; values may be in single quotes, and `\` escapes
/// the next character.
fn key_values(source: &str) -> Result<Settings, String> {
    let mut settings = Settings::new();
    let mut rest = source.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (key, tail) = rest.split_at(end);
        let Some(tail) = tail.trim_start().strip_prefix('=') else {
            return Err(format!(
                "missing \"=\" after {} in connection info string",
                quote(key)
            ));
        };
        let (value, tail) = value(tail.trim_start())?;
        settings.push((key.to_owned(), value));
        rest = tail.trim_start();
    }
    Ok(settings)
}

/// One value and the rest of the text.
fn value(text: &str) -> Result<(String, &str), String> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if c.is_whitespace() && !quoted => return Ok((value, &text[at..])),
            '\\' => match chars.next() {
                Some((_, c)) => value.push(c),
                None => return Err("missing character after backslash".to_owned()),
            },
            c => value.push(c),
        }
    }
    match quoted {
        true => Err("unterminated quoted string literal in connection string".to_owned()),
        false => Ok((value, "")),
    }
}

fn build(settings: &Settings, environment: &dyn Fn(&str) -> Option<String>) -> Result<Source, String> {
    let set = |key: &str| {
        let values = settings.iter().filter(|(name, _)| name == key);
        values.map(|(_, value)| value.as_str()).next_back()
    };
    let or_environment = |key: &str, name: &str| set(key).map(str::to_owned).or_else(|| environment(name));
    let host = or_environment("host", "PGHOST").unwrap_or_else(|| "localhost".to_owned());
    let port = or_environment("port", "PGPORT").unwrap_or_else(|| "5432".to_owned());
    let number: u16 = port
        .parse()
        .map_err(|_| format!("dial tcp: lookup tcp/{port}: unknown port"))?;
    let mode = or_environment("sslmode", "PGSSLMODE").unwrap_or_else(|| "require".to_owned());
    let has_root = or_environment("sslrootcert", "PGSSLROOTCERT").is_some();
    let ssl_mode = ssl_mode(&mode, has_root)?;
    let connect_timeout = or_environment("connect_timeout", "PGCONNECT_TIMEOUT");

    // An empty URL, so that missing settings come from the environment and the password
    // file, whose entries name host and user.
    let mut url = Url::parse("postgres://localhost").map_err(|error| error.to_string())?;
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("host", &host).append_pair("port", &port);
        for (key, value) in settings {
            match key.as_str() {
                "user" | "password" | "dbname" | "sslrootcert" | "sslcert" | "sslkey" | "options" => {
                    pairs.append_pair(key, value);
                }
                "database" => drop(pairs.append_pair("dbname", value)),
                _ => {}
            }
        }
    }
    let mut options = PgConnectOptions::from_url(&url).map_err(|error| error.to_string())?;
    // The URL's host would otherwise be used in addition to a socket's folder.
    if !host.starts_with('/') {
        options = options.host(&host);
    }
    options = options.port(number).ssl_mode(ssl_mode);
    if matches!(ssl_mode, PgSslMode::VerifyFull | PgSslMode::VerifyCa) && !has_root {
        options = options.ssl_root_cert_from_pem(system_roots());
    }
    let name = or_environment("application_name", "PGAPPNAME");
    if let Some(name) = name.or_else(|| set("fallback_application_name").map(str::to_owned)) {
        options = options.application_name(&name);
    }
    // Parameters unknown to the driver are session parameters.
    let session = settings.iter().filter(|(key, _)| !OWN.contains(&key.as_str()));
    options = options.options(session.map(|(key, value)| (key.as_str(), value.as_str())));

    let address = match host.starts_with('/') {
        true => format!("{host}/.s.PGSQL.{port}"),
        false if host.contains(':') => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    Ok(Source {
        target: Target::Postgres(Box::new(options)),
        address,
        connect_timeout: seconds(connect_timeout)?.unwrap_or(CONNECT),
        statement_timeout: statement_timeout(set("statement_timeout")),
    })
}

/// The driver's settings, and those of the session that sqlx sets itself.
const OWN: [&str; 23] = [
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "database",
    "passfile",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslinline",
    "sslsni",
    "krbsrvname",
    "krbspn",
    "connect_timeout",
    "application_name",
    "fallback_application_name",
    "options",
    "binary_parameters",
    "disable_prepared_binary_result",
    "client_encoding",
    "datestyle",
];

/// With a root certificate, `require` verifies the server's, as in libpq.
fn ssl_mode(name: &str, has_root: bool) -> Result<PgSslMode, String> {
    match name {
        "disable" => Ok(PgSslMode::Disable),
        "" | "require" if !has_root => Ok(PgSslMode::Require),
        "" | "require" | "verify-ca" => Ok(PgSslMode::VerifyCa),
        "verify-full" => Ok(PgSslMode::VerifyFull),
        other => Err(format!(
            "pq: unsupported sslmode {}; only \"require\" (default), \"verify-full\", \"verify-ca\", and \"disable\" \
             supported",
            quote(other)
        )),
    }
}

/// The server's own limit if it is given in milliseconds, plus a second for the response: a
/// server that hangs does not enforce it.
fn statement_timeout(text: Option<&str>) -> Duration {
    let milliseconds = text.and_then(|text| text.parse().ok()).filter(|ms| *ms > 0);
    milliseconds.map_or(STATEMENT, |ms: u64| {
        Duration::from_millis(ms) + Duration::from_secs(1)
    })
}

/// Whole seconds; 0 means the default limit.
fn seconds(text: Option<String>) -> Result<Option<Duration>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number: u32 = text
        .parse()
        .map_err(|_| format!("invalid value for parameter connect_timeout: {}", quote(&text)))?;
    Ok((number > 0).then(|| Duration::from_secs(number.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(settings: &Settings) -> Vec<(&str, &str)> {
        settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
    }

    fn built(source: &str, environment: &dyn Fn(&str) -> Option<String>) -> (PgConnectOptions, String) {
        let settings = match source.contains("://") {
            true => url_settings(source).unwrap(),
            false => key_values(source).unwrap(),
        };
        let source = build(&settings, environment).unwrap();
        match source.target {
            Target::Postgres(options) => (*options, source.address),
            _ => panic!("another database"),
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        let settings =
            url_settings("postgres://a%40b:p%2Fw@db.test:5433/cert%20db?sslmode=disable&search_path=x")
                .unwrap();
        assert_eq!(
            pairs(&settings),
            [
                ("user", "a@b"),
                ("password", "p/w"),
                ("host", "db.test"),
                ("port", "5433"),
                ("dbname", "cert db"),
                ("sslmode", "disable"),
                ("search_path", "x")
            ]
        );
        let settings = url_settings("postgresql://[::1]/d").unwrap();
        assert_eq!(pairs(&settings), [("host", "::1"), ("dbname", "d")]);
    }

    #[test]
    fn keys_and_values_are_read_as_libpq_reads_them() {
        let settings = key_values(" host = db.test  password='it\\'s \\\\ me' user=a\\ b").unwrap();
        assert_eq!(
            pairs(&settings),
            [("host", "db.test"), ("password", "it's \\ me"), ("user", "a b")]
        );
        assert_eq!(
            key_values("host").unwrap_err(),
            r#"missing "=" after "host" in connection info string"#
        );
        assert_eq!(
            key_values("host='x").unwrap_err(),
            "unterminated quoted string literal in connection string"
        );
        assert_eq!(
            key_values("host=x\\").unwrap_err(),
            "missing character after backslash"
        );
    }

    #[test]
    fn defaults_are_those_of_libpq() {
        let none = |_: &str| None;
        let (options, address) = built("dbname=certs", &none);
        assert_eq!(address, "localhost:5432");
        assert_eq!(options.get_database(), Some("certs"));
        assert!(matches!(options.get_ssl_mode(), PgSslMode::Require));
        let (options, _) = built("host=h sslrootcert=/ca.pem", &none);
        assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyCa));
        let some = |name: &str| match name {
            "PGHOST" => Some("/run/postgresql".to_owned()),
            "PGSSLMODE" => Some("disable".to_owned()),
            _ => None,
        };
        let (options, address) = built("user=me search_path=certs", &some);
        assert_eq!(address, "/run/postgresql/.s.PGSQL.5432");
        assert!(matches!(options.get_ssl_mode(), PgSslMode::Disable));
        assert_eq!(options.get_options(), Some("-c search_path=certs"));
        let (options, _) = built("postgres://u:p@h:1/d", &none);
        assert_eq!((options.get_host(), options.get_port()), ("h", 1));
    }

    #[test]
    fn wrong_settings_are_refused() {
        let refused = |source: &str| read(source).err().unwrap();
        assert!(
            refused("host=h sslmode=prefer")
                .starts_with(r#"pq: unsupported sslmode "prefer"; only "require""#)
        );
        assert!(refused("host=h port=x").contains("unknown port"));
        assert!(refused("host=h connect_timeout=soon").contains("connect_timeout"));
    }
}
