//! `newcert`: a key, its request and a certificate in one step.

use rcfssl_ca::SignRequest;
use rcfssl_core::key::KeyFormat;
use rcfssl_core::{AuthenticatedRequest, Certificate, Request};
use rcfssl_go::json;
use rcfssl_go::json_object;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Api, Call, bundle};
use crate::answer::{Answer, Failure};
use crate::sums::Sums;

/// The message beside a certificate without hosts.
const NO_HOSTS: &str = "\
This certificate lacks a \"hosts\" field. This makes it unsuitable for
websites. For more information see the Baseline Requirements for the Issuance and Management
of Publicly-Trusted Certificates, v.1.1.6, from the CA/Browser Forum (https://cabforum.org);
specifically, section 10.2.3 (\"Information Requirements\").";

#[derive(Debug)]
struct Document {
    request: Option<Request>,
    profile: String,
    label: String,
    bundle: bool,
}
json_object!(Document as "generator.genSignRequest" {
    "request" => request,
    "profile" => profile,
    "label" => label,
    "bundle" => bundle,
});

impl Default for Document {
    fn default() -> Self {
        Document {
            request: Some(Request::default()),
            profile: String::new(),
            label: String::new(),
            bundle: false,
        }
    }
}

#[derive(Serialize)]
struct NewCertificate<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<bundle::Document>,
    certificate: &'a str,
    certificate_request: String,
    private_key: Zeroizing<String>,
    sums: BothSums,
}

#[derive(Serialize)]
struct BothSums {
    certificate: Sums,
    certificate_request: Sums,
}

impl Api {
    /// # Errors
    /// 400 for a malformed request, for one that asks for a CA, and for one that lacks the
    /// token that its profile requires; 2400, 9300, and the signer's errors.
    pub(super) async fn newcert(&self, call: &Call) -> Result<Answer, Failure> {
        self.log.info("request for CSR");
        let document: Document = match self.authenticated(call)? {
            Some(document) => document,
            None => {
                let document: Document = self.generation(call)?;
                if !self.loaded.newcert_without_token {
                    self.check_open(&document.profile)?;
                }
                document
            }
        };
        let Some(request) = document.request else {
            self.log.warning("empty request received");
            return Err(Failure::bad_request("missing request section"));
        };
        self.refuse_authority(&request)?;
        let has_hosts = !request.hosts.is_empty();
        let (key, csr) = self.key_and_csr(request).await?;
        let (csr_pem, csr_sums) = (csr.to_pem(), Sums::of(&csr.der));
        let request = SignRequest {
            csr: csr.into(),
            profile: document.profile,
            label: document.label,
            ..SignRequest::default()
        };
        let signed = self.signed(request).await.inspect_err(|failure| {
            self.log
                .warning(format_args!("failed to sign request: {failure}"));
        })?;
        let certificate = match &signed.issued {
            Some(issued) => Sums::of(&issued.der),
            None => Sums::of(&Certificate::read_pem(signed.pem.as_bytes())?.der),
        };
        let (bundle, without) = match document.bundle {
            true => self.chain_of(&signed.pem).await?,
            false => (None, false),
        };
        let answer = Answer::new(&NewCertificate {
            bundle,
            certificate: &signed.pem,
            certificate_request: csr_pem,
            private_key: key.to_pem(KeyFormat::Traditional)?,
            sums: BothSums {
                certificate,
                certificate_request: csr_sums,
            },
        });
        Ok(match (without, has_hosts) {
            (true, _) => answer.with_message(5300, bundle::NO_BUNDLER),
            (false, false) => answer.with_message(5300, NO_HOSTS),
            (false, true) => answer,
        })
    }

    /// The request inside an authenticated request. cfssl does not support tokens here and
    /// signs with every profile.
    ///
    /// # Errors
    /// 400 for a wrong token and for invalid contents.
    fn authenticated(&self, call: &Call) -> Result<Option<Document>, Failure> {
        let Ok(outer) = call.read::<AuthenticatedRequest>()? else {
            return Ok(None);
        };
        if outer.token.0.is_empty() || outer.request.0.is_empty() {
            return Ok(None);
        }
        let mut document = Document::default();
        json::read(&outer.request.0, &mut document).map_err(|error| {
            self.log.error(format_args!(
                "failed to unmarshal request from authenticated request: {error}"
            ));
            Failure::bad_request("Unable to parse authenticated sign request")
        })?;
        self.check_token(self.profile(&document.profile)?, &outer)?;
        Ok(Some(document))
    }
}
