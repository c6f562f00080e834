//! The one table of flags: parsing, help, completions and man pages come from
//! it. To add a flag, add a line.

use rcfssl_go::flag::Kind;

use super::commands::CommandId::{self, *};

/// Which commands take a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// cfssl's: every command of cfssl takes it, needed or not; help lists it
    /// where it matters.
    Everywhere,
    /// Our own: only the commands that list it.
    Listed,
}

/// One flag.
#[derive(Debug)]
pub struct Flag {
    /// Its name, without a dash.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// The value where it is not given, as text.
    pub default: &'static str,
    /// What the value stands for in help; words between bars are the choice.
    pub value: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Who takes it.
    pub scope: Scope,
    /// The commands whose help lists it.
    pub listed: &'static [CommandId],
}

macro_rules! flags {
    ($($id:ident $name:literal $kind:ident $default:literal $value:literal $scope:ident [$($listed:ident)*] $help:literal;)*) => {
        /// A flag, as an index into [`FLAGS`].
        #[allow(dead_code, reason = "every flag of cfssl is read, also those that no command here uses")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FlagId { $($id,)* }

        /// Every flag there is.
        pub static FLAGS: &[Flag] = &[$(Flag {
            name: $name,
            kind: Kind::$kind,
            default: $default,
            value: $value,
            help: $help,
            scope: Scope::$scope,
            listed: &[$($listed),*],
        },)*];
    };
}

flags! {
    Hostname "hostname" Text "" "HOST,HOST…" Everywhere [Gencert Sign Gencsr Selfsign Renew]
        "hosts of the certificate, instead of those in the request";
    Cert "cert" File "" "FILE" Everywhere [Certinfo Bundle Gencsr Ocspsign]
        "the certificate to work on; - for standard input where the command says so";
    Csr "csr" File "" "FILE" Everywhere [Sign Certinfo Renew]
        "the certification request to work on; for renew, a request document";
    Ca "ca" File "" "FILE" Everywhere [Gencert Sign Crl Info Ocspsign Ocsprefresh Renew Serve]
        "the authority's certificate; env:NAME takes it from the environment";
    CaKey "ca-key" File "" "FILE" Everywhere [Gencert Sign Crl Info Renew Serve]
        "the authority's private key; env:NAME takes it from the environment";
    TlsCert "tls-cert" File "" "FILE" Everywhere [Serve]
        "certificate that the server shows";
    TlsKey "tls-key" File "" "FILE" Everywhere [Serve]
        "private key of the server";
    MutualTlsCa "mutual-tls-ca" File "" "FILE" Everywhere [Serve]
        "authority of the clients that may connect";
    MutualTlsCn "mutual-tls-cn" Text "" "REGEX" Everywhere [Serve]
        "common names of the clients that may connect";
    MinTlsVersion "min-tls-version" Text "" "1.2|1.3" Everywhere [Serve]
        "lowest TLS version to accept";
    Disable "disable" Text "" "NAME,NAME…" Everywhere [Serve]
        "endpoints to leave out";
    TlsRemoteCa "tls-remote-ca" File "" "FILE" Everywhere [Serve]
        "authority of the remote server";
    MutualTlsClientCert "mutual-tls-client-cert" File "" "FILE" Everywhere [Serve]
        "certificate to show to the remote server";
    MutualTlsClientKey "mutual-tls-client-key" File "" "FILE" Everywhere [Serve]
        "private key for that certificate";
    Key "key" File "" "FILE" Everywhere [Bundle Gencsr Renew]
        "private key of the certificate or request";
    Intermediates "intermediates" File "" "FILE" Everywhere []
        "accepted and not used";
    CaBundle "ca-bundle" File "" "FILE" Everywhere [Bundle Serve Scan]
        "the roots to trust, instead of the system's";
    IntBundle "int-bundle" File "" "FILE" Everywhere [Bundle Serve]
        "intermediate certificates to build chains from";
    IntDir "int-dir" Folder "" "FOLDER" Everywhere [Bundle Serve]
        "folder of intermediates; verified ones are kept there";
    Metadata "metadata" File "" "FILE" Everywhere [Bundle Serve]
        "which platforms trust which roots";
    Address "address" Text "127.0.0.1" "ADDRESS" Everywhere [Serve Ocspserve]
        "address to listen on";
    Port "port" Int "8888" "PORT" Everywhere [Serve Ocspserve]
        "port to listen on";
    Config "config" File "" "FILE" Everywhere [Gencert Genkey Sign Selfsign Info Renew Serve]
        "the configuration with its profiles";
    Profile "profile" Text "" "NAME" Everywhere [Gencert Sign Selfsign Info Renew]
        "profile of the configuration to sign with";
    InitCa "initca" Bool "false" "" Everywhere [Gencert Genkey]
        "make a self-signed authority";
    RenewCa "renewca" Bool "false" "" Everywhere [Gencert]
        "sign the authority's certificate anew, for as long as it had";
    Flavor "flavor" Text "ubiquitous" "ubiquitous|optimal|force" Everywhere [Bundle]
        "which chain to choose";
    Domain "domain" Text "" "NAME" Everywhere [Certinfo Bundle]
        "take the certificate from this TLS server";
    Ip "ip" Text "" "ADDRESS" Everywhere [Bundle Scan]
        "connect to this address instead of looking the domain up";
    Remote "remote" Text "" "HOST" Everywhere [Serve]
        "let this server sign";
    Label "label" Text "" "LABEL" Everywhere []
        "which of the remote server's keys to use";
    AuthKey "authkey" Text "" "KEY" Everywhere []
        "accepted and not used";
    Responder "responder" File "" "FILE" Everywhere [Ocspsign Ocsprefresh Serve]
        "certificate of the OCSP responder";
    ResponderKey "responder-key" File "" "FILE" Everywhere [Ocspsign Ocsprefresh Serve]
        "private key of the OCSP responder";
    Status "status" Text "good" "good|revoked|unknown" Everywhere [Ocspsign]
        "what to say of the certificate";
    Reason "reason" Text "0" "REASON" Everywhere [Ocspsign Revoke]
        "why it was revoked: 1 to 9, or a name such as keyCompromise";
    RevokedAt "revoked-at" Text "now" "DATE" Everywhere [Ocspsign]
        "when it was revoked: now, or YYYY-MM-DD";
    Interval "interval" Duration "96h0m0s" "DURATION" Everywhere [Ocspsign Ocsprefresh]
        "how long an OCSP response is good";
    List "list" Bool "false" "" Everywhere [Scan]
        "list the scanners";
    Family "family" Text "" "REGEX" Everywhere [Scan]
        "families of scanners to run";
    Scanner "scanner" Text "" "REGEX" Everywhere [Scan]
        "scanners to run";
    Timeout "timeout" Duration "5m0s" "DURATION" Everywhere [Scan]
        "how long a scan may take";
    Csv "csv" File "" "FILE" Everywhere [Scan]
        "file of hosts to scan, one in each line";
    NumWorkers "num-workers" Int "10" "N" Everywhere [Scan]
        "hosts to scan at the same time";
    MaxHosts "max-hosts" Int "100" "N" Everywhere [Scan]
        "hosts to take from the file at most";
    Responses "responses" File "" "FILE" Everywhere [Ocspserve]
        "file of OCSP responses to serve";
    Path "path" Text "/" "PATH" Everywhere [Ocspserve]
        "path to serve them at";
    CrlUrl "crl" Text "" "URL" Everywhere [Gencert]
        "CRL distribution point, instead of the profile's";
    Password "password" Text "0" "PASSWORD" Everywhere [Bundle]
        "password of a PKCS#12 file";
    Usage "usage" Text "" "USAGE" Everywhere []
        "accepted and not used";
    PgpPrivate "pgp-private" File "" "FILE" Everywhere []
        "accepted and not used";
    PgpName "pgp-name" Text "" "NAME" Everywhere []
        "accepted and not used";
    Serial "serial" Text "" "NUMBER" Everywhere [Revoke]
        "serial number of a recorded certificate";
    Cn "cn" Text "" "NAME" Everywhere [Gencert Renew]
        "common name, instead of the one in the request";
    Aki "aki" Text "" "HEX" Everywhere [Revoke]
        "authority key identifier of a recorded certificate";
    DbConfig "db-config" File "" "FILE" Everywhere [Revoke Crl Ocspdump Ocsprefresh Ocspserve Serve]
        "the database of issued certificates";
    Expiry "expiry" Duration "168h0m0s" "DURATION" Everywhere [Crl]
        "how long a CRL is good";
    Strict "strict" Bool "false" "" Everywhere
        [Bundle Certinfo Gencert Gencrl Gencsr Genkey Info Ocspsign Renew Selfsign Sign]
        "make an error of everything that would only be hinted at";
    KeyFormat "key-format" Text "traditional" "traditional|pkcs8" Listed [Gencert Genkey Renew Selfsign]
        "form of private keys; traditional is cfssl's";
    SignedByCa "signed-by-ca" Bool "false" "" Listed [Gencert]
        "with -initca: have the new authority signed by -ca, as an intermediate";
    Jobs "jobs" File "" "FILE" Listed [Renew]
        "document of organizations and their certificates";
    Before "before" Duration "" "DURATION" Listed [Renew]
        "renew when less than this is left; otherwise a third of the lifetime";
    Force "force" Bool "false" "" Listed [Renew]
        "renew also what is not due";
    Rekey "rekey" Bool "false" "" Listed [Renew]
        "make new keys";
    DryRun "dry-run" Bool "false" "" Listed [Renew]
        "say what would be done, and change nothing";
    Exec "exec" Text "" "COMMAND" Listed [Renew]
        "run with sh -c after each change, with RCFSSL_CERT, RCFSSL_KEY and RCFSSL_NAME set";
    Backup "backup" Bool "false" "" Listed [Renew]
        "keep the old files, as NAME.pem.bak and NAME-key.pem.bak";
    Wait "wait" Duration "10s" "DURATION" Listed [Renew]
        "how long to wait for another process in the same folder";
    Json "json" Bool "false" "" Listed [Expiry Renew]
        "print the report as JSON";
    Warn "warn" Duration "720h" "DURATION" Listed [Expiry]
        "exit with 1 when a certificate ends within this time";
    Critical "critical" Duration "168h" "DURATION" Listed [Expiry]
        "exit with 2 when a certificate ends within this time, or has ended";
    Prometheus "prometheus" Bool "false" "" Listed [Expiry]
        "print metrics for the textfile collector of node_exporter";
    Pem "pem" Bool "false" "" Listed [Gencrl]
        "print the CRL as PEM";
    CrlNumber "crl-number" Int "" "N" Listed [Gencrl]
        "add the CRL number, which RFC 5280 wants";
    Dir "dir" Folder "" "FOLDER" Listed [Man]
        "folder to write the pages into, which is made where it is missing";
    LogLevel "loglevel" Int "1" "LEVEL" Everywhere
        [Bundle Certinfo Crl Expiry Gencert Gencrl Gencsr Genkey Info Ocspdump Ocsprefresh Ocspserve Ocspsign PrintDefaults Renew Revoke Scan Selfsign Serve Sign Version]
        "what to log: 0 debug, 1 info, 2 warning, 3 error, 4 critical, 5 fatal";
}
