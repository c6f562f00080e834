//! The table of all flags, used for parsing, help, completions and man pages. To add a
//! flag, add a line here and name it in each command whose help should list it.

use rcfssl_go::flag::Kind;

/// Which commands accept a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A flag of cfssl: every command accepts it, whether or not it uses it.
    Cfssl,
    /// A flag that cfssl does not have: only the commands that list it accept it.
    Own,
}

/// One flag.
#[derive(Debug)]
pub struct Flag {
    /// The name without a dash.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// The default value, as text.
    pub default: &'static str,
    /// The placeholder for the value in help; words separated by bars are the possible
    /// values.
    pub value: &'static str,
    /// A one-line description.
    pub help: &'static str,
    /// Decides which commands accept it.
    pub origin: Origin,
}

macro_rules! flags {
    ($($id:ident $name:literal $kind:ident $default:literal $value:literal $origin:ident $help:literal;)*) => {
        /// A flag, as an index into [`FLAGS`].
        #[allow(dead_code, reason = "every flag of cfssl is read, also those that no command here uses")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FlagId { $($id,)* }

        /// All flags.
        pub static FLAGS: &[Flag] = &[$(Flag {
            name: $name,
            kind: Kind::$kind,
            default: $default,
            value: $value,
            help: $help,
            origin: Origin::$origin,
        },)*];
    };
}

flags! {
    Hostname "hostname" Text "" "HOST,HOST…" Cfssl
        "hosts of the certificate, instead of those in the request";
    Cert "cert" File "" "FILE" Cfssl
        "certificate file; - for standard input where the command allows it";
    Csr "csr" File "" "FILE" Cfssl
        "certificate request file; for renew, a request as JSON";
    Ca "ca" File "" "FILE" Cfssl
        "certificate of the CA; env:NAME reads it from an environment variable";
    CaKey "ca-key" File "" "FILE" Cfssl
        "private key of the CA; env:NAME reads it from an environment variable";
    TlsCert "tls-cert" File "" "FILE" Cfssl
        "certificate of this server";
    TlsKey "tls-key" File "" "FILE" Cfssl
        "private key of this server";
    MutualTlsCa "mutual-tls-ca" File "" "FILE" Cfssl
        "CA that issues the certificates of permitted clients";
    MutualTlsCn "mutual-tls-cn" Text "" "REGEX" Cfssl
        "common names of permitted clients";
    MinTlsVersion "min-tls-version" Text "" "1.2|1.3" Cfssl
        "lowest TLS version to accept";
    Disable "disable" Text "" "NAME,NAME…" Cfssl
        "endpoints to disable";
    TlsRemoteCa "tls-remote-ca" File "" "FILE" Cfssl
        "CA that issued the certificate of the remote server";
    MutualTlsClientCert "mutual-tls-client-cert" File "" "FILE" Cfssl
        "client certificate for the remote server";
    MutualTlsClientKey "mutual-tls-client-key" File "" "FILE" Cfssl
        "private key of the client certificate";
    Key "key" File "" "FILE" Cfssl
        "private key of the certificate or certificate request";
    Intermediates "intermediates" File "" "FILE" Cfssl
        "accepted and ignored";
    CaBundle "ca-bundle" File "" "FILE" Cfssl
        "roots to trust instead of the system's";
    IntBundle "int-bundle" File "" "FILE" Cfssl
        "intermediate certificates for building chains";
    IntDir "int-dir" Folder "" "FOLDER" Cfssl
        "folder of intermediate certificates; verified ones are saved there";
    Metadata "metadata" File "" "FILE" Cfssl
        "file that says which platforms trust which roots";
    Address "address" Text "127.0.0.1" "ADDRESS" Cfssl
        "address to listen on";
    Port "port" Int "8888" "PORT" Cfssl
        "port to listen on";
    Config "config" File "" "FILE" Cfssl
        "configuration file with the signing profiles";
    Profile "profile" Text "" "NAME" Cfssl
        "signing profile";
    InitCa "initca" Bool "false" "" Cfssl
        "create a self-signed CA";
    RenewCa "renewca" Bool "false" "" Cfssl
        "renew the CA's own certificate with the same lifetime";
    Flavor "flavor" Text "ubiquitous" "ubiquitous|optimal|force" Cfssl
        "which chain to prefer";
    Domain "domain" Text "" "NAME" Cfssl
        "fetch the certificate from this TLS server";
    Ip "ip" Text "" "ADDRESS" Cfssl
        "connect to this address instead of looking up the domain";
    Remote "remote" Text "" "HOST" Cfssl
        "server that signs the certificates";
    Label "label" Text "" "LABEL" Cfssl
        "label to store with a recorded certificate; which key of a remote server to use";
    AuthKey "authkey" Text "" "KEY" Cfssl
        "accepted and ignored";
    Responder "responder" File "" "FILE" Cfssl
        "certificate of the OCSP responder";
    ResponderKey "responder-key" File "" "FILE" Cfssl
        "private key of the OCSP responder";
    Status "status" Text "good" "good|revoked|unknown" Cfssl
        "status of the certificate";
    Reason "reason" Text "0" "REASON" Cfssl
        "reason for the revocation: 1 to 9, or a name such as keyCompromise";
    RevokedAt "revoked-at" Text "now" "DATE" Cfssl
        "date of the revocation: now, or YYYY-MM-DD";
    Interval "interval" Duration "96h0m0s" "DURATION" Cfssl
        "how long an OCSP response is valid";
    List "list" Bool "false" "" Cfssl
        "list the scanners";
    Family "family" Text "" "REGEX" Cfssl
        "families of scanners to run";
    Scanner "scanner" Text "" "REGEX" Cfssl
        "scanners to run";
    Timeout "timeout" Duration "5m0s" "DURATION" Cfssl
        "time limit for one host";
    Csv "csv" File "" "FILE" Cfssl
        "CSV file with the hosts to scan; the last field of each line is the host";
    NumWorkers "num-workers" Int "10" "N" Cfssl
        "number of hosts to scan at the same time";
    MaxHosts "max-hosts" Int "100" "N" Cfssl
        "maximum number of hosts to scan";
    Responses "responses" File "" "FILE" Cfssl
        "file with the OCSP responses to serve";
    Path "path" Text "/" "PATH" Cfssl
        "URL path to serve them at";
    CrlUrl "crl" Text "" "URL" Cfssl
        "CRL distribution point, instead of the profile's";
    Password "password" Text "0" "PASSWORD" Cfssl
        "password of a PKCS#12 file";
    Usage "usage" Text "" "USAGE" Cfssl
        "accepted and ignored";
    PgpPrivate "pgp-private" File "" "FILE" Cfssl
        "accepted and ignored";
    PgpName "pgp-name" Text "" "NAME" Cfssl
        "accepted and ignored";
    Serial "serial" Text "" "NUMBER" Cfssl
        "serial number of a recorded certificate";
    Cn "cn" Text "" "NAME" Cfssl
        "common name, instead of the one in the request";
    Aki "aki" Text "" "HEX" Cfssl
        "authority key identifier of a recorded certificate";
    DbConfig "db-config" File "" "FILE" Cfssl
        "configuration of the certificate database";
    Expiry "expiry" Duration "168h0m0s" "DURATION" Cfssl
        "how long the CRL is valid";
    Strict "strict" Bool "false" "" Cfssl
        "treat hints as errors";
    KeyFormat "key-format" Text "traditional" "traditional|pkcs8" Own
        "format of private keys; traditional is cfssl's";
    SignedByCa "signed-by-ca" Bool "false" "" Own
        "with -initca: an intermediate CA, signed by -ca";
    Jobs "jobs" File "" "FILE" Own
        "jobs document: organizations and their certificates";
    Before "before" Duration "" "DURATION" Own
        "renew when less than DURATION is left (default: a third of the lifetime)";
    Force "force" Bool "false" "" Own
        "renew certificates that are not due too";
    Rekey "rekey" Bool "false" "" Own
        "create new keys";
    DryRun "dry-run" Bool "false" "" Own
        "show what would be done; change nothing";
    Exec "exec" Text "" "COMMAND" Own
        "run COMMAND with sh -c after each change; it gets RCFSSL_CERT, RCFSSL_KEY and RCFSSL_NAME";
    Backup "backup" Bool "false" "" Own
        "keep the old files as NAME.pem.bak and NAME-key.pem.bak";
    Wait "wait" Duration "10s" "DURATION" Own
        "how long to wait for another process in the same folder";
    Json "json" Bool "false" "" Own
        "print the report as JSON";
    Warn "warn" Duration "720h" "DURATION" Own
        "exit with 1 if a certificate expires within DURATION";
    Critical "critical" Duration "168h" "DURATION" Own
        "exit with 2 if a certificate expires within DURATION or has expired";
    Prometheus "prometheus" Bool "false" "" Own
        "print metrics for the textfile collector of node_exporter";
    Pem "pem" Bool "false" "" Own
        "print the CRL as PEM";
    CrlNumber "crl-number" Int "" "N" Own
        "add a CRL number (RFC 5280 requires one)";
    Dir "dir" Folder "" "FOLDER" Own
        "folder for the pages; created if missing";
    ShowVersion "version" Bool "false" "" Own
        "print the version";
    AllowMisconfiguration "allow-misconfiguration" Bool "false" "" Own
        "start with a CA key that does not match its certificate, or with half of a TLS pair, as cfssl does";
    NewcertWithoutToken "allow-newcert-without-token" Bool "false" "" Own
        "let newcert use profiles with an auth_key without a token, as cfssl does";
    MaxBody "max-body" Int "1048576" "BYTES" Own
        "largest request body; larger ones are answered with 413";
    MaxHeader "max-header" Int "1048576" "BYTES" Own
        "largest request header; larger ones are answered with 431";
    RequestTimeout "request-timeout" Duration "30s" "DURATION" Own
        "how long a request may take to arrive; slower ones are answered with 408";
    MaxConnections "max-connections" Int "1024" "N" Own
        "connections served at a time; others wait";
    MaxRsaKeys "max-rsa-keys" Int "" "N" Own
        "RSA keys generated at a time, by default one per processor; other requests wait";
    ShutdownTimeout "shutdown-timeout" Duration "20s" "DURATION" Own
        "how long requests may take to finish after SIGTERM";
    MetricsAddress "metrics-address" Text "" "HOST:PORT" Own
        "serve metrics for Prometheus at http://HOST:PORT/metrics";
    LogFormat "log-format" Text "text" "text|json" Own
        "format of log lines; json writes one object per line";
    Outgoing "outgoing" Text "any" "any|public|none" Own
        "addresses that bundle, certinfo and scan may connect to";
    Listen "a" Text ":8888" "ADDRESS" Own
        "host and port to listen on";
    DefaultLabel "l" Text "" "LABEL" Own
        "CA to use for requests without a label";
    Roots "roots" File "" "FILE" Own
        "one section [LABEL] per CA, with private, certificate, config, nets and dbconfig";
    ResponderId "responder-id" Text "name" "name|key" Own
        "how OCSP responses name the responder: by its subject or by the hash of its key";
    OcspPath "ocsp-path" Text "" "PATH" Own
        "answer OCSP requests at this URL path";
    CrlPath "crl-path" Text "" "PATH" Own
        "serve the CRL at this URL path, and as PEM at PATH.pem";
    CrlExpiry "crl-expiry" Duration "168h0m0s" "DURATION" Own
        "how long the CRL of -crl-path is valid";
    Out "out" File "" "FILE" Own
        "write to FILE instead of standard output, whole or not at all";
    Yes "yes" Bool "false" "" Own
        "do not ask for confirmation";
    RevokeOld "revoke-old" Bool "false" "" Own
        "revoke the certificates that were replaced, in the database or at the server";
    LogLevel "loglevel" Int "1" "LEVEL" Cfssl
        "what to log: 0 debug, 1 info, 2 warning, 3 error, 4 critical, 5 fatal";
}
