//! The table of commands. A command's name, help, flags, function and exit status for a
//! wrong flag are defined here and nowhere else.

use super::{
    bundle, certinfo, completions, crl, db, expiry, gencert, gencrl, gencsr, genkey, help, info, man,
    multirootca, ocspdump, ocsprefresh, ocspserve, ocspsign, print_defaults, renew, revoke, scan, selfsign,
    serve, sign, version,
};
use crate::args::FlagId::{self, *};
use crate::context::{Context, Outcome};

/// A command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// A one-line description.
    pub about: &'static str,
    /// The ways to call it, one per line.
    pub usage: &'static [&'static str],
    /// Further help.
    pub details: &'static str,
    /// The flags listed in its help, sorted by name. As in cfssl, all other flags of cfssl
    /// are accepted as well.
    pub flags: &'static [FlagId],
    /// The function that runs it; `None` for a command of cfssl that rcfssl does not have
    /// yet.
    pub run: Option<fn(&Context) -> Outcome>,
    /// The exit status for a wrong flag.
    pub wrong_flag: u8,
    /// cfssl does not have this command. Things that cfssl ignores, such as a flag after an
    /// argument, are errors here.
    pub is_our_own: bool,
    /// Its first argument is an action, and flags follow it.
    pub has_actions: bool,
}

/// The defaults of a command; 2 is Go's exit status for a wrong flag.
const DEFAULTS: Command = Command {
    name: "",
    about: "",
    usage: &[],
    details: "",
    flags: &[],
    run: None,
    wrong_flag: 2,
    is_our_own: false,
    has_actions: false,
};

/// All commands, sorted by name.
pub static COMMANDS: &[Command] = &[
    Command {
        name: "bundle",
        about: "build the chain from a certificate to a trusted root",
        usage: &["bundle -cert FILE [flags]", "bundle -domain NAME [flags]"],
        flags: &[
            CaBundle, Cert, Domain, Flavor, IntBundle, IntDir, Ip, Key, LogLevel, Metadata, Password, Strict,
        ],
        run: Some(bundle::run),
        ..DEFAULTS
    },
    Command {
        name: "certinfo",
        about: "show the contents of a certificate or a certificate request",
        usage: &[
            "certinfo -cert FILE",
            "certinfo -csr FILE",
            "certinfo -domain NAME",
            "certinfo -db-config FILE -serial NUMBER -aki HEX",
        ],
        details: "FILE may be - for standard input.",
        flags: &[Aki, Cert, Csr, DbConfig, Domain, LogLevel, Serial, Strict],
        run: Some(certinfo::run),
        ..DEFAULTS
    },
    Command {
        name: "completions",
        about: "print shell completions",
        usage: &["completions bash|zsh|fish"],
        details: "\
For bash: rcfssl completions bash > /etc/bash_completion.d/rcfssl. The completions
also work for links named cfssl and cfssljson.",
        run: Some(completions::run),
        is_our_own: true,
        ..DEFAULTS
    },
    Command {
        name: "crl",
        about: "create a CRL of the certificates revoked in a database",
        usage: &["crl -db-config FILE -ca FILE -ca-key FILE [flags]"],
        details: "\
The list holds only certificates that -ca issued, even if other CAs use the same
database. It is printed as base64.",
        flags: &[Ca, CaKey, CrlNumber, DbConfig, Expiry, LogLevel, Pem, Strict],
        run: Some(crl::run),
        ..DEFAULTS
    },
    Command {
        name: "db",
        about: "create, migrate or inspect a database of certificates",
        usage: &[
            "db create -db-config FILE",
            "db migrate -db-config FILE",
            "db status -db-config FILE [-json]",
        ],
        details: "\
FILE is {\"driver\": DRIVER, \"data_source\": SOURCE}. DRIVER is sqlite3, postgres or
mysql; SOURCE is what the Go driver of that name accepts: a file name, a URL, or
user:password@tcp(host)/name?parseTime=true. create makes cfssl's tables if there are
none; migrate adds the columns of the second version to tables of cfssl's first;
status prints the version and the number of rows.",
        flags: &[DbConfig, Json, LogLevel, Strict],
        run: Some(db::run),
        is_our_own: true,
        has_actions: true,
        ..DEFAULTS
    },
    Command {
        name: "expiry",
        about: "list certificates by expiry date",
        usage: &["expiry [flags] FILE…|FOLDER…", "expiry -db-config FILE [flags]"],
        details: "\
The certificate that expires first is listed first. In a folder, keys and certificate
requests are skipped; subfolders are not searched. With -db-config, it lists the
recorded certificates that are neither expired nor revoked. The exit status is that of a
monitoring plugin: 0 if all is well, 1 if a certificate expires within -warn or is not
yet valid, 2 if one expires within -critical or has expired, 3 if something cannot be
read or a flag is wrong. 2 takes precedence over 3, and 3 over 1.",
        flags: &[Critical, DbConfig, Json, LogLevel, Prometheus, Warn],
        run: Some(expiry::run),
        is_our_own: true,
        wrong_flag: expiry::WRONG_FLAG,
        ..DEFAULTS
    },
    Command {
        name: "gencert",
        about: "create a key, a certificate request and a signed certificate",
        usage: &[
            "gencert -initca [-ca-key FILE] CSRJSON",
            "gencert -renewca -ca FILE -ca-key FILE",
            "gencert -initca -signed-by-ca -ca FILE -ca-key FILE [-config FILE -profile NAME] CSRJSON",
            "gencert -ca FILE -ca-key FILE [-config FILE -profile NAME] [-hostname HOST,…] [-cn NAME] CSRJSON",
            "gencert -remote HOST[,HOST…] [-profile NAME] [-hostname HOST,…] [-cn NAME] CSRJSON",
        ],
        details: "\
CSRJSON is a file with the request as JSON, or - for standard input; `rcfssl
print-defaults csr` prints an example. With -initca the certificate is that of a new
self-signed CA, with a new key or the one of -ca-key. The output is one line of JSON
with `cert`, `csr` and `key`; `rcfssljson -bare NAME` writes it to files. If the CA's
key is encrypted, its password is read from CFSSL_CA_PK_PASSWORD; to create or renew
the CA's own certificate, the key must not be encrypted.",
        flags: &[
            Ca,
            CaKey,
            Cn,
            Config,
            CrlUrl,
            DbConfig,
            Hostname,
            InitCa,
            KeyFormat,
            Label,
            LogLevel,
            MutualTlsClientCert,
            MutualTlsClientKey,
            Profile,
            Remote,
            RenewCa,
            SignedByCa,
            Strict,
            TlsRemoteCa,
        ],
        run: Some(gencert::run),
        ..DEFAULTS
    },
    Command {
        name: "gencrl",
        about: "create a CRL from a list of serial numbers",
        usage: &["gencrl SERIALS CERT KEY [SECONDS]"],
        details: "\
SERIALS is a file with one decimal serial number per line. Each file may be - for
standard input. The CRL is valid for SECONDS (default: one week) and is printed as
base64.",
        flags: &[CrlNumber, LogLevel, Pem, Strict],
        run: Some(gencrl::run),
        ..DEFAULTS
    },
    Command {
        name: "gencsr",
        about: "create a certificate request for an existing key",
        usage: &["gencsr -key FILE CSRJSON", "gencsr -key FILE -cert FILE"],
        details: "With -cert, the request asks for the names in that certificate.",
        flags: &[Cert, Hostname, Key, LogLevel, Strict],
        run: Some(gencsr::run),
        ..DEFAULTS
    },
    Command {
        name: "genkey",
        about: "create a key and a certificate request",
        usage: &["genkey CSRJSON", "genkey -initca CSRJSON"],
        details: "\
CSRJSON is a file with the request as JSON, or - for standard input. With -initca a
self-signed CA certificate is created too.",
        flags: &[Config, InitCa, KeyFormat, LogLevel, Strict],
        run: Some(genkey::run),
        ..DEFAULTS
    },
    Command {
        name: "help",
        about: "show help for rcfssl or for one command",
        usage: &["help [COMMAND]"],
        run: Some(help::run),
        is_our_own: true,
        ..DEFAULTS
    },
    Command {
        name: "info",
        about: "show a CA's certificate and the settings of a profile",
        usage: &[
            "info -config FILE -ca FILE -ca-key FILE [-profile NAME]",
            "info -remote HOST [-label LABEL] [-profile NAME]",
        ],
        flags: &[
            Ca,
            CaKey,
            Config,
            Label,
            LogLevel,
            MutualTlsClientCert,
            MutualTlsClientKey,
            Profile,
            Remote,
            Strict,
            TlsRemoteCa,
        ],
        run: Some(info::run),
        ..DEFAULTS
    },
    Command {
        name: "man",
        about: "write the manual pages",
        usage: &["man -dir FOLDER", "man FOLDER"],
        details: "\
There is a page for rcfssl, one for rcfssljson and one for each command. View a page
with man -l FILE, or by its name if FOLDER is called man1 and its parent folder is in
MANPATH.",
        flags: &[Dir],
        run: Some(man::run),
        is_our_own: true,
        ..DEFAULTS
    },
    Command {
        name: "multirootca",
        about: "run the HTTP API for several CAs",
        usage: &["multirootca -roots FILE [flags]"],
        details: "\
Signs certificate requests with several CAs. Clients choose one by its label at
/api/v1/cfssl/authsign, and each request must carry a token. /metrics counts the
requests. SIGHUP makes the server read the roots file and the files that it names again,
and SIGTERM ends it as it ends serve. A link to rcfssl with the name multirootca does the
same.",
        flags: &[
            Listen,
            DefaultLabel,
            LogFormat,
            LogLevel,
            MaxBody,
            MaxConnections,
            MaxHeader,
            RequestTimeout,
            Roots,
            ShutdownTimeout,
            TlsCert,
            TlsKey,
        ],
        run: Some(multirootca::run),
        is_our_own: true,
        ..DEFAULTS
    },
    Command {
        name: "ocspdump",
        about: "print the OCSP responses of a database",
        usage: &["ocspdump -db-config FILE"],
        details: "It prints one response per line, as base64.",
        flags: &[DbConfig, LogLevel, Strict],
        run: Some(ocspdump::run),
        ..DEFAULTS
    },
    Command {
        name: "ocsprefresh",
        about: "sign an OCSP response for every certificate of a database",
        usage: &["ocsprefresh -db-config FILE -ca FILE -responder FILE -responder-key FILE"],
        details: "\
Every certificate that has not expired gets a new response, which is valid for
-interval. The exit status is 1 if any of them cannot get one, for example because
another CA issued it.",
        flags: &[Ca, DbConfig, Interval, LogLevel, Responder, ResponderKey, Strict],
        run: Some(ocsprefresh::run),
        ..DEFAULTS
    },
    Command {
        name: "ocspserve",
        about: "answer OCSP requests",
        usage: &[
            "ocspserve -responses FILE [flags]",
            "ocspserve -db-config FILE [flags]",
            "ocspserve -db-config FILE -ca FILE -responder FILE -responder-key FILE [flags]",
            "ocspserve -db-config FILE -ca FILE -ca-key FILE [flags]",
            "ocspserve -roots FILE [-db-config FILE] [flags]",
        ],
        details: "\
With -responses or -db-config alone it serves the responses that ocspsign or ocsprefresh
signed. With a responder it signs them when they are asked for, from the certificates in
the database: -ca, -responder and -responder-key name a CA and the responder that it has
certified, -ca and -ca-key a CA that signs itself, and -roots a file with a section for
each of several CAs, as for multirootca. A revocation shows within a second. -crl-path
serves the CRL of each CA too: at PATH, or with -roots at PATH/LABEL.",
        flags: &[
            Address,
            Ca,
            CaKey,
            CrlExpiry,
            CrlPath,
            DbConfig,
            Interval,
            LogFormat,
            LogLevel,
            MaxBody,
            MaxConnections,
            MaxHeader,
            Path,
            Port,
            RequestTimeout,
            Responder,
            ResponderId,
            ResponderKey,
            Responses,
            Roots,
            ShutdownTimeout,
        ],
        run: Some(ocspserve::run),
        ..DEFAULTS
    },
    Command {
        name: "ocspsign",
        about: "sign an OCSP response",
        usage: &["ocspsign -ca FILE -responder FILE -responder-key FILE -cert FILE [flags]"],
        flags: &[
            Ca,
            Cert,
            Interval,
            LogLevel,
            Reason,
            Responder,
            ResponderKey,
            RevokedAt,
            Status,
            Strict,
        ],
        run: Some(ocspsign::run),
        ..DEFAULTS
    },
    Command {
        name: "print-defaults",
        about: "print an example configuration or request",
        usage: &["print-defaults config|csr|list"],
        details: "list prints the names of the other two.",
        flags: &[LogLevel],
        run: Some(print_defaults::run),
        ..DEFAULTS
    },
    Command {
        name: "renew",
        about: "renew certificates in place, one by one or from a jobs document",
        usage: &["renew [flags] CERTIFICATE…|FOLDER…", "renew -jobs FILE [flags]"],
        details: "\
In a folder, renew processes every certificate that was issued by ca.pem there and has its
key beside it, as NAME-key.pem or NAME.key. It uses ca.pem, ca-key.pem and
ca-config.json from the certificate's folder unless flags name other files. Subject,
alternative names and key stay the same; everything else comes from the profile, by
default the one whose usages match the certificate's. With -jobs, certificates that are
missing or no longer match the document are created too. With -remote, or if the
profile names another server, that server signs and ca-key.pem is not needed. The exit
status is 1 if anything failed.",
        flags: &[
            Backup,
            Before,
            Ca,
            CaKey,
            Cn,
            Config,
            Csr,
            DbConfig,
            DryRun,
            Exec,
            Force,
            Hostname,
            Jobs,
            Json,
            Key,
            KeyFormat,
            Label,
            LogLevel,
            MutualTlsClientCert,
            MutualTlsClientKey,
            Profile,
            Rekey,
            Remote,
            Strict,
            TlsRemoteCa,
            Wait,
        ],
        run: Some(renew::run),
        is_our_own: true,
        ..DEFAULTS
    },
    Command {
        name: "revoke",
        about: "mark a certificate of a database as revoked",
        usage: &["revoke -db-config FILE -serial NUMBER -aki HEX [-reason REASON]"],
        details: "\
NUMBER is decimal; HEX is lower-case hexadecimal without colons. Revoking a
certificate again updates the date and the reason.",
        flags: &[Aki, DbConfig, LogLevel, Reason, Serial, Strict],
        run: Some(revoke::run),
        ..DEFAULTS
    },
    Command {
        name: "scan",
        about: "check the TLS configuration of hosts",
        usage: &["scan [flags] HOST…", "scan -list"],
        flags: &[
            CaBundle, Csv, Family, Ip, List, LogLevel, MaxHosts, NumWorkers, Scanner, Timeout,
        ],
        run: Some(scan::run),
        ..DEFAULTS
    },
    Command {
        name: "selfsign",
        about: "create a key and a self-signed certificate",
        usage: &["selfsign HOSTNAME CSRJSON", "selfsign -hostname HOST,… CSRJSON"],
        details: "For testing only: clients have no reason to trust such a certificate.",
        flags: &[Config, Hostname, KeyFormat, LogLevel, Profile, Strict],
        run: Some(selfsign::run),
        ..DEFAULTS
    },
    Command {
        name: "serve",
        about: "run the HTTP API",
        usage: &["serve [flags]"],
        details: "\
Listens on 127.0.0.1:8888 by default. With -tls-cert and -tls-key it serves HTTPS, and
with -mutual-tls-ca it accepts only clients with a certificate from that CA. At startup
the log lists which endpoints are enabled, and why others are not. After SIGTERM the
server finishes the requests in progress and exits with 0. After SIGHUP it reads its
configuration, certificates and keys again; if any of them is wrong, it logs the error
and keeps the old ones. systemd may pass the socket, and is told about the state.
-ocsp-path and -crl-path answer OCSP requests and serve the CRL, from the certificates in
the database of -db-config: the URLs of a profile's ocsp_url and crl_url.",
        flags: &[
            Address,
            AllowMisconfiguration,
            NewcertWithoutToken,
            Ca,
            CaBundle,
            CaKey,
            Config,
            CrlExpiry,
            CrlPath,
            DbConfig,
            Disable,
            IntBundle,
            IntDir,
            Interval,
            LogFormat,
            LogLevel,
            MaxBody,
            MaxConnections,
            MaxHeader,
            MaxRsaKeys,
            Metadata,
            MetricsAddress,
            MinTlsVersion,
            MutualTlsCa,
            MutualTlsClientCert,
            MutualTlsClientKey,
            MutualTlsCn,
            OcspPath,
            Outgoing,
            Port,
            Remote,
            RequestTimeout,
            Responder,
            ResponderId,
            ResponderKey,
            ShutdownTimeout,
            TlsCert,
            TlsKey,
            TlsRemoteCa,
        ],
        run: Some(serve::run),
        ..DEFAULTS
    },
    Command {
        name: "sign",
        about: "sign a certificate request",
        usage: &[
            "sign -ca FILE -ca-key FILE [flags] CSR [SUBJECT]",
            "sign -ca FILE -ca-key FILE [flags] -csr CSR [SUBJECT]",
            "sign -remote HOST[,HOST…] [flags] CSR [SUBJECT]",
        ],
        details: "\
CSR is a PEM file, or - for standard input. SUBJECT is a JSON file with CN and names
to use instead of those in the certificate request.",
        flags: &[
            Ca,
            CaKey,
            Config,
            Csr,
            DbConfig,
            Hostname,
            Label,
            LogLevel,
            MutualTlsClientCert,
            MutualTlsClientKey,
            Profile,
            Remote,
            Strict,
            TlsRemoteCa,
        ],
        run: Some(sign::run),
        ..DEFAULTS
    },
    Command {
        name: "version",
        about: "print the version",
        usage: &["version"],
        flags: &[LogLevel],
        run: Some(version::run),
        ..DEFAULTS
    },
];

/// The command with this name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::flags::FLAGS;

    #[test]
    fn commands_and_their_flags_are_sorted_and_complete() {
        assert!(COMMANDS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for Command {
            name,
            about,
            usage,
            flags,
            ..
        } in COMMANDS
        {
            assert!(!about.is_empty(), "{name}");
            assert!(usage.iter().all(|line| line.starts_with(name)), "{name}");
            let names: Vec<_> = flags.iter().map(|flag| FLAGS[*flag as usize].name).collect();
            assert!(
                names.windows(2).all(|pair| pair[0] < pair[1]),
                "{name}: {names:?}"
            );
        }
        assert!(find("gencert").is_some_and(|command| command.run.is_some()));
        assert!(find("").is_none());
    }

    /// The exit status for a wrong flag is Go's, except where 2 has another meaning.
    #[test]
    fn wrong_flags_end_with_2() {
        for command in COMMANDS {
            let status = if command.name == "expiry" { 3 } else { 2 };
            assert_eq!(command.wrong_flag, status, "{}", command.name);
        }
    }

    #[test]
    fn our_own_commands_are_marked() {
        let own = COMMANDS.iter().filter(|command| command.is_our_own);
        let own: Vec<_> = own.map(|command| command.name).collect();
        assert_eq!(
            own,
            [
                "completions",
                "db",
                "expiry",
                "help",
                "man",
                "multirootca",
                "renew"
            ]
        );
    }
}
