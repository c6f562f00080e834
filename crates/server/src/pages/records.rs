//! `/certificates`: what was recorded lately, and revoking it.

use std::time::Duration;

use rcfssl_core::record::{CertificateRecord, Status};
use rcfssl_go::base64;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ca::moment;
use super::html::Html;
use super::{action, front};
use crate::http::Peer;
use crate::mux::Target;
use crate::site::ApiSite;

/// How many certificates are listed.
const MOST: usize = 50;

/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Some databases read the whole table for the list: one request at a time may make them.
static TURN: Semaphore = Semaphore::const_new(1);

/// The page; none without a database.
pub async fn page(site: &ApiSite, peer: &Peer) -> Option<Html> {
    let store = site.api.loaded.store.as_ref()?;
    let mut html = Html::new();
    front::open(&mut html, "Recent certificates");
    html.raw("<p><a href=\"/\">Back</a></p>\n");
    let recent = async {
        let _turn = TURN.acquire().await;
        store.recent(MOST).await
    };
    match timeout(PATIENCE, recent).await {
        Ok(Ok(records)) => write_table(&mut html, &records),
        _ => drop(html.raw("<p class=\"failed\">The database cannot be read.</p>\n")),
    }
    if site.enabled.contains("revoke") {
        write_form(&mut html, site, peer);
    }
    html.raw("</body>\n</html>\n");
    Some(html)
}

fn write_table(html: &mut Html, records: &[CertificateRecord]) {
    html.raw("<table id=\"certificates\">\n<tr><th>Name</th><th>Serial number</th><th>Issued</th><th>Expires</th><th>Status</th></tr>\n");
    for record in records {
        let name = record.common_name.as_deref().unwrap_or_default();
        html.raw("<tr data-serial=\"")
            .text(&record.serial)
            .raw("\" data-aki=\"")
            .text(&record.aki);
        html.raw("\"><td>")
            .text(name)
            .raw("</td><td><code>")
            .text(&record.serial)
            .raw("</code><br><small>key <code>");
        html.text(&record.aki).raw("</code></small></td><td>");
        html.text(&record.issued_at.map(moment).unwrap_or_default())
            .raw("</td><td>");
        html.text(&moment(record.expiry)).raw("</td><td>");
        html.text(record.status.as_str());
        if let (Status::Revoked, Some(at)) = (&record.status, record.revoked_at) {
            html.raw("<br><small>").text(&moment(at)).raw("</small>");
        }
        html.raw("</td></tr>\n");
    }
    html.raw("</table>\n");
    if records.is_empty() {
        html.raw("<p>None yet.</p>\n");
    }
}

/// Who may revoke sees the form: a client with a certificate, or one with the key of a
/// token.
fn write_form(html: &mut Html, site: &ApiSite, peer: &Peer) {
    let is_known = peer.common_name.is_some();
    if !is_known && keys(site).next().is_none() {
        html.raw("<p>To revoke certificates here, use mutual TLS or a profile with an <code>auth_key</code>.</p>\n");
        return;
    }
    html.raw("<section>\n<h2>Revoke a certificate</h2>\n<form method=\"post\" action=\"/\" data-endpoint=\"revoke\">\n");
    html.raw(
        "<input type=\"hidden\" name=\"do\" value=\"revoke\">\n<input type=\"hidden\" name=\"token\">\n",
    );
    html.raw("<label>Serial number<input name=\"serial\" required autocomplete=\"off\"></label>\n");
    html.raw("<label>Authority key identifier<input name=\"aki\" required autocomplete=\"off\"></label>\n");
    html.raw(
        "<label>Reason<select name=\"reason\"><option>unspecified</option><option>keyCompromise</option>",
    );
    html.raw(
        "<option>affiliationChanged</option><option>superseded</option><option>cessationOfOperation</option>",
    );
    html.raw("<option>privilegeWithdrawn</option></select></label>\n");
    if !is_known {
        front::token(html);
    }
    html.raw("<button>Revoke</button>\n</form>\n</section>\n");
}

/// May this form revoke? The token is over the request as the API takes it.
pub fn may_revoke(site: &ApiSite, peer: &Peer, form: &Target) -> bool {
    if peer.common_name.is_some() {
        return true;
    }
    let Ok(token) = base64::decode(form.value("token")) else {
        return false;
    };
    let request = action::revocation(form);
    keys(site).any(|key| key.accepts(&token, request.as_bytes()))
}

fn keys(site: &ApiSite) -> impl Iterator<Item = &rcfssl_core::AuthKey> {
    let policy = site.api.loaded.signer.as_ref().ok().map(|signer| signer.policy());
    policy.into_iter().flat_map(|policy| {
        let named = policy.profiles().map(|(_, profile)| profile);
        let all = named.chain([policy.default_profile()]);
        all.flat_map(|profile| profile.auth_key.iter().chain(&profile.prev_auth_key))
    })
}
