use super::*;

fn matches(expression: &str, text: &str) -> bool {
    Regexp::compile(expression)
        .unwrap_or_else(|why| panic!("{expression}: {why}"))
        .is_match(text)
}

#[test]
fn a_match_may_be_anywhere() {
    let regexp = Regexp::compile("^(TCPDial|TLSDial)$|KI").unwrap();
    assert!(regexp.is_match("TLSDial") && regexp.is_match("PKI"));
    assert!(!regexp.is_match("xTLSDial"));
}

/// The results of Go 1.19, except for `(?<n>a)`, which is newer.
#[test]
fn means_what_go_means() {
    for (expression, yes, no) in [
        ("^only\\.this$", "only.this", "onlyxthis"),
        ("^(?P<n>[\\pL.]+)\\z", "a.é", "a1"),
        ("^(?<n>a)$", "a", "b"),
        ("^(?P<n>a)(?P<n>b)$", "ab", "a"),
        ("^(?ii)x(?-ii)x$", "Xx", "XX"),
        ("[a&&b]", "&", "c"),
        ("^[+--]$", ",", "b"),
        ("^[[x]$", "[", "y"),
        ("^[]a]$", "]", "b"),
        ("^\\Qa.b\\E$", "a.b", "axb"),
        ("^\\Qa.b", "a.b", "axb"),
        ("^\\Qa+\\E+$", "a++", "aa"),
        ("^\\d$", "1", "\u{661}"),
        ("^\\w$", "_", "é"),
        ("^[\\w-]+$", "a-b", "a b"),
        ("^[^\\d]$", "a", "1"),
        ("^[^\\D]$", "1", "a"),
        ("^a{2,3}$", "aaa", "a"),
        ("^a{,2}$", "a{,2}", "aa"),
        ("^x{$", "x{", "x"),
        ("^x{01}$", "x{01}", "x"),
        ("^\\x41\\x{42}\\103\\0$", "ABC\0", "abc"),
        ("^[[:alpha:]]+$", "ab", "1"),
        ("^[[:^alpha:]]+$", "1", "ab"),
        ("^[[:]+$", "[:", "a"),
        ("(?i)^abc$", "ABC", "abd"),
        ("(?i)^[k]$", "\u{212a}", "l"),
        ("(?i)^\\w$", "\u{17f}", "é"),
        ("(?i)^[^k]$", "l", "K"),
        ("(?i)^\\p{Lu}$", "a", "1"),
        ("^(?i:a)b$", "Ab", "AB"),
        ("^(?i)a(?-i)b$", "Ab", "AB"),
        ("^((?i)a)b$", "Ab", "AB"),
        ("^a(?m){2}$", "aa", "a"),
        ("^a*(?s)*$", "aa", "b"),
        ("(?m)^b$", "a\nb\nc", "ab"),
        ("^b$", "b", "a\nb"),
        ("^a$", "a", "a\n"),
        ("(?s)^a.b$", "a\nb", "ab"),
        ("^a.b$", "axb", "a\nb"),
        ("^(a|b)c|d$", "ac", "bd?"),
        ("^(?:a|b){2}$", "ab", "a"),
        ("^(?:ab)*$", "abab", "aba"),
        ("^(?:|a)+$", "aa", "b"),
        ("\\bfoo\\b", "a foo b", "afoo"),
        ("o\\Bo", "foo", "fo o"),
        ("^\\p{Greek}$", "α", "a"),
        ("^\\P{^Greek}$", "α", "a"),
        ("^\\PL$", "1", "a"),
        ("^[\\pL\\pN]$", "1", "-"),
        ("^a\\-b\\_c\\<$", "a-b_c<", "a"),
        ("^.$", "é", "\n"),
        ("^a*?b+?c??$", "ab", "a"),
        ("(?U)^a+$", "aa", "b"),
        ("(?)^a$", "a", "b"),
        ("^[a-]$", "-", "b"),
        ("#x y", "#x y", "xy"),
        ("^\\x{D800}|a$", "a", "b"),
        ("^[^\\x{D800}]$", "b", "bb"),
        ("^[\\x{D000}-\\x{E000}]$", "\u{D7FF}", "a"),
        ("a{0}b", "b", "a"),
    ] {
        assert!(matches(expression, yes), "{expression} on {yes}");
        assert!(!matches(expression, no), "{expression} on {no}");
    }
    for expression in ["", "a{0}", "(|a)*", "^*", "\\Q\\E", "(a{0,500}){0,2}", "()"] {
        assert!(matches(expression, ""), "{expression}");
    }
}

#[test]
fn errors_are_worded_as_by_go() {
    for (expression, why) in [
        ("(", "missing closing ): `(`"),
        ("a(b", "missing closing ): `a(b`"),
        ("(?i:a", "missing closing ): `(?i:a`"),
        (")", "unexpected ): `)`"),
        ("a)", "unexpected ): `a)`"),
        ("[é](", "missing closing ): `[é](`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("*?", "missing argument to repetition operator: `*?`"),
        ("(*)", "missing argument to repetition operator: `*`"),
        ("(?m){2}", "missing argument to repetition operator: `{2}`"),
        ("a|(?i)+", "missing argument to repetition operator: `+`"),
        ("(|*a)", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a*?+?", "invalid nested repetition operator: `*?+?`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("a{99999999999}", "invalid repeat count: `{99999999999}`"),
        ("(a{0,500}){0,500}", "invalid repeat count: `{0,500}`"),
        ("((a{100}){11})*", "invalid repeat count: `{11}`"),
        ("x[a", "missing closing ]: `[a`"),
        ("[", "missing closing ]: `[`"),
        ("[]a", "missing closing ]: `[]a`"),
        ("[^]a", "missing closing ]: `[^]a`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[a--b]", "invalid character class range: `a--`"),
        ("[a-\\d]", "invalid escape sequence: `\\d`"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        ("\\pX", "invalid character class range: `\\pX`"),
        ("\\p", "invalid character class range: `\\p`"),
        ("\\p{Greek", "invalid character class range: `\\p{Greek`"),
        ("a\\p{greek}b", "invalid character class range: `\\p{greek}`"),
        ("\\p{Letter}", "invalid character class range: `\\p{Letter}`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("[\\", "trailing backslash at end of expression: ``"),
        ("\\1", "invalid escape sequence: `\\1`"),
        ("\\8", "invalid escape sequence: `\\8`"),
        ("\\Z", "invalid escape sequence: `\\Z`"),
        ("\\Cx", "invalid escape sequence: `\\C`"),
        ("\\é", "invalid escape sequence: `\\é`"),
        ("\\x", "invalid escape sequence: `\\x`"),
        ("\\xghi", "invalid escape sequence: `\\xgh`"),
        ("\\x{}", "invalid escape sequence: `\\x{}`"),
        ("\\x{12", "invalid escape sequence: `\\x{12`"),
        ("\\x{110000}", "invalid escape sequence: `\\x{110000`"),
        ("(?=x)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
        ("(?-)", "invalid or unsupported Perl syntax: `(?-)`"),
        ("(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?i--s)", "invalid or unsupported Perl syntax: `(?i--`"),
        ("(?P<>a)", "invalid named capture: `(?P<>`"),
        ("(?P<x y>a)", "invalid named capture: `(?P<x y>`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(?<=x)", "invalid named capture: `(?<=x)`"),
    ] {
        let refused = Regexp::compile(expression).unwrap_err().to_string();
        assert_eq!(refused, format!("error parsing regexp: {why}"), "{expression}");
    }
}

#[test]
fn expressions_that_are_too_deep_or_too_large_are_refused_at_once() {
    let deep = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(matches(&deep(999), "a"));
    assert!(matches(
        &format!("{}a{}", "(?:".repeat(5000), ")".repeat(5000)),
        "a"
    ));
    let refused = |expression: &str| Regexp::compile(expression).unwrap_err().to_string();
    assert!(refused(&deep(1000)).contains("expression nests too deeply"));
    assert!(refused(&"(".repeat(100_000)).contains("missing closing )"));
    let large = "(?:abcdefghij){1000}".repeat(400);
    assert!(refused(&large).contains("expression too large"));
}
