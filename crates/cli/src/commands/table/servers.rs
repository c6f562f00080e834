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
    ],
    flags: &[Address, DbConfig, LogFormat, LogLevel, Path, Port, Responses],
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
and keeps the old ones. systemd may pass the socket, and is told about the state.",
    flags: &[
        Address,
        AllowMisconfiguration,
        NewcertWithoutToken,
        Ca,
        CaBundle,
        CaKey,
        Config,
        DbConfig,
        Disable,
        IntBundle,
        IntDir,
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
        Outgoing,
        Port,
        Remote,
        RequestTimeout,
        Responder,
        ResponderKey,
        ShutdownTimeout,
        TlsCert,
        TlsKey,
        TlsRemoteCa,
    ],
    ..Command::new("serve", "run the HTTP API", serve::run)
};
