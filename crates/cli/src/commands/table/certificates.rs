//! The commands that make keys, certificate requests and certificates.

use super::Command;
use crate::args::FlagId::*;
use crate::commands::{gencert, gencsr, genkey, renew, selfsign, sign};

pub const GENCERT: Command = Command {
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
    ..Command::new(
        "gencert",
        "create a key, a certificate request and a signed certificate",
        gencert::run,
    )
};

pub const GENCSR: Command = Command {
    usage: &["gencsr -key FILE CSRJSON", "gencsr -key FILE -cert FILE"],
    details: "With -cert, the request asks for the names in that certificate.",
    flags: &[Cert, Hostname, Key, LogLevel, Strict],
    ..Command::new(
        "gencsr",
        "create a certificate request for an existing key",
        gencsr::run,
    )
};

pub const GENKEY: Command = Command {
    usage: &["genkey CSRJSON", "genkey -initca CSRJSON"],
    details: "\
CSRJSON is a file with the request as JSON, or - for standard input. With -initca a
self-signed CA certificate is created too.",
    flags: &[Config, InitCa, KeyFormat, LogLevel, Strict],
    ..Command::new("genkey", "create a key and a certificate request", genkey::run)
};

pub const RENEW: Command = Command {
    usage: &["renew [flags] CERTIFICATE…|FOLDER…", "renew -jobs FILE [flags]"],
    details: "\
In a folder, renew processes every certificate that was issued by ca.pem there and has its
key beside it, as NAME-key.pem or NAME.key. It uses ca.pem, ca-key.pem and
ca-config.json from the certificate's folder unless flags name other files. Subject,
alternative names and key stay the same; everything else comes from the profile, by
default the one whose usages match the certificate's. With -jobs, certificates that are
missing or no longer match the document are created too. With -remote, or if the
profile names another server, that server signs and ca-key.pem is not needed. With
-revoke-old, each certificate that was replaced is revoked as superseded where the new
one is recorded: in the database of -db-config, or at the server that signed it. The
exit status is 1 if anything failed.",
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
        RevokeOld,
        Strict,
        TlsRemoteCa,
        Wait,
    ],
    is_our_own: true,
    ..Command::new(
        "renew",
        "renew certificates in place, one by one or from a jobs document",
        renew::run,
    )
};

pub const SELFSIGN: Command = Command {
    usage: &["selfsign HOSTNAME CSRJSON", "selfsign -hostname HOST,… CSRJSON"],
    details: "For testing only: clients have no reason to trust such a certificate.",
    flags: &[Config, Hostname, KeyFormat, LogLevel, Profile, Strict],
    ..Command::new(
        "selfsign",
        "create a key and a self-signed certificate",
        selfsign::run,
    )
};

pub const SIGN: Command = Command {
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
    ..Command::new("sign", "sign a certificate request", sign::run)
};
