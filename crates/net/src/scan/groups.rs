//! The curves up to TLS 1.2, and what is newer than cfssl: the groups and suites of TLS
//! 1.3, and the suites of RFC 7905.

/// The suites of RFC 7905, for TLS 1.2.
pub const YOUNGER: [(u16, &str); 3] = [
    (0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
    (0xccaa, "DHE-RSA-CHACHA20-POLY1305"),
];
/// The suites of TLS 1.3 (RFC 8446, appendix B.4).
pub const TLS13_SUITES: [(u16, &str); 5] = [
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
];

/// The named curves up to TLS 1.2 (RFC 4492, RFC 7027), number 1 first.
pub const CURVES: [&str; 28] = [
    "sect163k1",
    "sect163r1",
    "sect163r2",
    "sect193r1",
    "sect193r2",
    "sect233k1",
    "sect233r1",
    "sect239k1",
    "sect283k1",
    "sect283r1",
    "sect409k1",
    "sect409r1",
    "sect571k1",
    "sect571r1",
    "secp160k1",
    "secp160r1",
    "secp160r2",
    "secp192k1",
    "secp192r1",
    "secp224k1",
    "secp224r1",
    "secp256k1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
];

/// The groups of TLS 1.3 (RFC 8446, section 4.2.7), and a widely used hybrid.
pub const TLS13_GROUPS: [(u16, &str); 11] = [
    (0x11ec, "X25519MLKEM768"),
    (29, "x25519"),
    (23, "secp256r1"),
    (30, "x448"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (0x100, "ffdhe2048"),
    (0x101, "ffdhe3072"),
    (0x102, "ffdhe4096"),
    (0x103, "ffdhe6144"),
    (0x104, "ffdhe8192"),
];
