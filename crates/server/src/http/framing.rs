//! Where the body of a request ends on its connection (RFC 9112, section 6), so that the
//! head after it can be found.

/// What is still to come of one request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes; 0 where the message is complete.
    Length(u64),
    /// A chunked body.
    Chunked(Chunked),
    /// Chunks that cannot be followed. hyper rejects them and closes the connection.
    Lost,
}

/// The place in a chunked body. The grammar is as strict as hyper's: what one accepts and the
/// other does not could hide a request in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunked {
    /// Before the first digit of a chunk's size.
    Start,
    /// In the digits.
    Size(u64),
    /// In the blanks after the digits.
    Blank(u64),
    /// In an extension.
    Extension(u64),
    /// Before the line feed after the size.
    SizeEnd(u64),
    /// In the contents, with this many bytes to come.
    Contents(u64),
    /// Before the carriage return after the contents.
    ContentsReturn,
    /// Before the line feed after that.
    ContentsEnd,
    /// At the beginning of a line after the last chunk.
    Line,
    /// In a trailer.
    Trailer,
    /// Before the line feed of a trailer.
    TrailerEnd,
    /// Before the last line feed.
    End,
}

impl Framing {
    /// A body in chunks.
    pub const CHUNKED: Framing = Framing::Chunked(Chunked::Start);

    /// Is the message complete?
    pub fn is_complete(self) -> bool {
        self == Framing::Length(0)
    }

    /// Reads on, and returns how many of these bytes belong to the message.
    pub fn advance(&mut self, octets: &[u8]) -> usize {
        let mut at = 0;
        while at < octets.len() && !self.is_complete() {
            let rest = octets.len() - at;
            at += match self {
                Framing::Lost => rest,
                Framing::Length(left) | Framing::Chunked(Chunked::Contents(left)) => {
                    let taken = usize::try_from(*left).map_or(rest, |left| left.min(rest));
                    *left -= taken as u64;
                    taken
                }
                Framing::Chunked(_) => 1,
            };
            if let Framing::Chunked(place) = *self {
                *self = place.after(octets[at - 1]);
            }
        }
        at
    }
}

impl Chunked {
    /// The place after one more byte, or after the contents.
    fn after(self, octet: u8) -> Framing {
        let place = match (self, octet) {
            (Chunked::Start, octet) => match hexadecimal(octet) {
                Some(digit) => Chunked::Size(digit),
                None => return Framing::Lost,
            },
            (Chunked::Size(size), octet) if octet.is_ascii_hexdigit() => {
                let digit = hexadecimal(octet).unwrap_or_default();
                match size.checked_mul(16).and_then(|size| size.checked_add(digit)) {
                    Some(size) => Chunked::Size(size),
                    None => return Framing::Lost,
                }
            }
            (Chunked::Size(size) | Chunked::Blank(size), b' ' | b'\t') => Chunked::Blank(size),
            (Chunked::Size(size) | Chunked::Blank(size), b';') => Chunked::Extension(size),
            (Chunked::Size(size) | Chunked::Blank(size) | Chunked::Extension(size), b'\r') => {
                Chunked::SizeEnd(size)
            }
            (Chunked::Extension(size), octet) if octet != b'\n' => Chunked::Extension(size),
            (Chunked::SizeEnd(0), b'\n') => Chunked::Line,
            (Chunked::SizeEnd(size), b'\n') => Chunked::Contents(size),
            (Chunked::Contents(0), _) => Chunked::ContentsReturn,
            (Chunked::Contents(left), _) => Chunked::Contents(left),
            (Chunked::ContentsReturn, b'\r') => Chunked::ContentsEnd,
            (Chunked::ContentsEnd, b'\n') => Chunked::Start,
            (Chunked::Line, b'\r') => Chunked::End,
            (Chunked::Trailer, b'\r') => Chunked::TrailerEnd,
            (Chunked::Line | Chunked::Trailer, _) => Chunked::Trailer,
            (Chunked::TrailerEnd, b'\n') => Chunked::Line,
            (Chunked::End, b'\n') => return Framing::Length(0),
            _ => return Framing::Lost,
        };
        Framing::Chunked(place)
    }
}

fn hexadecimal(octet: u8) -> Option<u64> {
    char::from(octet).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of a text belongs to the message, read whole and byte by byte.
    fn length(mut framing: Framing, text: &str) -> (usize, Framing) {
        let mut slow = framing;
        let whole = framing.advance(text.as_bytes());
        let bytes = text.as_bytes().chunks(1).map(|octet| slow.advance(octet));
        assert_eq!(bytes.sum::<usize>(), whole, "{text:?}");
        assert_eq!(slow, framing, "{text:?}");
        (whole, framing)
    }

    #[test]
    fn a_message_ends_where_its_body_does() {
        let complete = Framing::Length(0);
        assert_eq!(length(complete, "GET"), (0, complete));
        assert_eq!(length(Framing::Length(3), "{} GET"), (3, complete));
        assert_eq!(length(Framing::Length(9), "{}"), (2, Framing::Length(7)));
        for body in [
            "0\r\n\r\n",
            "2\r\n{}\r\n0\r\n\r\n",
            "1;x=y\r\n{\r\n01 \t\r\n}\r\n0\r\nT: v\r\nU: v\r\n\r\n",
            "a\r\n0123456789\r\n000\r\n\r\n",
        ] {
            let (end, framing) = length(Framing::CHUNKED, &format!("{body}GET / HTTP/1.1\r\n\r\n"));
            assert_eq!((end, framing), (body.len(), complete), "{body:?}");
        }
    }

    #[test]
    fn chunks_that_hyper_rejects_are_not_followed() {
        for body in [
            "\r\n",
            "2\n{}\n0\n\n",
            "2;x\n{}\r\n",
            "2\r\n{}0\r\n\r\n",
            "-2\r\n",
            "2 3\r\n",
            "11111111111111111\r\n",
            "0\r\nT: v\rU",
            "0\r\n\rX",
        ] {
            let (end, framing) = length(Framing::CHUNKED, body);
            assert_eq!((end, framing), (body.len(), Framing::Lost), "{body:?}");
        }
    }
}
