//! The measurements and their limits.

/// What is measured of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// User and system time.
    Cpu,
    /// Elapsed time, for commands with several threads or processes.
    Wall,
    /// The largest resident set.
    Memory,
}

impl Kind {
    /// The unit of the printed figures.
    pub fn unit(self) -> &'static str {
        match self {
            Kind::Cpu => "ms CPU",
            Kind::Wall => "ms wall",
            Kind::Memory => "MB",
        }
    }
}

/// One row of the table: a shell line in which `cfssl` and `cfssljson` are either the real
/// programs or ours.
#[derive(Debug)]
pub struct Row {
    /// Its name in the table.
    pub name: &'static str,
    /// What is measured.
    pub kind: Kind,
    /// The number of runs.
    pub runs: usize,
    /// The maximum ratio to real cfssl for static binaries.
    pub target: f64,
    /// The same for dynamic binaries, if it is higher.
    pub dynamic_target: Option<f64>,
    /// The program and its arguments.
    pub command: Command,
}

/// The command of a row.
#[derive(Debug, Clone, Copy)]
pub enum Command {
    /// `cfssl` with arguments.
    Cfssl(&'static [&'static str]),
    /// `cfssljson` with arguments and an input file.
    Cfssljson(&'static [&'static str], &'static str),
    /// A line for `sh -c`.
    Shell(&'static str),
}

const P256: &[&str] = &[
    "gencert",
    "-ca=p256.pem",
    "-ca-key=p256-key.pem",
    "-config=ca-config.json",
    "-profile=server",
    "server.json",
];
const RSA: &[&str] = &[
    "gencert",
    "-ca=rsa.pem",
    "-ca-key=rsa-key.pem",
    "-config=ca-config.json",
    "-profile=server",
    "server.json",
];
const CERTINFO: &[&str] = &["certinfo", "-cert", "leaf.pem"];
const INITCA: &[&str] = &["gencert", "-initca", "rsa-2048.json"];
const BARE: &[&str] = &["-bare", "out/made"];

/// The certificates of the etcd walk-through, with the commands of its text.
const WALK: &str = "mkdir -p walk && cd walk && cp ../*.json . &&
cfssl gencert -initca p256.json | cfssljson -bare ca - &&
cfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=server server.json | cfssljson -bare server &&
cfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=peer member-1.json | cfssljson -bare member-1 &&
cfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=peer member-2.json | cfssljson -bare member-2 &&
cfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=peer member-3.json | cfssljson -bare member-3 &&
cfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=client client.json | cfssljson -bare client";

const RECORDED: &[&str] = &[
    "sign",
    "-ca=p256.pem",
    "-ca-key=p256-key.pem",
    "-config=ca-config.json",
    "-profile=server",
    "-db-config=record.json",
    "leaf.csr",
];

/// Responses for every certificate of a fresh copy of a database.
const REFRESH: &str = "cp good.db work.db && cfssl ocsprefresh -db-config=good.json -ca=p256.pem -responder=p256.pem \
-responder-key=p256-key.pem";

/// Debian's cfssl has no `crl`: it signs a CRL for the same numbers from a file, which is
/// less work.
const LIST: &str = "case $(readlink -f $(command -v cfssl)) in
*/rcfssl) cfssl crl -db-config=revoked.json -ca=p256.pem -ca-key=p256-key.pem;;
*) cfssl gencrl revoked.txt p256.pem p256-key.pem;;
esac";

/// All rows.
pub fn all() -> Vec<Row> {
    use Command::{Cfssl, Cfssljson, Shell};
    let row = |name, kind, runs, target, command| Row {
        name,
        kind,
        runs,
        target,
        dynamic_target: None,
        command,
    };
    let leaf = |name, target, command| Row {
        dynamic_target: Some(2.0 * target),
        ..row(name, Kind::Cpu, 301, target, command)
    };
    vec![
        leaf("gencert, P-256 leaf, P-256 CA", 0.15, Cfssl(P256)),
        leaf("gencert, P-256 leaf, RSA-2048 CA", 0.25, Cfssl(RSA)),
        row("gencert -initca, RSA-2048", Kind::Wall, 301, 0.40, Cfssl(INITCA)),
        row(
            "gencert -initca, RSA-4096",
            Kind::Wall,
            61,
            0.50,
            Cfssl(&["gencert", "-initca", "rsa-4096.json"]),
        ),
        row("certinfo", Kind::Cpu, 301, 0.15, Cfssl(CERTINFO)),
        row(
            "rcfssljson -bare",
            Kind::Cpu,
            301,
            0.60,
            Cfssljson(BARE, "made.json"),
        ),
        row("memory, gencert, P-256 CA", Kind::Memory, 21, 0.5, Cfssl(P256)),
        row("memory, gencert, RSA-2048 CA", Kind::Memory, 21, 0.5, Cfssl(RSA)),
        row(
            "memory, gencert -initca, RSA-2048",
            Kind::Memory,
            21,
            0.5,
            Cfssl(INITCA),
        ),
        row("memory, certinfo", Kind::Memory, 21, 0.5, Cfssl(CERTINFO)),
        row(
            "memory, rcfssljson -bare",
            Kind::Memory,
            21,
            0.5,
            Cfssljson(BARE, "made.json"),
        ),
        row("walk-through", Kind::Wall, 61, 0.35, Shell(WALK)),
        row(
            "sign -db-config, database in SQLite",
            Kind::Cpu,
            301,
            0.30,
            Cfssl(RECORDED),
        ),
        row(
            "ocsprefresh, database of 1,000",
            Kind::Wall,
            3,
            0.20,
            Shell(REFRESH),
        ),
        row(
            "crl, database of 100,000; gencrl there",
            Kind::Wall,
            11,
            0.20,
            Shell(LIST),
        ),
    ]
}
