//! Parsed parts of an expression: their syntax for the `regex` crate, and their size with
//! respect to Go's limits.
//!
//! Only the existence of a match matters, so groups do not capture and repetitions are not
//! lazy.

use std::fmt::Write;

pub(super) const TOO_LARGE: &str = "expression too large";
pub(super) const TOO_DEEP: &str = "expression nests too deeply";

/// The maximum nesting, as in Go.
pub(super) const MAX_HEIGHT: u32 = 1000;
/// Go's limit on instructions: 128 MB at 40 bytes each.
const MAX_SIZE: u64 = (128 << 20) / 40;
/// The maximum product of nested repeat counts.
pub(super) const MAX_REPEAT: u32 = 1000;

/// The syntactic form of a part, which decides whether it needs a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Atom,
    Repetition,
    Sequence,
    Choice,
}

/// A part, in the syntax of the `regex` crate.
#[derive(Debug)]
pub(super) struct Part {
    text: String,
    form: Form,
    /// Whether it is a literal, and whether that ignores case: Go merges adjacent literals.
    literal: Option<bool>,
    /// The number of instructions by Go's count.
    size: u64,
    height: u32,
    /// The greatest product of repeat counts in it.
    repeats: u32,
}

/// The number of repetitions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Count {
    /// `*`
    Any,
    /// `+`
    Some,
    /// `?`
    Optional,
    /// `{low,high}`, `{low,}`
    Between(u32, Option<u32>),
}

impl Part {
    /// A part that needs no group.
    pub(super) fn atom(text: impl Into<String>) -> Self {
        Part {
            text: text.into(),
            form: Form::Atom,
            literal: None,
            size: 1,
            height: 1,
            repeats: 1,
        }
    }

    /// A code point, possibly one that does not occur in any text.
    pub(super) fn literal(c: u32, any_case: bool) -> Self {
        let text = match char::from_u32(c) {
            None => super::class::NOTHING.to_owned(),
            Some(c) if any_case => format!("(?i:{})", plain(c)),
            Some(c) => plain(c),
        };
        Part {
            literal: Some(any_case),
            ..Part::atom(text)
        }
    }

    /// A concatenation.
    pub(super) fn sequence(mut parts: Vec<Part>) -> Self {
        if parts.len() == 1
            && let Some(part) = parts.pop()
        {
            return part;
        }
        if parts.is_empty() {
            return Part::atom("(?:)");
        }
        let mut all = Part {
            text: String::new(),
            form: Form::Sequence,
            literal: parts[0].literal,
            size: 0,
            height: 0,
            repeats: 1,
        };
        for part in parts {
            if all.literal != part.literal {
                all.literal = None;
            }
            part.write(Form::Sequence, &mut all.text);
            all.contain(&part);
            all.size = all.size.saturating_add(part.size);
        }
        all.height += u32::from(all.literal.is_none());
        all
    }

    /// An alternation.
    pub(super) fn choice(mut parts: Vec<Part>) -> Self {
        if parts.len() == 1
            && let Some(part) = parts.pop()
        {
            return part;
        }
        let mut all = Part {
            form: Form::Choice,
            size: parts.len() as u64 - 1,
            height: 0,
            ..Part::atom("")
        };
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                all.text.push('|');
            }
            part.write(Form::Choice, &mut all.text);
            all.contain(&part);
            all.size = all.size.saturating_add(part.size);
        }
        all.height += 1;
        all
    }

    /// A group that would capture in Go.
    pub(super) fn captured(self) -> Self {
        Part {
            literal: None,
            size: self.size.saturating_add(2),
            height: self.height + 1,
            ..self
        }
    }

    /// A repetition.
    pub(super) fn repeated(self, count: Count) -> Self {
        let mut text = String::with_capacity(self.text.len() + 4);
        self.write(Form::Atom, &mut text);
        let inner = self.size;
        let times = |n: u32| inner.saturating_mul(n.into());
        let (size, repeats) = match count {
            Count::Any => (inner.saturating_add(2), 1),
            Count::Some | Count::Optional => (inner.saturating_add(1), 1),
            Count::Between(0, None) => (inner.saturating_add(2), 1),
            Count::Between(low, None) => (times(low).saturating_add(1), low),
            Count::Between(low, Some(high)) => {
                let optional = u64::from(high.saturating_sub(low));
                (times(high).saturating_add(optional), high)
            }
        };
        let _ = match count {
            Count::Any => write!(text, "*"),
            Count::Some => write!(text, "+"),
            Count::Optional => write!(text, "?"),
            Count::Between(low, None) => write!(text, "{{{low},}}"),
            Count::Between(low, Some(high)) => write!(text, "{{{low},{high}}}"),
        };
        Part {
            text,
            form: Form::Repetition,
            literal: None,
            size: size.max(1),
            height: self.height + 1,
            repeats: self.repeats.saturating_mul(repeats),
        }
    }

    /// Whether repeat counts multiply to more than Go allows.
    pub(super) fn repeats_too_often(&self) -> bool {
        self.repeats > MAX_REPEAT
    }

    /// The limit of Go that it exceeds.
    pub(super) fn excess(&self) -> Option<&'static str> {
        if self.size > MAX_SIZE {
            return Some(TOO_LARGE);
        }
        (self.height > MAX_HEIGHT).then_some(TOO_DEEP)
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn contain(&mut self, part: &Part) {
        self.height = self.height.max(part.height);
        self.repeats = self.repeats.max(part.repeats);
    }

    /// Writes it, in a group if its form binds more loosely than `form`.
    fn write(&self, form: Form, out: &mut String) {
        if self.form > form {
            let _ = write!(out, "(?:{})", self.text);
        } else {
            out.push_str(&self.text);
        }
    }
}

/// A character as a literal, in any position.
pub(super) fn plain(c: char) -> String {
    if c.is_alphanumeric() {
        c.to_string()
    } else {
        format!("\\x{{{:x}}}", u32::from(c))
    }
}
