//! HTML as it is written: markup is a literal of ours, everything else is escaped.

use bytes::Bytes;
use zeroize::Zeroizing;

/// Room for a page with a key, so that no copy of it stays behind when the text grows.
const CAPACITY: usize = 128 << 10;

/// A page. It may show a private key, and is wiped after it was sent.
pub struct Html(Zeroizing<String>);

impl Html {
    /// An empty page.
    pub fn new() -> Self {
        Html(Zeroizing::new(String::with_capacity(CAPACITY)))
    }

    /// Adds markup.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, for content and for quoted values of attributes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&#34;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// Adds a term and what it is, in a list of them.
    pub fn fact(&mut self, term: &'static str, text: &str) -> &mut Self {
        self.raw("<dt>")
            .raw(term)
            .raw("</dt><dd>")
            .text(text)
            .raw("</dd>\n")
    }

    /// Adds PEM, with a link that saves it.
    pub fn pem(&mut self, title: &'static str, file: &'static str, pem: &str) -> &mut Self {
        let encoded = Zeroizing::new(rcfssl_go::base64::encode(pem.as_bytes()));
        self.raw("<h3>")
            .raw(title)
            .raw("</h3>\n<pre>")
            .text(pem.trim_end())
            .raw("</pre>\n");
        self.raw("<p><a download=\"")
            .raw(file)
            .raw("\" href=\"data:application/x-pem-file;base64,");
        self.text(&encoded).raw("\">Save as ").raw(file).raw("</a></p>\n")
    }

    /// The page, to be sent.
    pub fn into_body(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Html {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let mut html = Html::new();
        html.raw("<p title=\"").text("\"><script>'&").raw("\">");
        assert_eq!(
            html.into_body(),
            "<p title=\"&#34;&gt;&lt;script&gt;&#39;&amp;\">"
        );
    }
}
