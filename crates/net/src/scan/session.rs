//! Whether sessions are resumed.

use std::collections::BTreeMap;

use super::connectivity::{in_plain, older};
use super::{Finding, Grade, Output, Target};
use crate::address::Address;
use crate::error::{Error, Result};
use crate::tls;

/// Whether every address of the host resumes a session from the first address. As in cfssl
/// this uses TLS 1.2, or TLS 1.3 for hosts that support nothing older.
pub fn resumption(target: &Target) -> Finding {
    let resume = |client: tls::Client| resume(target, &client.through(target.outgoing));
    let found = tls::Client::tls12(target.patience()).and_then(resume);
    let newer = || tls::Client::new(target.patience()).and_then(|client| resume(client.resuming()));
    match found {
        Err(why) => newer()
            .map_err(|_| match in_plain(target) {
                Some(_) => Error::Finding(older(&why)),
                None => why,
            })
            .into(),
        found => found.into(),
    }
}

fn resume(target: &Target, client: &tls::Client) -> Result<Finding> {
    client.look(&target.address, &target.host)?;
    let mut grade = Grade::Good;
    let mut resumed = BTreeMap::new();
    for ip in target.lookup(&target.address.host)? {
        let address = Address::new(ip.to_string(), &*target.address.port);
        let peer = client.look(&address, &target.host)?;
        if !peer.resumed {
            grade = Grade::Bad;
        }
        resumed.insert(ip.to_string(), peer.resumed);
    }
    Ok(Finding::new(grade, Some(Output::ByAddress(resumed))))
}
