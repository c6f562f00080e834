//! The commands that read certificates and look at hosts and CAs.

use super::Command;
use crate::args::FlagId::*;
use crate::commands::{bundle, certinfo, expiry, info, scan};

pub const BUNDLE: Command = Command {
    usage: &["bundle -cert FILE [flags]", "bundle -domain NAME [flags]"],
    flags: &[
        CaBundle, Cert, Domain, Flavor, IntBundle, IntDir, Ip, Key, LogLevel, Metadata, Password, Strict,
    ],
    ..Command::new(
        "bundle",
        "build the chain from a certificate to a trusted root",
        bundle::run,
    )
};

pub const CERTINFO: Command = Command {
    usage: &[
        "certinfo -cert FILE",
        "certinfo -csr FILE",
        "certinfo -domain NAME",
        "certinfo -db-config FILE -serial NUMBER -aki HEX",
    ],
    details: "FILE may be - for standard input.",
    flags: &[Aki, Cert, Csr, DbConfig, Domain, LogLevel, Serial, Strict],
    ..Command::new(
        "certinfo",
        "show the contents of a certificate or a certificate request",
        certinfo::run,
    )
};

pub const EXPIRY: Command = Command {
    usage: &["expiry [flags] FILE…|FOLDER…", "expiry -db-config FILE [flags]"],
    details: "\
The certificate that expires first is listed first. In a folder, keys and certificate
requests are skipped; subfolders are not searched. With -db-config, it lists the
recorded certificates that are neither expired nor revoked. The exit status is that of a
monitoring plugin: 0 if all is well, 1 if a certificate expires within -warn or is not
yet valid, 2 if one expires within -critical or has expired, 3 if something cannot be
read or a flag is wrong. 2 takes precedence over 3, and 3 over 1.",
    flags: &[Critical, DbConfig, Json, LogLevel, Prometheus, Warn],
    is_our_own: true,
    wrong_flag: expiry::WRONG_FLAG,
    ..Command::new("expiry", "list certificates by expiry date", expiry::run)
};

pub const INFO: Command = Command {
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
    ..Command::new(
        "info",
        "show a CA's certificate and the settings of a profile",
        info::run,
    )
};

pub const SCAN: Command = Command {
    usage: &["scan [flags] HOST…", "scan -list"],
    flags: &[
        CaBundle, Csv, Family, Ip, List, LogLevel, MaxHosts, NumWorkers, Scanner, Timeout,
    ],
    ..Command::new("scan", "check the TLS configuration of hosts", scan::run)
};
