//! Character classes: `[…]`, `\d`, `\pL`, and single escaped characters.

use std::fmt::Write;

use super::Mistake;
use super::part::plain;
use super::syntax::Reader;

const CHARACTER_RANGE: &str = "invalid character class range";
const ESCAPE: &str = "invalid escape sequence";

/// The empty class.
pub(super) const NOTHING: &str = "[^\\x{0}-\\x{10FFFF}]";
const LAST_CODE_POINT: u32 = 0x10_FFFF;
const SURROGATES: [u32; 2] = [0xD800, 0xDFFF];

/// The names of general categories in Go.
const CATEGORIES: [&str; 36] = [
    "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl",
    "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
];

/// The names of Unicode 15's scripts (UAX #24), as Go spells them.
const SCRIPTS: &str = " Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah \
Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian \
Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic \
Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian \
Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran \
Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi \
Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu \
Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi \
Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani \
Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki \
Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic \
Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang \
Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo \
Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu \
Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi \
Zanabazar_Square ";

/// The POSIX classes.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

impl<'a> Reader<'a> {
    /// Parses a class, starting at its `[`.
    pub(super) fn class(&mut self) -> Result<String, Mistake> {
        let whole = self.rest;
        self.skip(1);
        let mut text = String::from("[");
        if self.eat("^") {
            text.push('^');
        }
        let mut first = true;
        // A `]` in first position is a member.
        while first || !self.rest.starts_with(']') {
            first = false;
            if let Some(set) = self.posix_class()? {
                text.push_str(&set);
            } else if let Some(set) = self.set()? {
                text.push_str(&set);
            } else {
                self.range(whole, &mut text)?;
            }
        }
        self.skip(1);
        text.push(']');
        Ok(text)
    }

    /// A character, or two with a `-` between them.
    fn range(&mut self, whole: &str, text: &mut String) -> Result<(), Mistake> {
        let begin = self.rest;
        let low = self.class_char(whole)?;
        let mut high = low;
        if self.rest.len() >= 2 && self.rest.starts_with('-') && !self.rest.starts_with("-]") {
            self.skip(1);
            high = self.class_char(whole)?;
            if high < low {
                return Err(Mistake::new(CHARACTER_RANGE, self.read_since(begin)));
            }
        }
        write_range(low, high, text);
        Ok(())
    }

    fn class_char(&mut self, whole: &str) -> Result<u32, Mistake> {
        match self.rest.chars().next() {
            None => Err(Mistake::new("missing closing ]", whole)),
            Some('\\') => self.escaped_char(),
            Some(c) => {
                self.skip(c.len_utf8());
                Ok(c.into())
            }
        }
    }

    /// `[:name:]` inside a class.
    fn posix_class(&mut self) -> Result<Option<String>, Mistake> {
        let Some(inner) = self.rest.strip_prefix("[:") else {
            return Ok(None);
        };
        let Some(end) = inner.find(":]") else {
            return Ok(None);
        };
        let (name, whole) = (&inner[..end], &self.rest[..end + 4]);
        if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(Mistake::new(CHARACTER_RANGE, whole));
        }
        self.skip(whole.len());
        Ok(Some(whole.to_owned()))
    }

    /// `\d`, `\pL` and the like, as a class; `None` if the text is something else.
    pub(super) fn set(&mut self) -> Result<Option<String>, Mistake> {
        let mut ahead = self.rest.chars();
        let (Some('\\'), Some(c)) = (ahead.next(), ahead.next()) else {
            return Ok(None);
        };
        // ASCII only, as in Perl before Unicode.
        let inside = match c.to_ascii_lowercase() {
            'd' => "0-9",
            's' => "\\t\\n\\f\\r ",
            'w' => "0-9A-Za-z_",
            'p' => return self.property(c == 'P').map(Some),
            _ => return Ok(None),
        };
        self.skip(2);
        let negation = if c.is_ascii_uppercase() { "^" } else { "" };
        Ok(Some(format!("[{negation}{inside}]")))
    }

    /// `\pL`, `\p{Greek}`, and their complements with `P` or `^`.
    fn property(&mut self, mut negative: bool) -> Result<String, Mistake> {
        let whole = self.rest;
        let refused = |sequence: &str| Err(Mistake::new(CHARACTER_RANGE, sequence));
        self.skip(2);
        let name = match self.rest.chars().next() {
            Some('{') => {
                let Some(end) = self.rest.find('}') else {
                    return refused(whole);
                };
                let name = &self.rest[1..end];
                self.skip(end + 1);
                name
            }
            Some(c) => {
                let name = &self.rest[..c.len_utf8()];
                self.skip(name.len());
                name
            }
            // Go takes the name to be empty.
            None => return refused(whole),
        };
        let plain = name.strip_prefix('^').unwrap_or(name);
        negative ^= plain.len() != name.len();
        let set = match plain {
            "Any" => "\\x{0}-\\x{10FFFF}".to_owned(),
            // No unassigned characters, as in Go; surrogates do not occur in any text.
            "C" => "\\p{Cc}\\p{Cf}\\p{Co}".to_owned(),
            "Cs" => NOTHING.to_owned(),
            category if CATEGORIES.contains(&category) => format!("\\p{{{category}}}"),
            script if is_script(script) => format!("\\p{{sc={script}}}"),
            _ => return refused(self.read_since(whole)),
        };
        Ok(if negative {
            format!("[^{set}]")
        } else {
            format!("[{set}]")
        })
    }

    /// One character, starting at its backslash.
    pub(super) fn escaped_char(&mut self) -> Result<u32, Mistake> {
        let begin = self.rest;
        self.skip(1);
        let Some(c) = self.next() else {
            return Err(Mistake::new("trailing backslash at end of expression", ""));
        };
        let value = match c {
            // A single digit other than 0 would be a back-reference.
            '1'..='7' if !self.rest.starts_with(is_octal) => None,
            '0'..='7' => Some(self.octal(c)),
            'x' => self.hexadecimal(),
            'a' => Some(7),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c.into()),
            _ => None,
        };
        value.ok_or_else(|| Mistake::new(ESCAPE, self.read_since(begin)))
    }

    /// Up to three octal digits; the first has been consumed.
    fn octal(&mut self, first: char) -> u32 {
        let mut value = u32::from(first) - 48;
        for _ in 0..2 {
            let Some(digit) = self.rest.chars().next().filter(|c| is_octal(*c)) else {
                break;
            };
            self.skip(1);
            value = value * 8 + u32::from(digit) - 48;
        }
        value
    }

    /// After `\x`: two digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next()?;
        if first != '{' {
            let second = self.next().and_then(|c| c.to_digit(16));
            return Some(first.to_digit(16)? * 16 + second?);
        }
        let (mut value, mut digits) = (0, 0);
        loop {
            let c = self.next()?;
            if c == '}' {
                return (digits > 0).then_some(value);
            }
            value = value * 16 + c.to_digit(16)?;
            if value > LAST_CODE_POINT {
                return None;
            }
            digits += 1;
        }
    }
}

fn is_octal(c: char) -> bool {
    matches!(c, '0'..='7')
}

fn is_script(name: &str) -> bool {
    let is_word = !name.is_empty() && !name.contains(' ');
    is_word && SCRIPTS.contains(&format!(" {name} "))
}

/// Members of a class. Surrogates are omitted, because they do not occur in any text.
fn write_range(low: u32, high: u32, text: &mut String) {
    let [first, last] = SURROGATES;
    let below = (low, high.min(first - 1));
    let above = (low.max(last + 1), high);
    let within = |(low, high): (u32, u32)| Some((char::from_u32(low)?, char::from_u32(high)?));
    let mut empty = true;
    for (low, high) in [below, above]
        .into_iter()
        .filter(|(low, high)| low <= high)
        .filter_map(within)
    {
        empty = false;
        text.push_str(&plain(low));
        if low != high {
            let _ = write!(text, "-{}", plain(high));
        }
    }
    if empty {
        text.push_str(NOTHING);
    }
}
