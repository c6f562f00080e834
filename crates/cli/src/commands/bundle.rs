//! `bundle`: the chain from a certificate to a trusted root, as JSON.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcfssl_ca::input;
use rcfssl_core::bundle::{self, Bundler, Flavor, Input, Platform};
use rcfssl_core::key::{self, PrivateKey};
use rcfssl_core::verify::Pool;
use rcfssl_core::{Certificate, Code, Error, Result};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::log::Level;
use crate::output;
use rcfssl_net::intermediates::Fetcher;
use rcfssl_net::served::{self, Unverified};
use rcfssl_net::{Outgoing, roots};

/// Bundles the certificate of a file or of a server.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let platforms = platforms(context)?;
    let flavor = Flavor::named(&args.text(FlagId::Flavor));
    let store = match flavor {
        Flavor::Force => Store::none(context),
        _ => Store::open(context, &mut |line| context.error(line))?,
    };
    let now = rcfssl_net::now();
    let (input, mut bundler) = if args.is_set(FlagId::Cert) {
        let given = Given::read(context)?;
        let bundler = store.into_bundler(flavor, platforms)?;
        (given.parse(context)?, bundler)
    } else if args.is_set(FlagId::Domain) {
        let certificates = remote(context, &store, now)?;
        (certificates.into(), store.into_bundler(flavor, platforms)?)
    } else {
        return Err(Error::plain("name the certificate to bundle: -cert FILE or -domain NAME").into());
    };
    let certificates = input.certificates.into_iter().map(Arc::new).collect();
    let (mut sink, mut fetched) = (context.sink(), context.sink());
    let mut source = Fetcher::new(Outgoing::Any, intermediates_folder(context), &mut fetched);
    let bundled = bundler.bundle(certificates, input.key, flavor, now, &mut source, &mut sink);
    let bundle = bundled.map_err(|error| match error {
        Error::Plain(_) => Failure::Crash(error),
        _ => error.into(),
    })?;
    let json = bundle.to_json().map_err(Failure::Crash)?;
    output::stdout(json.as_bytes())?;
    Ok(())
}

/// The platforms of `-metadata`. cfssl ignores a file that it cannot read.
///
/// # Errors
/// A trap, under `-strict`.
fn platforms(context: &Context) -> std::result::Result<Vec<Platform>, Failure> {
    let path = context.args.path(FlagId::Metadata);
    if !context.args.is_set(FlagId::Metadata) {
        return Ok(Vec::new());
    }
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut open = |keystore: &str| {
        let file = clean(&folder.join(keystore.trim_start_matches('/')));
        let text = input::file(file.as_os_str());
        if let Err(error) = &text {
            context.error(error);
        }
        text.map(|text| text.to_vec())
    };
    let read = input::file(path).map_err(Failure::from).and_then(|document| {
        let read = Platform::read_all(&document, &mut open, &mut context.sink());
        context.read_document(path, &document, read)
    });
    match read {
        Err(Failure::Error(error)) => {
            context.hint(format_args!("the platform metadata was not used: {error}"));
            Ok(Vec::new())
        }
        read => read,
    }
}

/// The platforms of `-metadata` for a server, which does not start if they cannot be read.
///
/// # Errors
/// `platform metadata failed to load: …`
pub fn server_platforms(context: &Context) -> std::result::Result<Vec<Platform>, Failure> {
    if !context.args.is_set(FlagId::Metadata) {
        return Ok(Vec::new());
    }
    let failed = |error: Error| Error::plain(format!("platform metadata failed to load: {error}"));
    input::file(context.args.path(FlagId::Metadata)).map_err(failed)?;
    platforms(context)
}

/// The bundler of a server, and the lines that say why there is none.
pub fn server(context: &Context, platforms: Vec<Platform>) -> (Result<Bundler>, Vec<String>) {
    let mut lines = Vec::new();
    let store = Store::open(context, &mut |line| lines.push(line));
    let bundler = store.and_then(|store| store.into_bundler(Flavor::Ubiquitous, platforms));
    (bundler, lines)
}

/// A path without `.`, `..` and doubled slashes, as Go's `path.Join` leaves it.
fn clean(path: &Path) -> PathBuf {
    let mut parts: Vec<&OsStr> = Vec::new();
    let bytes = path.as_os_str().as_bytes();
    let rooted = bytes.first() == Some(&b'/');
    for part in bytes.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(OsStr::from_bytes(part)),
        }
    }
    let joined: PathBuf = parts.iter().collect();
    if rooted {
        Path::new("/").join(joined)
    } else {
        joined
    }
}

/// The roots and intermediates of the flags, read in cfssl's order.
#[derive(Default)]
struct Store {
    roots: Option<Vec<Certificate>>,
    intermediates: Vec<Certificate>,
}

impl Store {
    /// For `-flavor force`, where cfssl does not read the files.
    fn none(context: &Context) -> Self {
        let unread = [FlagId::CaBundle, FlagId::IntBundle, FlagId::IntDir];
        if unread.into_iter().any(|flag| context.args.is_set(flag)) {
            context.hint("-flavor force ignores -ca-bundle, -int-bundle and -int-dir");
        }
        Store::default()
    }

    /// What is wrong with a file is also said in words, for the log.
    ///
    /// # Errors
    /// 4001 and 3001 if a file cannot be read, 4003 and 3003 if its contents are invalid.
    fn open(context: &Context, complain: &mut dyn FnMut(String)) -> Result<Self> {
        let read = |complain: &mut dyn FnMut(String), flag, what: &str, code| {
            if !context.args.is_set(flag) {
                return Ok(None);
            }
            let text = input::file(context.args.path(flag));
            text.map(Some).map_err(|error| {
                complain(format!("{what} bundle failed to load: {error}"));
                Error::wrap(code, error)
            })
        };
        let parse =
            |complain: &mut dyn FnMut(String), text: Option<Zeroizing<Vec<u8>>>, what: &str, code: Code| {
                let certificates = text.map(|text| bundle::read_pem(&text)).transpose();
                certificates.map_err(|error| {
                    complain(format!("failed to parse {what} bundle: {error}"));
                    Error::from(code)
                })
            };
        let roots = read(complain, FlagId::CaBundle, "root", Code::RootRead)?;
        let intermediates = read(
            complain,
            FlagId::IntBundle,
            "intermediate",
            Code::IntermediatesRead,
        )?;
        make_folder(context)?;
        let roots = parse(complain, roots, "root", Code::RootParse)?;
        let intermediates = parse(complain, intermediates, "intermediate", Code::IntermediatesParse)?;
        Ok(Store {
            roots,
            intermediates: intermediates.unwrap_or_default(),
        })
    }

    /// The pool of roots: those of `-ca-bundle`, or the system's.
    fn root_pool(&self) -> Pool {
        match &self.roots {
            Some(roots) => roots.iter().cloned().map(Arc::new).collect(),
            None => roots::system().clone(),
        }
    }

    fn into_bundler(self, flavor: Flavor, platforms: Vec<Platform>) -> Result<Bundler> {
        let system = match (&self.roots, flavor) {
            // The chain is used as given, whether or not anyone trusts it.
            (None, Flavor::Force) | (Some(_), _) => Pool::default(),
            (None, _) => roots::system().clone(),
        };
        let intermediates = self.intermediates.into_iter().map(Arc::new).collect();
        let mut bundler = Bundler::new(system, intermediates, platforms);
        let named = self.roots.unwrap_or_default();
        named
            .into_iter()
            .for_each(|root| bundler.add_root(Arc::new(root)));
        Ok(bundler)
    }
}

/// Creates the folder of `-int-dir` if it does not exist.
fn make_folder(context: &Context) -> Result<()> {
    let folder = context.args.path(FlagId::IntDir);
    let missing = || fs::metadata(folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if !context.args.is_set(FlagId::IntDir) || !missing() {
        return Ok(());
    }
    let shown = folder.to_string_lossy();
    context.log.line(
        Level::Info,
        format_args!("intermediate stash directory {shown} doesn't exist, creating"),
    );
    fs::create_dir_all(folder).map_err(|error| {
        let error = Error::plain(format!("mkdir {shown}: {}", rcfssl_go::os::describe(&error)));
        context.error(format_args!(
            "failed to create intermediate stash directory {shown}: {error}"
        ));
        error
    })?;
    context.log.line(
        Level::Info,
        format_args!("intermediate stash directory {shown} created"),
    );
    Ok(())
}

/// The files of `-cert` and `-key`.
struct Given {
    certificates: Zeroizing<Vec<u8>>,
    key: Option<Zeroizing<Vec<u8>>>,
    password: Zeroizing<String>,
}

impl Given {
    /// # Errors
    /// 1001 and 2001 if a file cannot be read; without a number for a key when the
    /// certificate comes from standard input; 2002 for an empty key, where cfssl crashes.
    fn read(context: &Context) -> std::result::Result<Self, Failure> {
        let args = &context.args;
        let from_stdin = args.path(FlagId::Cert) == "-";
        let certificates = if from_stdin {
            input::file_or_stdin(args.path(FlagId::Cert))?
        } else {
            input::file(args.path(FlagId::Cert)).map_err(|error| Error::wrap(Code::CertificateRead, error))?
        };
        let key = match args.path(FlagId::Key) {
            _ if !args.is_set(FlagId::Key) => None,
            file if from_stdin => Some(input::file_or_stdin(file)?).filter(|key| !key.is_empty()),
            file => {
                let key = input::file(file).map_err(|error| Error::wrap(Code::KeyRead, error))?;
                if key.is_empty() {
                    return Err(Failure::Crash(Code::KeyDecode.into()));
                }
                Some(key)
            }
        };
        // For standard input cfssl tries only the empty password on PKCS#12.
        let password = if from_stdin && !args.is_set(FlagId::Password) {
            Zeroizing::default()
        } else {
            Zeroizing::new(args.text(FlagId::Password).into_owned())
        };
        Ok(Given {
            certificates,
            key,
            password,
        })
    }

    /// # Errors
    /// 2002, 2003 or 2100 for the key, 1002 or 1003 for the certificates.
    fn parse(self, context: &Context) -> Result<Input> {
        let key: Option<PrivateKey> = self.key.map(|key| key::read(&key)).transpose()?;
        let mut input = bundle::read(&self.certificates, &self.password).map_err(|unreadable| {
            if let Some(refusal) = unreadable.pkcs12 {
                context.hint(refusal);
            }
            unreadable.error
        })?;
        input.key = key.or(input.key);
        Ok(input)
    }
}

/// Fetches the certificates of the server `-domain` and checks that they are valid for its
/// name.
///
/// # Errors
/// 6000 if the connection fails; 1200 if the certificates do not lead to a root or are for
/// other hosts. cfssl's message does not say which.
fn remote(context: &Context, store: &Store, now: OffsetDateTime) -> Result<Vec<Certificate>> {
    let args = &context.args;
    let domain = args.text(FlagId::Domain);
    let ip = args.text(FlagId::Ip);
    let served = served::verified(&domain, &ip, Outgoing::Any, &store.root_pool(), now);
    served.map_err(|unverified| {
        if let Unverified::Chain(refusal) = &unverified {
            context.hint(refusal);
        }
        unverified.into()
    })
}

/// The folder of `-int-dir`, where new intermediates are saved.
pub fn intermediates_folder(context: &Context) -> Option<PathBuf> {
    let args = &context.args;
    args.is_set(FlagId::IntDir)
        .then(|| args.path(FlagId::IntDir).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, want) in [
            ("a//b/./c/../d", "a/b/d"),
            ("./x", "x"),
            ("../x", "../x"),
            ("a/../../x", "../x"),
            ("/../x", "/x"),
            ("/", "/"),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(want), "{path}");
        }
    }
}
