//! The URLs in a certificate, and its purposes.

use super::Certificate;
use crate::asn1::read::Reader;
use crate::asn1::tag;
use crate::oid::{self, Oid};

impl Certificate {
    /// The OCSP responders in authorityInfoAccess.
    pub fn ocsp_urls(&self) -> Vec<String> {
        self.access_locations(&oid::ACCESS_OCSP)
    }

    /// The URLs of the issuer's certificate: caIssuers in authorityInfoAccess.
    pub fn issuer_urls(&self) -> Vec<String> {
        self.access_locations(&oid::ACCESS_CA_ISSUERS)
    }

    /// The URIs of one access method (RFC 5280, section 4.2.2.1).
    fn access_locations(&self, method: &Oid) -> Vec<String> {
        let descriptions = self
            .extension(&oid::AUTHORITY_INFORMATION_ACCESS)
            .and_then(|value| Reader::new(value).enter(tag::SEQUENCE));
        let mut urls = Vec::new();
        let Some(mut descriptions) = descriptions else {
            return urls;
        };
        while let Some(mut description) = descriptions.enter(tag::SEQUENCE) {
            let named = description.expect(tag::OBJECT_IDENTIFIER) == Some(method.octets());
            if let Some(uri) = description.optional(tag::context(6)).filter(|_| named) {
                urls.push(String::from_utf8_lossy(uri).into_owned());
            }
        }
        urls
    }

    /// The URIs of full names in the cRLDistributionPoints (RFC 5280, section
    /// 4.2.1.13).
    pub fn crl_urls(&self) -> Vec<String> {
        let mut urls = Vec::new();
        let points = self
            .extension(&oid::CRL_DISTRIBUTION_POINTS)
            .and_then(|value| Reader::new(value).enter(tag::SEQUENCE));
        let Some(mut points) = points else {
            return urls;
        };
        while let Some(mut point) = points.enter(tag::SEQUENCE) {
            let full_name = point
                .enter(tag::context_constructed(0))
                .and_then(|mut name| name.enter(tag::context_constructed(0)));
            let uris = full_name
                .into_iter()
                .flatten()
                .filter(|name| name.tag == tag::context(6));
            urls.extend(uris.map(|uri| String::from_utf8_lossy(uri.contents).into_owned()));
        }
        urls
    }

    /// The purposes in extKeyUsage; `None` without that extension, which allows all.
    pub fn extended_key_usages(&self) -> Vec<Oid> {
        let mut usages = Vec::new();
        let list = self
            .extension(&oid::EXTENDED_KEY_USAGE)
            .and_then(|value| Reader::new(value).enter(tag::SEQUENCE));
        if let Some(mut list) = list {
            while let Some(usage) = list.expect(tag::OBJECT_IDENTIFIER) {
                usages.push(Oid::from_octets(usage));
            }
        }
        usages
    }

    /// The subject's common name, the last if there are several; empty for none.
    pub fn common_name(&self) -> String {
        let names = self.subject_attributes.iter();
        names
            .filter(|attribute| attribute.oid == oid::COMMON_NAME)
            .filter_map(|attribute| attribute.value.text())
            .next_back()
            .unwrap_or_default()
    }
}
