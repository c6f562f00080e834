//! The cipher suites and curves that are offered: IANA's registry of TLS parameters up to
//! TLS 1.2, as in cfssl's table, with OpenSSL's names where cfssl prints those.

/// A cipher suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its number.
    pub id: u16,
    /// Its name in the registry.
    pub name: String,
    /// OpenSSL's name, if it has one.
    short: Option<String>,
}

impl Suite {
    /// The name that is printed.
    pub fn shown(&self) -> &str {
        self.short.as_deref().unwrap_or(&self.name)
    }

    /// Whether it negotiates a curve.
    pub fn is_elliptic(&self) -> bool {
        self.name.starts_with("TLS_ECDH")
    }
}

/// A key exchange: its name in the registry, and its prefix in OpenSSL's name for a suite,
/// if OpenSSL names the suite.
type Exchange = (&'static str, Option<&'static str>);
/// A cipher and its digest, with its names likewise.
type Cipher = (&'static str, Option<&'static str>);
/// Suites with consecutive numbers: each exchange with each cipher.
type Run = (u16, &'static [Exchange], &'static [Cipher]);

const RSA: Exchange = ("RSA", Some(""));
const DH_DSS: Exchange = ("DH_DSS", Some("DH-DSS-"));
const DH_RSA: Exchange = ("DH_RSA", Some("DH-RSA-"));
const DHE_DSS: Exchange = ("DHE_DSS", Some("DHE-DSS-"));
const DHE_RSA: Exchange = ("DHE_RSA", Some("DHE-RSA-"));
const EDH_DSS: Exchange = ("DHE_DSS", Some("EDH-DSS-"));
const EDH_RSA: Exchange = ("DHE_RSA", Some("EDH-RSA-"));
const DH_ANON: Exchange = ("DH_anon", None);
const KRB5: Exchange = ("KRB5", None);
const KRB5_EXPORT: Exchange = ("KRB5_EXPORT", None);
const PSK: Exchange = ("PSK", Some("PSK-"));
const DHE_PSK: Exchange = ("DHE_PSK", None);
const RSA_PSK: Exchange = ("RSA_PSK", None);
const ECDHE_PSK: Exchange = ("ECDHE_PSK", None);
const PSK_DHE: Exchange = ("PSK_DHE", None);
const ECDH_ECDSA: Exchange = ("ECDH_ECDSA", Some("ECDH-ECDSA-"));
const ECDHE_ECDSA: Exchange = ("ECDHE_ECDSA", Some("ECDHE-ECDSA-"));
const ECDH_RSA: Exchange = ("ECDH_RSA", Some("ECDH-RSA-"));
const ECDHE_RSA: Exchange = ("ECDHE_RSA", Some("ECDHE-RSA-"));
const ECDH_ANON: Exchange = ("ECDH_anon", None);

/// The six exchanges of the oldest ciphers, and the four with curves.
const SIX: &[Exchange] = &[RSA, DH_DSS, DH_RSA, DHE_DSS, DHE_RSA, DH_ANON];
const FOUR: &[Exchange] = &[ECDHE_ECDSA, ECDH_ECDSA, ECDHE_RSA, ECDH_RSA];
const GCM_ORDER: &[Exchange] = &[RSA, DHE_RSA, DH_RSA, DHE_DSS, DH_DSS, DH_ANON];
const PSKS: &[Exchange] = &[PSK, DHE_PSK, RSA_PSK];

const NULL_SHA: Cipher = ("NULL_SHA", None);
const DES: Cipher = ("DES_CBC_SHA", Some("DES-CBC-SHA"));
const DES3: Cipher = ("3DES_EDE_CBC_SHA", Some("DES-CBC3-SHA"));
const RC4: Cipher = ("RC4_128_SHA", Some("RC4-SHA"));
const IDEA: Cipher = ("IDEA_CBC_SHA", Some("IDEA-CBC-SHA"));
const AES128_SHA: Cipher = ("AES_128_CBC_SHA", Some("AES128-SHA"));
const AES256_SHA: Cipher = ("AES_256_CBC_SHA", Some("AES256-SHA"));
const AES128_SHA256: Cipher = ("AES_128_CBC_SHA256", Some("AES128-SHA256"));
const AES256_SHA256: Cipher = ("AES_256_CBC_SHA256", Some("AES256-SHA256"));
const AES256_SHA384: Cipher = ("AES_256_CBC_SHA384", Some("AES256-SHA384"));
const CAMELLIA128: Cipher = ("CAMELLIA_128_CBC_SHA", Some("CAMELLIA128-SHA"));
const CAMELLIA256: Cipher = ("CAMELLIA_256_CBC_SHA", Some("CAMELLIA256-SHA"));
const SEED: Cipher = ("SEED_CBC_SHA", Some("SEED-SHA"));
const GCM: &[Cipher] = &[
    ("AES_128_GCM_SHA256", Some("AES128-GCM-SHA256")),
    ("AES_256_GCM_SHA384", Some("AES256-GCM-SHA384")),
];
/// The same without OpenSSL's names.
const GCM_UNNAMED: &[Cipher] = &[("AES_128_GCM_SHA256", None), ("AES_256_GCM_SHA384", None)];
const ARIA: &[Cipher] = &[("ARIA_128_CBC_SHA256", None), ("ARIA_256_CBC_SHA384", None)];
const ARIA_GCM: &[Cipher] = &[("ARIA_128_GCM_SHA256", None), ("ARIA_256_GCM_SHA384", None)];
const CAMELLIA: &[Cipher] = &[
    ("CAMELLIA_128_CBC_SHA256", None),
    ("CAMELLIA_256_CBC_SHA384", None),
];
const CAMELLIA_GCM: &[Cipher] = &[
    ("CAMELLIA_128_GCM_SHA256", None),
    ("CAMELLIA_256_GCM_SHA384", None),
];
const CCM: &[Cipher] = &[("AES_128_CCM", None), ("AES_256_CCM", None)];
const CCM_8: &[Cipher] = &[("AES_128_CCM_8", None), ("AES_256_CCM_8", None)];
const CHACHA: Cipher = ("CHACHA20_POLY1305_SHA256", None);
const OLD_EC: &[Cipher] = &[NULL_SHA, RC4, DES3, AES128_SHA, AES256_SHA];
const OLD_PSK: &[Cipher] = &[
    ("RC4_128_SHA", Some("RC4-SHA")),
    ("3DES_EDE_CBC_SHA", Some("3DES-EDE-CBC-SHA")),
    ("AES_128_CBC_SHA", Some("AES128-CBC-SHA")),
    ("AES_256_CBC_SHA", Some("AES256-CBC-SHA")),
];
const SHA2_PSK: &[Cipher] = &[
    ("AES_128_CBC_SHA256", None),
    ("AES_256_CBC_SHA384", None),
    ("NULL_SHA256", None),
    ("NULL_SHA384", None),
];

const RUNS: &[Run] = &[
    (0x0000, &[("NULL", None)], &[("NULL_NULL", None)]),
    (0x0001, &[("RSA", None)], &[("NULL_MD5", None), NULL_SHA]),
    (
        0x0003,
        &[("RSA_EXPORT", Some("EXP-"))],
        &[("RC4_40_MD5", Some("RC4-MD5"))],
    ),
    (0x0004, &[RSA], &[("RC4_128_MD5", Some("RC4-MD5")), RC4]),
    (
        0x0006,
        &[("RSA_EXPORT", Some("EXP-"))],
        &[("RC2_CBC_40_MD5", Some("RC2-CBC-MD5"))],
    ),
    (0x0007, &[RSA], &[IDEA]),
    (0x0008, &[("RSA_EXPORT", Some("EXP-"))], DES40),
    (0x0009, &[RSA], &[DES, DES3]),
    (0x000b, &[("DH_DSS_EXPORT", Some("EXP-DH-DSS-"))], DES40),
    (0x000c, &[DH_DSS], &[DES, DES3]),
    (0x000e, &[("DH_RSA_EXPORT", Some("EXP-DH-RSA-"))], DES40),
    (0x000f, &[DH_RSA], &[DES, DES3]),
    (0x0011, &[("DHE_DSS_EXPORT", Some("EXP-EDH-DSS-"))], DES40),
    (0x0012, &[EDH_DSS], &[DES, DES3]),
    (0x0014, &[("DHE_RSA_EXPORT", Some("EXP-EDH-RSA-"))], DES40),
    (0x0015, &[EDH_RSA], &[DES, DES3]),
    (0x0017, &[("DH_anon_EXPORT", None)], &[("RC4_40_MD5", None)]),
    (0x0018, &[DH_ANON], &[("RC4_128_MD5", None)]),
    (0x0019, &[("DH_anon_EXPORT", None)], DES40),
    (0x001a, &[DH_ANON], &[DES, DES3]),
    (0x001e, &[KRB5], &[DES, DES3, RC4, IDEA]),
    (
        0x0022,
        &[KRB5],
        &[
            ("DES_CBC_MD5", None),
            ("3DES_EDE_CBC_MD5", None),
            ("RC4_128_MD5", None),
            ("IDEA_CBC_MD5", None),
        ],
    ),
    (
        0x0026,
        &[KRB5_EXPORT],
        &[
            ("DES_CBC_40_SHA", None),
            ("RC2_CBC_40_SHA", None),
            ("RC4_40_SHA", None),
            ("DES_CBC_40_MD5", None),
            ("RC2_CBC_40_MD5", None),
            ("RC4_40_MD5", None),
        ],
    ),
    (0x002c, PSKS, &[NULL_SHA]),
    (0x002f, SIX, &[AES128_SHA]),
    (0x0035, SIX, &[AES256_SHA]),
    (
        0x003b,
        &[RSA],
        &[("NULL_SHA256", None), AES128_SHA256, AES256_SHA256],
    ),
    (0x003e, &[DH_DSS, DH_RSA, DHE_DSS], &[AES128_SHA256]),
    (0x0041, SIX, &[CAMELLIA128]),
    (0x0067, &[DHE_RSA], &[AES128_SHA256]),
    (0x0068, &[DH_DSS, DH_RSA, DHE_DSS, DHE_RSA], &[AES256_SHA256]),
    (0x006c, &[DH_ANON], &[AES128_SHA256, AES256_SHA256]),
    (0x0084, SIX, &[CAMELLIA256]),
    (0x008a, PSKS, OLD_PSK),
    (0x0096, SIX, &[SEED]),
    (0x009c, GCM_ORDER, GCM),
    (0x00a8, PSKS, GCM_UNNAMED),
    (0x00ae, PSKS, SHA2_PSK),
    (0x00ba, SIX, &[("CAMELLIA_128_CBC_SHA256", None)]),
    (0x00c0, SIX, &[("CAMELLIA_256_CBC_SHA256", None)]),
    (
        0xc001,
        &[ECDH_ECDSA, ECDHE_ECDSA, ECDH_RSA, ECDHE_RSA, ECDH_ANON],
        OLD_EC,
    ),
    (0xc01a, SRP, &[("3DES_EDE_CBC_SHA", Some("3DES-EDE-CBC-SHA"))]),
    (0xc01d, SRP, &[("AES_128_CBC_SHA", Some("AES-128-CBC-SHA"))]),
    (0xc020, SRP, &[("AES_256_CBC_SHA", Some("AES-256-CBC-SHA"))]),
    (0xc023, FOUR, &[AES128_SHA256, AES256_SHA384]),
    (0xc02b, FOUR, GCM),
    (0xc033, &[ECDHE_PSK], OLD_PSK),
    (0xc037, &[ECDHE_PSK], &[AES128_SHA256, AES256_SHA384]),
    (
        0xc039,
        &[ECDHE_PSK],
        &[NULL_SHA, ("NULL_SHA256", None), ("NULL_SHA384", None)],
    ),
    (0xc03c, SIX, ARIA),
    (0xc048, FOUR, ARIA),
    (0xc050, GCM_ORDER, ARIA_GCM),
    (0xc05c, FOUR, ARIA_GCM),
    (0xc064, PSKS, ARIA),
    (0xc06a, PSKS, ARIA_GCM),
    (0xc070, &[ECDHE_PSK], ARIA),
    (0xc072, FOUR, CAMELLIA),
    (0xc07a, GCM_ORDER, CAMELLIA_GCM),
    (0xc086, FOUR, CAMELLIA_GCM),
    (0xc08e, PSKS, CAMELLIA_GCM),
    (0xc094, PSKS, CAMELLIA),
    (0xc09a, &[ECDHE_PSK], CAMELLIA),
    (0xc09c, &[RSA, DHE_RSA], CCM),
    (0xc0a0, &[RSA, DHE_RSA], CCM_8),
    (0xc0a4, &[PSK, DHE_PSK], CCM),
    (0xc0a8, &[PSK, PSK_DHE], CCM_8),
    (0xc0ac, &[ECDHE_ECDSA], CCM),
    (0xc0ae, &[ECDHE_ECDSA], CCM_8),
    // From a draft (agl-tls-chacha20poly1305-04), not those of RFC 7905.
    (0xcc13, &[ECDHE_RSA, ECDHE_ECDSA, DHE_RSA], &[CHACHA]),
];
const DES40: &[Cipher] = &[("DES40_CBC_SHA", Some("DES-CBC-SHA"))];
const SRP: &[Exchange] = &[
    ("SRP_SHA", Some("SRP-")),
    ("SRP_SHA_RSA", Some("SRP-RSA-")),
    ("SRP_SHA_DSS", Some("SRP-DSS-")),
];

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV, which is not a cipher suite but is offered like one.
const RENEGOTIATION: u16 = 0x00ff;

/// All suites, the newest first: a server without preferences chooses the first one that it
/// supports.
pub fn all() -> Vec<Suite> {
    let mut suites = vec![Suite {
        id: RENEGOTIATION,
        name: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV".to_owned(),
        short: None,
    }];
    for (first, exchanges, ciphers) in RUNS {
        let pairs = exchanges
            .iter()
            .flat_map(|exchange| ciphers.iter().map(move |cipher| (exchange, cipher)));
        suites.extend((*first..).zip(pairs).map(|(id, (exchange, cipher))| {
            Suite {
                id,
                name: format!("TLS_{}_WITH_{}", exchange.0, cipher.0),
                short: exchange
                    .1
                    .zip(cipher.1)
                    .map(|(one, other)| one.to_owned() + other),
            }
        }));
    }
    suites.sort_by_key(|suite| std::cmp::Reverse(suite.id));
    suites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_have_the_names_of_the_registry_and_of_openssl() {
        let suites = all();
        let named = |id| {
            let suite = suites.iter().find(|suite| suite.id == id).unwrap();
            (suite.name.as_str(), suite.shown())
        };
        for (id, name, shown) in [
            (0x0000, "TLS_NULL_WITH_NULL_NULL", "TLS_NULL_WITH_NULL_NULL"),
            (0x0002, "TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_NULL_SHA"),
            (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", "EXP-RC4-MD5"),
            (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"),
            (
                0x0014,
                "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
                "EXP-EDH-RSA-DES-CBC-SHA",
            ),
            (
                0x0016,
                "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
                "EDH-RSA-DES-CBC3-SHA",
            ),
            (
                0x002b,
                "TLS_KRB5_EXPORT_WITH_RC4_40_MD5",
                "TLS_KRB5_EXPORT_WITH_RC4_40_MD5",
            ),
            (
                0x0034,
                "TLS_DH_anon_WITH_AES_128_CBC_SHA",
                "TLS_DH_anon_WITH_AES_128_CBC_SHA",
            ),
            (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA"),
            (
                0x006b,
                "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
                "DHE-RSA-AES256-SHA256",
            ),
            (0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA", "PSK-AES256-CBC-SHA"),
            (
                0x0095,
                "TLS_RSA_PSK_WITH_AES_256_CBC_SHA",
                "TLS_RSA_PSK_WITH_AES_256_CBC_SHA",
            ),
            (
                0x00a5,
                "TLS_DH_DSS_WITH_AES_256_GCM_SHA384",
                "DH-DSS-AES256-GCM-SHA384",
            ),
            (
                0x00b9,
                "TLS_RSA_PSK_WITH_NULL_SHA384",
                "TLS_RSA_PSK_WITH_NULL_SHA384",
            ),
            (
                0xc019,
                "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
                "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
            ),
            (
                0xc022,
                "TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA",
                "SRP-DSS-AES-256-CBC-SHA",
            ),
            (
                0xc030,
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "ECDHE-RSA-AES256-GCM-SHA384",
            ),
            (
                0xc063,
                "TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384",
                "TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384",
            ),
            (
                0xc0ab,
                "TLS_PSK_DHE_WITH_AES_256_CCM_8",
                "TLS_PSK_DHE_WITH_AES_256_CCM_8",
            ),
        ] {
            assert_eq!(named(id), (name, shown), "{id:04x}");
        }
        assert_eq!(suites.len(), 321);
        assert!(suites.windows(2).all(|pair| pair[0].id > pair[1].id));
    }
}
