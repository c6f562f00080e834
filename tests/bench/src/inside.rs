//! Issuing in one process, compared with the bare cryptography that it needs: generating
//! the key, signing the request, signing the certificate.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rcfssl_core::csr::Content;
use rcfssl_core::key::{self, Curve, KeyFormat, KeySpec, PrivateKey};
use rcfssl_core::{Certificate, Csr, Overrides, Policy, Request};
use serde::Serialize;
use time::OffsetDateTime;

use crate::statistics::Quartiles;

const REQUEST: &[u8] = include_bytes!("../../../fixtures/documents/server.json");
const CONFIG: &[u8] = include_bytes!("../../../fixtures/documents/ca-config.json");

/// The key of the issuing CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// ECDSA on P-256.
    P256,
    /// RSA of 2048 bits.
    Rsa2048,
}

/// Certificates per second.
#[derive(Debug, Serialize)]
pub struct Rates {
    /// The row's name.
    pub name: &'static str,
    /// The minimum on one core.
    pub target: f64,
    /// On one core: key, request and certificate as PEM.
    pub one_core: f64,
    /// The bare key generation and signatures on one core.
    pub limit: f64,
    /// On all cores.
    pub all_cores: f64,
    /// The number of cores.
    pub cores: usize,
}

impl Authority {
    /// Both.
    pub const ALL: [Authority; 2] = [Authority::P256, Authority::Rsa2048];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Authority::P256 => "in one process, P-256 CA",
            Authority::Rsa2048 => "in one process, RSA-2048 CA",
        }
    }

    fn target(self) -> f64 {
        match self {
            Authority::P256 => 18_000.0,
            Authority::Rsa2048 => 3_000.0,
        }
    }

    fn spec(self) -> KeySpec {
        match self {
            Authority::P256 => KeySpec::Ecdsa(Curve::P256),
            Authority::Rsa2048 => KeySpec::Rsa { bits: 2048 },
        }
    }
}

/// Everything that exists before the first certificate.
struct Issuing {
    certificate: Certificate,
    key: PrivateKey,
    policy: Policy,
    request: Request,
}

impl Issuing {
    fn new(authority: Authority) -> Result<Self> {
        let failed = |error: rcfssl_core::Error| anyhow!("{error}");
        let (policy, _) = Policy::read(CONFIG, &(), &mut |_| {}).map_err(failed)?;
        let (request, _) = Request::read(REQUEST).map_err(failed)?;
        let key = key::generate(authority.spec()).map_err(failed)?;
        let root = Request {
            ca: Some(Default::default()),
            ..request.clone()
        };
        let content = Content {
            subject: root.subject().map_err(failed)?,
            ..Content::default()
        };
        let csr = Csr::make(&content, &key).map_err(failed)?;
        let now = OffsetDateTime::now_utc();
        let profile = root.root_profile().map_err(failed)?;
        let issued = rcfssl_core::Authority::self_signed(&key)
            .sign(&csr, &profile, &Overrides::default(), now, &mut |_| {})
            .map_err(failed)?;
        Ok(Issuing {
            certificate: Certificate::read(&issued.der).map_err(failed)?,
            key,
            policy,
            request,
        })
    }

    /// The work of one `gencert` after its documents are read; returns the bytes it prints.
    fn issue(&self) -> rcfssl_core::Result<usize> {
        let key = key::generate(self.request.key_spec()?)?;
        let content = Content {
            subject: self.request.subject()?,
            hosts: self.request.hosts(),
            extensions: self.request.extensions()?,
        };
        let csr = Csr::make(&content, &key)?;
        let profile = self.policy.profile("server")?.profile;
        let issued = rcfssl_core::Authority::new(&self.certificate, &self.key).sign(
            &csr,
            profile,
            &Overrides::default(),
            OffsetDateTime::now_utc(),
            &mut |_| {},
        )?;
        let texts = [issued.to_pem().len(), csr.to_pem().len()];
        Ok(texts.iter().sum::<usize>() + key.to_pem(KeyFormat::Traditional)?.len())
    }
}

/// The same cryptography and nothing else.
enum Bare {
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Bare {
    fn new(authority: Authority) -> Result<Self> {
        let failed = |_| anyhow!("the key could not be generated");
        Ok(match authority {
            Authority::P256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
                Bare::P256(pair.map_err(failed)?)
            }
            Authority::Rsa2048 => {
                let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048);
                Bare::Rsa(Box::new(pair.map_err(failed)?))
            }
        })
    }

    fn issue(&self) -> Result<usize> {
        let failed = |_| anyhow!("nothing could be signed");
        let random = SystemRandom::new();
        // As long as the data signed for the request and the certificate.
        let (request, certificate) = ([0x30; 300], [0x30; 500]);
        let leaf = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
        let first = leaf.sign(&random, &request).map_err(failed)?;
        let second = match self {
            Bare::P256(pair) => pair.sign(&random, &certificate).map_err(failed)?.as_ref().len(),
            Bare::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, &certificate, &mut out)
                    .map_err(failed)?;
                out.len()
            }
        };
        Ok(first.as_ref().len() + second)
    }
}

/// Measures both alternately on one core, then all cores.
pub fn measure(authority: Authority, quick: bool) -> Result<Rates> {
    let (rounds, length) = if quick { (3, 200) } else { (15, 400) };
    let length = Duration::from_millis(length);
    let (issuing, bare) = (Issuing::new(authority)?, Bare::new(authority)?);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (mut one, mut limit, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let issue = || issuing.issue().map_err(|error| anyhow!("{error}"));
    for _ in 0..rounds {
        one.push(rate(1, length, &issue)?);
        limit.push(rate(1, length, &|| bare.issue())?);
        all.push(rate(cores, length, &issue)?);
    }
    Ok(Rates {
        name: authority.name(),
        target: authority.target(),
        one_core: Quartiles::of(&mut one).median,
        limit: Quartiles::of(&mut limit).median,
        all_cores: Quartiles::of(&mut all).median,
        cores,
    })
}

/// The rate per second with this many threads.
fn rate(threads: usize, length: Duration, work: &(dyn Fn() -> Result<usize> + Sync)) -> Result<f64> {
    let done = AtomicU64::new(0);
    let start = Instant::now();
    let run = || -> Result<()> {
        while start.elapsed() < length {
            for _ in 0..16 {
                std::hint::black_box(work()?);
            }
            done.fetch_add(16, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        run()?;
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| anyhow!("a thread has panicked"))?)
    })?;
    Ok(done.into_inner() as f64 / start.elapsed().as_secs_f64())
}
