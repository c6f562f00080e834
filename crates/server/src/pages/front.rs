//! The page at `/`: the CA, and a form for each thing that the server does.

use super::ca::Ca;
use super::html::Html;
use crate::site::ApiSite;

/// Writes everything up to the first section.
pub fn open(html: &mut Html, title: &str) {
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html.text(title)
        .raw("</title>\n<link rel=\"icon\" href=\"/assets/icon.svg\">\n<link rel=\"stylesheet\" href=\"/assets/page.css\">\n");
    html.raw("<script src=\"/assets/cfssl.js\" defer></script>\n</head>\n<body>\n<h1>");
    html.text(title).raw("</h1>\n");
}

/// The page without a result.
pub fn page(site: &ApiSite, ca: Option<&Ca>) -> Html {
    let mut html = Html::new();
    let title = ca.map_or_else(|| "Certificate authority".to_owned(), Ca::name);
    open(&mut html, &title);
    write_rest(&mut html, site, ca);
    html
}

/// Writes the CA and the forms.
pub fn write_rest(html: &mut Html, site: &ApiSite, ca: Option<&Ca>) {
    match ca {
        Some(ca) => ca.write(html),
        None => drop(html.raw("<p>Other servers sign for this one, or it has no CA.</p>\n")),
    }
    if site.api.loaded.store.is_some() {
        html.raw("<p><a href=\"/certificates\">Recent certificates</a></p>\n");
    }
    let offers = |name: &str| site.enabled.contains(name);
    if offers("sign") || offers("authsign") {
        html.raw("<section>\n<h2>Sign a certificate request</h2>\n");
        html.raw("<form method=\"post\" action=\"/\" data-endpoint=\"sign\">\n<input type=\"hidden\" name=\"do\" value=\"sign\">\n");
        html.raw("<label>Request (PEM)<textarea name=\"request\" rows=\"8\" required spellcheck=\"false\" autocomplete=\"off\"></textarea></label>\n");
        html.raw("<label>Hosts instead of those in the request, separated by commas<input name=\"hosts\" autocomplete=\"off\"></label>\n");
        profile(html, site);
        html.raw("<button>Sign</button>\n</form>\n</section>\n");
    }
    if offers("newcert") {
        html.raw("<section>\n<h2>New key and certificate</h2>\n");
        html.raw("<form method=\"post\" action=\"/\" data-endpoint=\"newcert\">\n<input type=\"hidden\" name=\"do\" value=\"newcert\">\n");
        html.raw("<label>Common name<input name=\"cn\" required autocomplete=\"off\"></label>\n");
        html.raw("<label>Hosts, separated by commas<input name=\"hosts\" autocomplete=\"off\"></label>\n");
        html.raw("<label>Key<select name=\"key\"><option>ECDSA P-256</option><option>ECDSA P-384</option>");
        html.raw(
            "<option>RSA 2048</option><option>RSA 3072</option><option>RSA 4096</option></select></label>\n",
        );
        profile(html, site);
        html.raw("<p>The server makes the key and does not keep it.</p>\n<button>Create</button>\n</form>\n</section>\n");
    }
    if offers("certinfo") {
        html.raw("<section>\n<h2>Show a certificate</h2>\n<form method=\"post\" action=\"/\">\n");
        html.raw("<input type=\"hidden\" name=\"do\" value=\"certinfo\">\n");
        html.raw("<label>Certificate (PEM)<textarea name=\"certificate\" rows=\"8\" required spellcheck=\"false\" autocomplete=\"off\"></textarea></label>\n");
        html.raw("<button>Show</button>\n</form>\n</section>\n");
    }
    if offers("scan") {
        html.raw("<section>\n<h2>Scan a host</h2>\n<form method=\"post\" action=\"/\">\n");
        html.raw("<input type=\"hidden\" name=\"do\" value=\"scan\">\n");
        html.raw("<label>Host, or host and port<input name=\"host\" required autocomplete=\"off\" placeholder=\"www.example.com:443\"></label>\n");
        html.raw("<button>Scan</button>\n</form>\n</section>\n");
    }
    html.raw("<footer><p>The API is below <code>/api/v1/cfssl/</code>.</p></footer>\n</body>\n</html>\n");
}

/// The choice of a profile, and the key of its token. A token is made in the browser: the
/// key has no name, so a form never sends it.
fn profile(html: &mut Html, site: &ApiSite) {
    let Ok(signer) = &site.api.loaded.signer else {
        return;
    };
    let policy = signer.policy();
    let default = [("", policy.default_profile())];
    let all: Vec<_> = default.into_iter().chain(policy.profiles()).collect();
    html.raw("<label>Profile<select name=\"profile\">");
    for (name, profile) in &all {
        let wants_token = profile.auth_key.is_some();
        html.raw("<option value=\"").text(name);
        html.raw(if wants_token { "\" data-token>" } else { "\">" });
        html.text(if name.is_empty() { "default" } else { name });
        html.raw(if wants_token {
            " (token)</option>"
        } else {
            "</option>"
        });
    }
    html.raw("</select></label>\n");
    if all.iter().any(|(_, profile)| profile.auth_key.is_some()) {
        token(html);
    }
}

/// The field for the key of a token.
pub fn token(html: &mut Html) {
    html.raw("<label>Key for the token, in hexadecimal; it stays in the browser, and JavaScript is needed");
    html.raw("<input type=\"password\" data-key autocomplete=\"off\"></label>\n");
}
