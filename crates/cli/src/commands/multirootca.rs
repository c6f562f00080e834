//! `multirootca`: several CAs behind one address. A program of its own in cfssl, and here
//! one by its name.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use rcfssl_ca::{Issuer, LocalSigner};
use rcfssl_core::{Certificate, Code, Error, Policy, Result, key};
use rcfssl_go::flag::{self, FlagError, Kind, Parsed};
use rcfssl_server::Limits;
use rcfssl_server::multiroot::{self, Networks, Root, Section, Settings};
use rcfssl_store::{Config, Store};

use crate::database::CONNECTIONS;
use crate::input;
use crate::log::{Level, Log};

const ADDRESS: usize = 0;
const ROOTS: usize = 1;
const LABEL: usize = 2;
const TLS_CERT: usize = 3;
const TLS_KEY: usize = 4;
const LOG_LEVEL: usize = 5;

/// The text of `multirootca -h`.
pub const HELP: &str = "\
Usage:
  multirootca -roots FILE [flags]

Signs certificate requests with several CAs. Clients name one by its label, at
/api/v1/cfssl/authsign, and each request must carry a token. /metrics counts requests.

Flags:
  -a ADDRESS              address to listen on (default :8888)
  -l LABEL                CA of requests without a label
  -loglevel LEVEL         0 debug, 1 info, 2 warning, 3 error, 4 critical, 5 fatal
  -roots FILE             sections [LABEL] with private, certificate, config, nets, dbconfig
  -tls-cert FILE          certificate of this server
  -tls-key FILE           private key of this server
";

/// Serves until a signal arrives; returns the exit status.
///
/// # Errors
/// For a wrong flag.
pub fn run(arguments: Vec<OsString>) -> std::result::Result<u8, FlagError> {
    let find = |name: &str| match name {
        "a" => Some((ADDRESS, Kind::Text)),
        "roots" => Some((ROOTS, Kind::File)),
        "l" => Some((LABEL, Kind::Text)),
        "tls-cert" => Some((TLS_CERT, Kind::File)),
        "tls-key" => Some((TLS_KEY, Kind::File)),
        "loglevel" => Some((LOG_LEVEL, Kind::Int)),
        _ => None,
    };
    let args = flag::parse(find, arguments)?;
    let level = args
        .text(LOG_LEVEL)
        .and_then(|level| flag::parse_int(&level).ok());
    let log = Log::new(level.unwrap_or(Level::Info as i64));
    // The time zone can be read only while there is a single thread.
    log.offset();
    Ok(match serve(&args, &log) {
        Ok(()) => 0,
        Err(error) => {
            log.line(Level::Fatal, error);
            1
        }
    })
}

fn serve(args: &Parsed, log: &Log) -> Result<()> {
    let path = args.value(ROOTS).filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| Error::plain("no root file specified"))?;
    let text = input::file(path)?;
    let mut roots = BTreeMap::new();
    let sections = multiroot::read_roots(&String::from_utf8_lossy(&text))?;
    let read = sections.into_iter().map(|section| {
        let root = root(&section, log)?;
        Ok((section, root))
    });
    // One invalid section prevents the start.
    for (section, root) in read.collect::<Result<Vec<_>>>()? {
        log.line(Level::Info, format_args!("loaded signer {}", section.label));
        roots.insert(section.label, root);
    }
    let text = |flag, default: &str| {
        args.text(flag)
            .map_or(default.to_owned(), |text| text.into_owned())
    };
    let file = |flag| args.value(flag).unwrap_or_default().to_owned();
    let settings = Settings {
        address: text(ADDRESS, ":8888"),
        default_label: text(LABEL, ""),
        tls_cert: file(TLS_CERT),
        tls_key: file(TLS_KEY),
        limits: Limits::default(),
    };
    multiroot::serve(settings, roots, Arc::new(log.clone()))
}

/// Reads the files of a section, in cfssl's order.
///
/// # Errors
/// What is missing or invalid.
fn root(section: &Section, log: &Log) -> Result<Root> {
    let need = |key, what| {
        let missing = || Error::plain(format!("config: root is missing {what}"));
        section.get(key).ok_or_else(missing)
    };
    let private = need("private", "private key spec")?;
    let certificate = need("certificate", "certificate path")?;
    let config = need("config", "configuration file path")?;
    let key = private_key(private)?;
    let certificate = input::file(OsStr::new(certificate))?;
    let certificate = Certificate::read_pem(&certificate)?;
    let unreadable = |_| Error::wrap(Code::InvalidPolicy, "could not read configuration file");
    let config = input::file(OsStr::new(config)).map_err(unreadable)?;
    let (policy, _) = Policy::read(&config, &input::Process, &mut |event| log.event(&event))?;
    let networks = section.get("nets").filter(|nets| !nets.is_empty());
    let networks = networks.map(Networks::read).transpose()?;
    let store = section.get("dbconfig").map(|path| {
        let text = input::file(OsStr::new(path)).map_err(unreadable)?;
        let (config, _) = Config::read(&text)?;
        Store::new(&config, CONNECTIONS).map(Arc::new)
    });
    let issuer = Arc::new(Issuer::new(certificate, key));
    Ok(Root {
        signer: Arc::new(LocalSigner::new(issuer, Arc::new(policy))),
        networks,
        store: store.transpose()?,
    })
}

/// Reads the key at `file://PATH`. The host part of the URL is the first component of a
/// relative path, as in cfssl.
fn private_key(spec: &str) -> Result<key::PrivateKey> {
    let unsupported = || Error::plain("config: unsupported private key scheme");
    let path = spec.strip_prefix("file://").ok_or_else(unsupported)?;
    let text = input::file(Path::new(path).as_os_str())?;
    key::read_pem_or_der(&text)
}
