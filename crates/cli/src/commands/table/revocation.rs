//! The commands for databases of certificates, CRLs and OCSP responses.

use super::Command;
use crate::args::FlagId::*;
use crate::commands::{crl, db, gencrl, ocspdump, ocsprefresh, ocspsign, revoke};

pub const CRL: Command = Command {
    usage: &["crl -db-config FILE -ca FILE -ca-key FILE [flags]"],
    details: "\
The list holds only certificates that -ca issued, even if other CAs use the same
database. It is printed as base64. With -out, FILE gets the list as DER, or with -pem as
PEM, whole or not at all; the list then has the reasons for the revocations and a CRL
number, which is the time in milliseconds and larger than that of the list in FILE.",
    flags: &[Ca, CaKey, CrlNumber, DbConfig, Expiry, LogLevel, Out, Pem, Strict],
    ..Command::new(
        "crl",
        "create a CRL of the certificates revoked in a database",
        crl::run,
    )
};

pub const DB: Command = Command {
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
    is_our_own: true,
    has_actions: true,
    ..Command::new(
        "db",
        "create, migrate or inspect a database of certificates",
        db::run,
    )
};

pub const GENCRL: Command = Command {
    usage: &["gencrl SERIALS CERT KEY [SECONDS]"],
    details: "\
SERIALS is a file with one decimal serial number per line. Each file may be - for
standard input. The CRL is valid for SECONDS (default: one week) and is printed as
base64.",
    flags: &[CrlNumber, LogLevel, Pem, Strict],
    ..Command::new(
        "gencrl",
        "create a CRL from a list of serial numbers",
        gencrl::run,
    )
};

pub const OCSPDUMP: Command = Command {
    usage: &["ocspdump -db-config FILE"],
    details: "It prints one response per line, as base64.",
    flags: &[DbConfig, LogLevel, Strict],
    ..Command::new(
        "ocspdump",
        "print the OCSP responses of a database",
        ocspdump::run,
    )
};

pub const OCSPREFRESH: Command = Command {
    usage: &["ocsprefresh -db-config FILE -ca FILE -responder FILE -responder-key FILE"],
    details: "\
Every certificate that has not expired gets a new response, which is valid for
-interval. The exit status is 1 if any of them cannot get one, for example because
another CA issued it.",
    flags: &[Ca, DbConfig, Interval, LogLevel, Responder, ResponderKey, Strict],
    ..Command::new(
        "ocsprefresh",
        "sign an OCSP response for every certificate of a database",
        ocsprefresh::run,
    )
};

pub const OCSPSIGN: Command = Command {
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
    ..Command::new("ocspsign", "sign an OCSP response", ocspsign::run)
};

pub const REVOKE: Command = Command {
    usage: &[
        "revoke -db-config FILE -serial NUMBER -aki HEX [-reason REASON]",
        "revoke -db-config FILE -cert FILE [-reason REASON]",
        "revoke -db-config FILE -cn NAME [-reason REASON] [-yes]",
    ],
    details: "\
NUMBER is decimal; HEX is lower-case hexadecimal without colons. With -cert both are
taken from the certificate. -cn revokes all unexpired certificates with that common name,
after asking; -yes does not ask. Revoking a certificate again updates the date and the
reason.",
    flags: &[Aki, Cert, Cn, DbConfig, LogLevel, Reason, Serial, Strict, Yes],
    ..Command::new(
        "revoke",
        "mark a certificate of a database as revoked",
        revoke::run,
    )
};
