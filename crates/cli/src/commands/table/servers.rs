//! The commands that serve.

use super::Command;
use crate::args::FlagId::*;
use crate::commands::{multirootca, ocspserve, serve};

pub const MULTIROOTCA: Command = Command {
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
    is_our_own: true,
    ..Command::new(
        "multirootca",
        "run the HTTP API for several CAs",
        multirootca::run,
    )
};

pub const OCSPSERVE: Command = Command {
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
    ..Command::new("ocspserve", "answer OCSP requests", ocspserve::run)
};

pub const SERVE: Command = Command {
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
    ..Command::new("serve", "run the HTTP API", serve::run)
};
