//! go-sql-driver's data sources: `user:password@tcp(host:3306)/certdb?parseTime=true`.

use std::time::Duration;

use rcfssl_go::{duration, quote};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::{CONNECT, STATEMENT, Source, Target, boolean, decode, is_word, system_roots};

/// The parts between the separators.
struct Parts<'a> {
    user: &'a str,
    password: &'a str,
    network: &'a str,
    address: &'a str,
    database: String,
    parameters: &'a str,
}

/// The separators are the last slash before the database, the last `@` before that, and the
/// first colon after the user.
fn split(source: &str) -> Result<Parts<'_>, String> {
    let slash = source
        .rfind('/')
        .ok_or("invalid DSN: missing the slash separating the database name")?;
    let (left, right) = (&source[..slash], &source[slash + 1..]);
    let (login, place) = match left.rfind('@') {
        Some(at) => (&left[..at], &left[at + 1..]),
        None => ("", left),
    };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (network, address) = match place.split_once('(') {
        None => (place, ""),
        Some((network, address)) => match address.strip_suffix(')') {
            Some(address) => (network, address),
            None if address.contains(')') => {
                return Err("invalid DSN: did you forget to escape a param value?".to_owned());
            }
            None => {
                return Err("invalid DSN: network address not terminated (missing closing brace)".to_owned());
            }
        },
    };
    let (database, parameters) = right.split_once('?').unwrap_or((right, ""));
    Ok(Parts {
        user,
        password,
        network: if network.is_empty() { "tcp" } else { network },
        address,
        database: decode(database),
        parameters,
    })
}

/// The settings from the parameters.
struct Wanted {
    charset: String,
    collation: Option<String>,
    tls: MySqlSslMode,
    connect: Duration,
    read: Duration,
    cleartext: bool,
    /// The driver reads and writes times in this zone instead of UTC.
    zone: bool,
    /// System variables and their values.
    variables: Vec<(String, String)>,
}

pub(super) fn read(source: &str) -> Result<Source, String> {
    let parts = split(source)?;
    let wanted = parameters(parts.parameters)?;
    let mut options = MySqlConnectOptions::new()
        .ssl_mode(wanted.tls)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        .charset(&wanted.charset)
        .enable_cleartext_plugin(wanted.cleartext)
        .username(parts.user);
    // Without a password the response to the server is empty; for an empty password it is
    // not.
    if !parts.password.is_empty() {
        options = options.password(parts.password);
    }
    if !parts.database.is_empty() {
        options = options.database(&parts.database);
    }
    if matches!(wanted.tls, MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity) {
        options = options.ssl_ca_from_pem(system_roots());
    }
    let (options, address) = match (parts.network, parts.address) {
        ("unix", "") => (options.socket("/tmp/mysql.sock"), "/tmp/mysql.sock".to_owned()),
        ("unix", path) => (options.socket(path), path.to_owned()),
        ("tcp" | "tcp4" | "tcp6", address) => {
            let (host, port) = host_and_port(address)?;
            let shown = match host.contains(':') {
                true => format!("[{host}]:{port}"),
                false => format!("{host}:{port}"),
            };
            (options.host(&host).port(port), shown)
        }
        (network, "") => return Err(format!("default addr for network '{network}' unknown")),
        (network, _) => return Err(format!("dial {network}: unknown network {network}")),
    };
    Ok(Source {
        target: Target::MySql {
            options: Box::new(options),
            session: session(&wanted),
        },
        address,
        connect_timeout: wanted.connect,
        statement_timeout: wanted.read,
    })
}

fn host_and_port(address: &str) -> Result<(String, u16), String> {
    if address.is_empty() {
        return Ok(("127.0.0.1".to_owned(), 3306));
    }
    let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match address.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (address, None),
        },
    };
    let port = port.unwrap_or("3306");
    let number = port.parse();
    let number = number.map_err(|_| format!("dial tcp: lookup tcp/{port}: unknown port"))?;
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Ok((host.to_owned(), number))
}

fn parameters(text: &str) -> Result<Wanted, String> {
    let mut wanted = Wanted {
        charset: "utf8mb4".to_owned(),
        collation: None,
        tls: MySqlSslMode::Disabled,
        connect: CONNECT,
        read: STATEMENT,
        cleartext: false,
        zone: false,
        variables: Vec::new(),
    };
    for (key, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        let flag = || boolean(value).ok_or_else(|| format!("invalid bool value: {value}"));
        let value = decode(value);
        match key {
            "tls" => wanted.tls = tls(&value)?,
            "timeout" => wanted.connect = timeout(&value, CONNECT)?,
            "readTimeout" => wanted.read = timeout(&value, STATEMENT)?,
            "writeTimeout" => drop(timeout(&value, STATEMENT)?),
            "charset" => {
                // A list: the first one that the server supports.
                wanted.charset = value.split(',').next().unwrap_or("utf8mb4").to_owned();
                if !is_word(&wanted.charset) {
                    return Err(format!("invalid charset: {}", wanted.charset));
                }
            }
            "collation" if is_word(&value) => wanted.collation = Some(value),
            "collation" => return Err(format!("invalid collation: {value}")),
            "loc" => wanted.zone = !matches!(value.as_str(), "" | "UTC"),
            "allowCleartextPasswords" => wanted.cleartext = flag()?,
            "allowAllFiles"
            | "allowFallbackToPlaintext"
            | "allowNativePasswords"
            | "allowOldPasswords"
            | "checkConnLiveness"
            | "clientFoundRows"
            | "columnsWithAlias"
            | "interpolateParams"
            | "multiStatements"
            | "parseTime"
            | "rejectReadOnly" => drop(flag()?),
            "connectionAttributes" | "maxAllowedPacket" | "serverPubKey" => {}
            variable if is_word(variable) => wanted.variables.push((variable.to_owned(), value)),
            variable => return Err(format!("invalid system variable: {variable}")),
        }
    }
    Ok(wanted)
}

fn tls(value: &str) -> Result<MySqlSslMode, String> {
    match (value, boolean(value)) {
        ("skip-verify", _) => Ok(MySqlSslMode::Required),
        ("preferred", _) => Ok(MySqlSslMode::Preferred),
        (_, Some(true)) => Ok(MySqlSslMode::VerifyIdentity),
        (_, Some(false)) => Ok(MySqlSslMode::Disabled),
        (name, None) => Err(format!("invalid value / unknown config name: {}", quote(name))),
    }
}

/// A duration; 0 means the default limit.
fn timeout(value: &str, default: Duration) -> Result<Duration, String> {
    let parsed = duration::Duration::parse(value)?;
    match u64::try_from(parsed.as_nanoseconds()) {
        Ok(nanoseconds) if nanoseconds > 0 => Ok(Duration::from_nanos(nanoseconds)),
        _ => Ok(default),
    }
}

/// cfssl writes the zero date into `revoked_at`, which MySQL rejects by default since 5.7.
///
/// A session in the server's own time zone would take UTC for local time, as all of cfssl's
/// sessions do. `loc` names that zone to correct this; here the session uses UTC.
fn session(wanted: &Wanted) -> String {
    let mut statement = format!(
        "SET sql_mode=REPLACE(REPLACE(@@sql_mode,'NO_ZERO_DATE',''),'NO_ZERO_IN_DATE',''),NAMES {}",
        wanted.charset
    );
    if let Some(collation) = &wanted.collation {
        statement.push_str(&format!(" COLLATE {collation}"));
    }
    for (name, value) in &wanted.variables {
        if !(wanted.zone && name == "time_zone") {
            statement.push_str(&format!(",{name}={value}"));
        }
    }
    if wanted.zone {
        statement.push_str(",time_zone='+00:00'");
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &str) -> String {
        read(source).err().unwrap()
    }

    #[test]
    fn parts_are_split_as_by_go() {
        let parts = split("u:p@ss:w/rd@unix(/run/my.sock)/cert%2Fdb?parseTime=true").unwrap();
        assert_eq!((parts.user, parts.password), ("u", "p@ss:w/rd"));
        assert_eq!((parts.network, parts.address), ("unix", "/run/my.sock"));
        assert_eq!(
            (parts.database.as_str(), parts.parameters),
            ("cert/db", "parseTime=true")
        );
        for (source, address) in [
            ("/", "127.0.0.1:3306"),
            ("u@/db", "127.0.0.1:3306"),
            ("u@tcp/db", "127.0.0.1:3306"),
            ("u@tcp(db.test)/x", "db.test:3306"),
            ("u@tcp(db.test:3307)/x", "db.test:3307"),
            ("u@tcp([::1])/x", "[::1]:3306"),
            ("u@tcp([::1]:3307)/x", "[::1]:3307"),
            ("u@(h)/x", "h:3306"),
            ("u@unix/x", "/tmp/mysql.sock"),
        ] {
            assert_eq!(
                read(source).map(|source| source.address),
                Ok(address.to_owned()),
                "{source}"
            );
        }
    }

    #[test]
    fn wrong_sources_are_refused_in_gos_words_without_the_password() {
        assert_eq!(
            refused("u:secret@tcp(h)"),
            "invalid DSN: missing the slash separating the database name"
        );
        assert_eq!(
            refused("u:secret@tcp(h/x"),
            "invalid DSN: network address not terminated (missing closing brace)"
        );
        assert_eq!(
            refused("u:secret@tcp(h)/x?loc=Europe/Paris"),
            "invalid DSN: did you forget to escape a param value?"
        );
        assert_eq!(
            refused("u:secret@sctp/x"),
            "default addr for network 'sctp' unknown"
        );
        assert_eq!(refused("/x?parseTime=maybe"), "invalid bool value: maybe");
        assert_eq!(
            refused("/x?tls=mine"),
            r#"invalid value / unknown config name: "mine""#
        );
        assert_eq!(refused("/x?timeout=5"), r#"time: missing unit in duration "5""#);
    }

    #[test]
    fn sessions_begin_with_what_the_parameters_ask_for() {
        let of = |text| session(&parameters(text).unwrap());
        let mode = "SET sql_mode=REPLACE(REPLACE(@@sql_mode,'NO_ZERO_DATE',''),'NO_ZERO_IN_DATE','')";
        assert_eq!(of("parseTime=true"), format!("{mode},NAMES utf8mb4"));
        assert_eq!(
            of("charset=utf8,latin1&time_zone=%27%2B00%3A00%27"),
            format!("{mode},NAMES utf8,time_zone='+00:00'")
        );
        assert_eq!(
            of("loc=Local&time_zone=SYSTEM&innodb_lock_wait_timeout=5"),
            format!("{mode},NAMES utf8mb4,innodb_lock_wait_timeout=5,time_zone='+00:00'")
        );
    }
}
