//! The grammar: groups, flags, alternatives and repetitions.

use super::Mistake;
use super::part::{Count, MAX_REPEAT, Part};

const REPEAT_COUNT: &str = "invalid repeat count";
const UNEXPECTED_PAREN: &str = "unexpected )";
const PERL_SYNTAX: &str = "invalid or unsupported Perl syntax";
const NAMED_CAPTURE: &str = "invalid named capture";

/// The expression in the syntax of the `regex` crate.
///
/// # Errors
/// Go's reason for rejecting it.
pub(super) fn translate(expression: &str) -> Result<String, Mistake> {
    Reader {
        whole: expression,
        rest: expression,
        flags: Flags::default(),
        outer: Vec::new(),
        group: Group::default(),
    }
    .read()
}

/// The flags of `(?ims)`; laziness does not affect whether there is a match.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    any_case: bool,
    multi_line: bool,
    dot_is_any: bool,
}

/// An open group, or the whole expression.
#[derive(Debug, Default)]
struct Group {
    /// The flags before it, which apply again after it.
    flags: Flags,
    captures: bool,
    /// The alternatives parsed so far.
    choices: Vec<Part>,
    /// The parts after the last `|`.
    sequence: Vec<Part>,
}

/// Parses an expression from left to right.
pub(super) struct Reader<'a> {
    whole: &'a str,
    /// The rest of the expression.
    pub(super) rest: &'a str,
    flags: Flags,
    outer: Vec<Group>,
    group: Group,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<String, Mistake> {
        let mut last_repetition = None;
        while let Some(c) = self.rest.chars().next() {
            let begin = self.rest;
            let mut repetition = None;
            match c {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.skip(1);
                    self.end_choice()?;
                }
                '*' | '+' | '?' | '{' => match self.count()? {
                    Some(count) => {
                        self.repeat(count, begin, last_repetition)?;
                        repetition = Some(begin);
                    }
                    None => self.literal('{')?,
                },
                '\\' => self.backslash()?,
                '[' => {
                    let class = self.class()?;
                    self.push_set(class)?;
                }
                '^' | '$' | '.' => {
                    self.skip(1);
                    self.push(Part::atom(self.sign(c)))?;
                }
                _ => self.literal(c)?,
            }
            last_repetition = repetition;
        }
        if !self.outer.is_empty() {
            return Err(Mistake::new("missing closing )", self.whole));
        }
        self.end_choice()?;
        let all = Part::choice(std::mem::take(&mut self.group.choices));
        Ok(self.checked(all)?.into_text())
    }

    /// `^`, `$` and `.` under the current flags.
    fn sign(&self, c: char) -> &'static str {
        match (c, self.flags) {
            ('^', Flags { multi_line: true, .. }) => "(?m:^)",
            ('^', _) => "\\A",
            ('$', Flags { multi_line: true, .. }) => "(?m:$)",
            ('$', _) => "\\z",
            (_, Flags { dot_is_any: true, .. }) => "(?s:.)",
            _ => ".",
        }
    }

    fn literal(&mut self, c: char) -> Result<(), Mistake> {
        self.skip(c.len_utf8());
        self.push(Part::literal(c.into(), self.flags.any_case))
    }

    /// An escape outside a class.
    fn backslash(&mut self) -> Result<(), Mistake> {
        let assertion = match self.rest.as_bytes().get(1) {
            Some(b'A') => "\\A",
            Some(b'z') => "\\z",
            Some(b'b') => "(?-u:\\b)",
            Some(b'B') => "(?-u:\\B)",
            Some(b'Q') => return self.quoted(),
            _ => {
                return match self.set()? {
                    Some(set) => self.push_set(set),
                    None => {
                        let c = self.escaped_char()?;
                        self.push(Part::literal(c, self.flags.any_case))
                    }
                };
            }
        };
        self.skip(2);
        self.push(Part::atom(assertion))
    }

    /// `\Q…\E`, or to the end.
    fn quoted(&mut self) -> Result<(), Mistake> {
        self.skip(2);
        let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        for c in text.chars() {
            self.push(Part::literal(c.into(), self.flags.any_case))?;
        }
        self.rest = rest;
        Ok(())
    }

    fn push_set(&mut self, set: String) -> Result<(), Mistake> {
        self.push(Part::atom(match self.flags.any_case {
            true => format!("(?i:{set})"),
            false => set,
        }))
    }

    fn push(&mut self, part: Part) -> Result<(), Mistake> {
        let part = self.checked(part)?;
        self.group.sequence.push(part);
        Ok(())
    }

    fn checked(&self, part: Part) -> Result<Part, Mistake> {
        match part.excess() {
            Some(what) => Err(Mistake::new(what, self.whole)),
            None => Ok(part),
        }
    }

    fn end_choice(&mut self) -> Result<(), Mistake> {
        let sequence = Part::sequence(std::mem::take(&mut self.group.sequence));
        let sequence = self.checked(sequence)?;
        self.group.choices.push(sequence);
        Ok(())
    }

    fn enter(&mut self, captures: bool) {
        let group = Group {
            flags: self.flags,
            captures,
            ..Group::default()
        };
        self.outer.push(std::mem::replace(&mut self.group, group));
    }

    fn close(&mut self) -> Result<(), Mistake> {
        self.skip(1);
        self.end_choice()?;
        let Some(outer) = self.outer.pop() else {
            return Err(Mistake::new(UNEXPECTED_PAREN, self.whole));
        };
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags;
        let inside = self.checked(Part::choice(group.choices))?;
        self.push(match group.captures {
            true => inside.captured(),
            false => inside,
        })
    }

    /// `(`, `(?:`, `(?P<name>`, and flags, which apply to a group or to the rest.
    fn open(&mut self) -> Result<(), Mistake> {
        let begin = self.rest;
        self.skip(1);
        if !self.eat("?") {
            self.enter(true);
            return Ok(());
        }
        let has_name = (self.rest.starts_with("P<") && self.rest.len() > 2)
            || (self.rest.starts_with('<') && self.rest.len() > 1);
        if has_name {
            return self.named_group(begin);
        }
        let mut flags = self.flags;
        // The flags set by the letters; after a `-` there must be at least one.
        let (mut value, mut letters) = (true, 0);
        while let Some(c) = self.next() {
            match c {
                'i' => flags.any_case = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_is_any = value,
                'U' => {}
                '-' if value => {
                    value = false;
                    letters = 0;
                    continue;
                }
                ':' | ')' if value || letters > 0 => {
                    if c == ':' {
                        self.enter(false);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            letters += 1;
        }
        Err(Mistake::new(PERL_SYNTAX, self.read_since(begin)))
    }

    /// From `P<` or `<` onwards. Names may repeat.
    fn named_group(&mut self, begin: &str) -> Result<(), Mistake> {
        let Some(end) = self.rest.find('>') else {
            return Err(Mistake::new(NAMED_CAPTURE, begin));
        };
        let name = self.rest[..end].trim_start_matches('P');
        let name = name.strip_prefix('<').unwrap_or(name);
        self.skip(end + 1);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(Mistake::new(NAMED_CAPTURE, self.read_since(begin)));
        }
        self.enter(true);
        Ok(())
    }

    /// A repetition operator; `None` for a literal `{`.
    fn count(&mut self) -> Result<Option<Count>, Mistake> {
        let begin = self.rest;
        let count = match self.next() {
            Some('*') => Count::Any,
            Some('+') => Count::Some,
            Some('?') => Count::Optional,
            _ => {
                let Some((low, high)) = self.bounds() else {
                    self.rest = begin;
                    return Ok(None);
                };
                let fits = low <= MAX_REPEAT && high.is_none_or(|high| low <= high && high <= MAX_REPEAT);
                if !fits {
                    return Err(Mistake::new(REPEAT_COUNT, self.read_since(begin)));
                }
                Count::Between(low, high)
            }
        };
        Ok(Some(count))
    }

    /// After `{`.
    fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        let low = self.number()?;
        if self.eat("}") {
            return Some((low, Some(low)));
        }
        self.eat(",").then_some(())?;
        if self.eat("}") {
            return Some((low, None));
        }
        let high = self.number()?;
        self.eat("}").then_some((low, Some(high)))
    }

    /// Decimal digits without leading zeros; if there are too many, any number that is too
    /// large.
    fn number(&mut self) -> Option<u32> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = &self.rest[..length];
        if digits.is_empty() || (length > 1 && digits.starts_with('0')) {
            return None;
        }
        self.skip(length);
        Some(digits.parse().unwrap_or(u32::MAX))
    }

    /// Repeats the last part. Only flags may come between it and the operator.
    fn repeat(&mut self, count: Count, begin: &str, last_repetition: Option<&str>) -> Result<(), Mistake> {
        self.eat("?");
        if let Some(last) = last_repetition {
            let both = self.read_since(last);
            return Err(Mistake::new("invalid nested repetition operator", both));
        }
        let operator = self.read_since(begin);
        let Some(part) = self.group.sequence.pop() else {
            return Err(Mistake::new("missing argument to repetition operator", operator));
        };
        let part = self.checked(part.repeated(count))?;
        if matches!(count, Count::Between(low, high) if low.max(high.unwrap_or(0)) >= 2)
            && part.repeats_too_often()
        {
            return Err(Mistake::new(REPEAT_COUNT, operator));
        }
        self.group.sequence.push(part);
        Ok(())
    }

    pub(super) fn skip(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.skip(c.len_utf8());
        Some(c)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The text parsed since `begin` was the rest.
    pub(super) fn read_since<'b>(&self, begin: &'b str) -> &'b str {
        &begin[..begin.len() - self.rest.len()]
    }
}
