//! Completions for shells, from the tables. They offer flags with one dash, as
//! users of cfssl write them, and know the links `cfssl` and `cfssljson`.

use std::fmt::Write;

use rcfssl_go::flag::Kind;
use rcfssljson::flags as json;

use super::commands::{COMMANDS, Command};
use super::flags::{FLAGS, Flag};
use super::help::{TOP_FLAG, listed_flags};

/// The script for a shell: `bash`, `zsh` or `fish`.
pub fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

/// The values that a flag may have, where they are words.
fn choices(flag: &Flag) -> Option<Vec<&'static str>> {
    flag.value.contains('|').then(|| flag.value.split('|').collect())
}

/// The words that a command may have as its argument, as its usage names them.
fn argument_choices(command: &Command) -> Option<Vec<&'static str>> {
    let last = command.usage.first()?.rsplit(' ').next()?;
    let is_words = last.contains('|') && last.chars().all(|c| c.is_ascii_lowercase() || c == '|');
    is_words.then(|| last.split('|').collect())
}

/// The commands that are there.
fn commands() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(|command| command.is_here)
}

fn bash() -> String {
    let names: Vec<_> = commands().map(|command| command.name).collect();
    let mut out = String::from(BASH_HEAD);
    let _ = writeln!(out, "    if [ \"$COMP_CWORD\" -eq \"$at\" ]; then");
    let _ = writeln!(out, "        flags='{TOP_FLAG}' words='{}'", names.join(" "));
    out.push_str("        _rcfssl_reply\n        return\n    fi\n    case $before in\n");
    for flag in FLAGS.iter().filter(|flag| !flag.listed.is_empty()) {
        let reply = match (choices(flag), flag.kind) {
            (Some(choices), _) => format!("_rcfssl_compgen -W '{}'", choices.join(" ")),
            (None, Kind::Folder) => "_rcfssl_compgen -d".to_owned(),
            (None, Kind::File) => "_rcfssl_compgen -f".to_owned(),
            (None, Kind::Bool) => continue,
            (None, _) => ":".to_owned(),
        };
        let _ = writeln!(out, "        -{0}|--{0}) {reply}; return ;;", flag.name);
    }
    out.push_str("    esac\n    case ${COMP_WORDS[at]} in\n");
    for command in COMMANDS {
        let flags: Vec<_> = listed_flags(command.id).iter().map(|flag| flag.name).collect();
        let words = argument_choices(command).unwrap_or_default().join(" ");
        let _ = writeln!(
            out,
            "        {}) flags='{}' words='{words}' ;;",
            command.name,
            flags.join(" ")
        );
    }
    out.push_str("    esac\n    _rcfssl_reply\n}\n");
    let flags: Vec<_> = json::FLAGS.iter().map(|flag| flag.name).collect();
    let _ = writeln!(
        out,
        "_rcfssljson() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} words= flags='{}'\n    _rcfssl_reply\n}}",
        flags.join(" ")
    );
    for (function, names) in [
        ("_rcfssl", "rcfssl cfssl"),
        ("_rcfssljson", "rcfssljson cfssljson"),
    ] {
        let _ = writeln!(out, "complete -o filenames -o default -F {function} {names}");
    }
    out
}

/// `word` is the one that is being written, `before` the flag whose value it is; bash
/// takes `=` for a word. Names that need quotes are left to bash's own completion.
const BASH_HEAD: &str = "\
# Completions of rcfssl for bash.
_rcfssl_compgen() {
    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\")
}
# Flags behind one dash or two, or else words, or else files.
_rcfssl_reply() {
    case $word in
        --*) mapfile -t COMPREPLY < <(compgen -P -- -W \"$flags\" -- \"${word#--}\") ;;
        -*) mapfile -t COMPREPLY < <(compgen -P - -W \"$flags\" -- \"${word#-}\") ;;
        *) if [ -n \"$words\" ]; then _rcfssl_compgen -W \"$words\"; else _rcfssl_compgen -f; fi ;;
    esac
}
_rcfssl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=1 flags= words=
    COMPREPLY=()
    if [ \"$word\" = = ]; then
        word=
    elif [ \"$before\" = = ]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    # Flags before the command have a value.
    while [ \"$at\" -lt \"$COMP_CWORD\" ] && [[ ${COMP_WORDS[at]} == -* ]]; do
        [ \"${COMP_WORDS[at+1]}\" = = ] && at=$((at + 1))
        at=$((at + 2))
    done
";

fn zsh() -> String {
    let mut out = String::from(ZSH_HEAD);
    for command in commands() {
        let _ = writeln!(out, "        '{}:{}'", command.name, zsh_quote(command.about));
    }
    out.push_str(&ZSH_COMMAND.replace("@TOP@", TOP_FLAG));
    for command in COMMANDS {
        let argument = match argument_choices(command) {
            Some(words) => format!("':argument:({})'", words.join(" ")),
            None => "'*:file:_files'".to_owned(),
        };
        let _ = writeln!(
            out,
            "        {})\n            _arguments{} {argument} ;;",
            command.name,
            zsh_flags(command)
        );
    }
    out.push_str("    esac\n}\n_rcfssl_json() {\n    _arguments");
    for flag in json::FLAGS {
        let (equals, value) = match flag.kind {
            Kind::Bool => ("", ""),
            _ => ("=", ":file:_files"),
        };
        let _ = write!(out, " '-{}{equals}[{}]{value}'", flag.name, zsh_quote(flag.help));
    }
    out.push_str(" '*:base name:_files'\n}\n");
    out.push_str(
        "case $service in\n    *json) _rcfssl_json \"$@\" ;;\n    *) _rcfssl_command \"$@\" ;;\nesac\n",
    );
    out
}

/// zsh makes the whole file the function `_rcfssl`: none in it may be called so.
const ZSH_HEAD: &str = "\
#compdef rcfssl cfssl rcfssljson cfssljson
# Completions of rcfssl for zsh.
_rcfssl_command() {
    local -a commands
    commands=(
";

/// Flags before the command have a value.
const ZSH_COMMAND: &str = "\
    )
    local -i at=2
    while (( at < CURRENT )) && [[ $words[at] == -* ]]; do
        [[ $words[at] == *=* ]] && (( at -= 1 ))
        (( at += 2 ))
    done
    if (( CURRENT <= at )); then
        if [[ $words[CURRENT] == -* || CURRENT -lt at ]]; then
            _arguments '-@TOP@=[what to log]:level: '
        else
            _describe command commands
        fi
        return
    fi
    shift $(( at - 1 )) words
    (( CURRENT -= at - 1 ))
    case $words[1] in
";

fn zsh_flags(command: &Command) -> String {
    let mut out = String::new();
    for flag in listed_flags(command.id) {
        let (equals, value) = match (choices(flag), flag.kind) {
            (Some(choices), _) => ("=", format!(":value:({})", choices.join(" "))),
            (None, Kind::Bool) => ("", String::new()),
            (None, Kind::File) => ("=", ":file:_files".to_owned()),
            (None, Kind::Folder) => ("=", ":folder:_files -/".to_owned()),
            (None, _) => (
                "=",
                format!(":{}: ", flag.value.to_lowercase().replace([':', ',', '…'], " ")),
            ),
        };
        let _ = write!(
            out,
            " \\\n                '-{}{equals}[{}]{value}'",
            flag.name,
            zsh_quote(flag.help)
        );
    }
    out
}

fn zsh_quote(text: &str) -> String {
    text.replace('\'', "'\\''")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace(':', "\\:")
}

fn fish() -> String {
    let mut out = String::from("# Completions of rcfssl for fish.\nfor program in rcfssl cfssl\n");
    let _ = writeln!(
        out,
        "    complete -c $program -x -n __fish_use_subcommand -o {TOP_FLAG}"
    );
    for command in commands() {
        let _ = writeln!(
            out,
            "    complete -c $program -f -n __fish_use_subcommand -a {} -d '{}'",
            command.name,
            fish_quote(command.about)
        );
    }
    for command in COMMANDS {
        if let Some(words) = argument_choices(command) {
            let _ = writeln!(
                out,
                "    complete -c $program -f -n '__fish_seen_subcommand_from {}' -a '{}'",
                command.name,
                words.join(" ")
            );
        }
        for flag in listed_flags(command.id) {
            let value = match (choices(flag), flag.kind) {
                (Some(choices), _) => format!(" -x -a '{}'", choices.join(" ")),
                (None, Kind::Bool) => String::new(),
                (None, Kind::File | Kind::Folder) => " -r -F".to_owned(),
                (None, _) => " -x".to_owned(),
            };
            let _ = writeln!(
                out,
                "    complete -c $program -n '__fish_seen_subcommand_from {}' -o {}{value} -d '{}'",
                command.name,
                flag.name,
                fish_quote(flag.help)
            );
        }
    }
    out.push_str("end\nfor program in rcfssljson cfssljson\n");
    for flag in json::FLAGS {
        let value = if flag.kind == Kind::Bool { "" } else { " -r -F" };
        let _ = writeln!(
            out,
            "    complete -c $program -o {}{value} -d '{}'",
            flag.name,
            fish_quote(flag.help)
        );
    }
    out.push_str("end\n");
    out
}

fn fish_quote(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_knows_every_command_and_flag() {
        for shell in ["bash", "zsh", "fish"] {
            let script = script(shell).unwrap();
            for command in commands() {
                assert!(script.contains(command.name), "{shell} {}", command.name);
                for flag in listed_flags(command.id) {
                    assert!(script.contains(flag.name), "{shell} {}", flag.name);
                }
            }
        }
        assert!(script("tcsh").is_none());
    }
}
