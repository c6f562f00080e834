//! Completions for shells, generated from the tables. Flags are completed with one dash, as
//! users of cfssl write them, and links named `cfssl` and `cfssljson` work too.

use std::fmt::Write;

use rcfssl_go::flag::Kind;
use rcfssljson::flags as json;

use super::help::{TOP_FLAGS, listed_flags};
use crate::args::FlagId;
use crate::args::flags::{FLAGS, Flag};
use crate::commands::table::{COMMANDS, Command};

/// The script for `bash`, `zsh` or `fish`.
pub fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

/// What a flag's value is completed with.
enum Value {
    None,
    Words(Vec<&'static str>),
    File,
    Folder,
    /// A profile of the configuration that `-config` names on the same command line.
    Profile,
    Text,
}

fn value(flag: &Flag) -> Value {
    match flag.kind {
        _ if flag.value.contains('|') => Value::Words(flag.value.split('|').collect()),
        _ if flag.name == FLAGS[FlagId::Profile as usize].name => Value::Profile,
        Kind::Bool => Value::None,
        Kind::File => Value::File,
        Kind::Folder => Value::Folder,
        Kind::Text | Kind::Int | Kind::Duration => Value::Text,
    }
}

/// The possible arguments of a command, taken from its usage line.
fn argument_choices(command: &Command) -> Option<Vec<&'static str>> {
    if command.name == "help" {
        return Some(COMMANDS.iter().map(|command| command.name).collect());
    }
    let last = command.usage.first()?.rsplit(' ').next()?;
    let is_words = last.contains('|') && last.chars().all(|c| c.is_ascii_lowercase() || c == '|');
    is_words.then(|| last.split('|').collect())
}

fn bash() -> String {
    let names: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
    let mut out = String::from(BASH_HEAD);
    let _ = writeln!(out, "    if [ \"$COMP_CWORD\" -eq \"$at\" ]; then");
    let top: Vec<_> = TOP_FLAGS.iter().map(|flag| FLAGS[*flag as usize].name).collect();
    let _ = writeln!(
        out,
        "        flags='{}' words='{}'",
        top.join(" "),
        names.join(" ")
    );
    out.push_str("        _rcfssl_reply\n        return\n    fi\n    case $before in\n");
    for flag in FLAGS {
        let reply = match value(flag) {
            Value::Words(words) => format!("_rcfssl_compgen -W '{}'", words.join(" ")),
            Value::Folder => "_rcfssl_compgen -d".to_owned(),
            Value::File => "_rcfssl_compgen -f".to_owned(),
            Value::Profile => "_rcfssl_profiles".to_owned(),
            Value::None => continue,
            Value::Text => "_rcfssl_no_files".to_owned(),
        };
        let _ = writeln!(out, "        -{0}|--{0}) {reply}; return ;;", flag.name);
    }
    out.push_str("    esac\n    case ${COMP_WORDS[at]} in\n");
    for command in COMMANDS {
        let flags: Vec<_> = listed_flags(command).iter().map(|flag| flag.name).collect();
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

/// `word` is the word being completed and `before` the flag whose value it is; bash treats
/// `=` as a separate word. Names that need quoting are left to bash's own completion.
const BASH_HEAD: &str = "\
# Completions of rcfssl for bash.
_rcfssl_compgen() {
    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\")
}
# Without this, bash offers files where nothing else fits. A shell that calls the
# function itself has no such option to change.
_rcfssl_no_files() {
    compopt +o default +o filenames 2> /dev/null
}
# The profiles of the configuration on the line. compgen -W would expand what their
# names hold.
_rcfssl_profiles() {
    local i config= name
    _rcfssl_no_files
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -config=*|--config=*) config=${COMP_WORDS[i]#*=} ;;
            -config|--config)
                [ \"${COMP_WORDS[i+1]}\" = = ] && i=$((i + 1))
                config=${COMP_WORDS[i+1]} ;;
        esac
    done
    [ -n \"$config\" ] || return
    while IFS= read -r name; do
        [[ $name == \"$word\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")
    done < <(\"${COMP_WORDS[0]}\" completions profiles \"${config/#\\~/$HOME}\" 2> /dev/null)
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
    for command in COMMANDS {
        let _ = writeln!(out, "        '{}:{}'", command.name, zsh_quote(command.about));
    }
    let top: String = TOP_FLAGS
        .iter()
        .map(|flag| zsh_flag(&FLAGS[*flag as usize]))
        .collect();
    out.push_str(&ZSH_COMMAND.replace("@TOP@", &top));
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

/// zsh turns the whole file into the function `_rcfssl`, so no function in it may have that
/// name.
const ZSH_HEAD: &str = "\
#compdef rcfssl cfssl rcfssljson cfssljson
# Completions of rcfssl for zsh.
# The profiles of the configuration on the line.
_rcfssl_profiles() {
    local -a names
    local -i at
    local config=
    for (( at = 1; at < CURRENT; at++ )); do
        case $words[at] in
            -config=*|--config=*) config=${words[at]#*=} ;;
            -config|--config) config=$words[at+1] ;;
        esac
    done
    [[ -n $config ]] || return 1
    names=(${(f)\"$($service completions profiles ${(Q)~config} 2> /dev/null)\"})
    compadd -a names
}
_rcfssl_command() {
    local -a commands
    commands=(
";

/// All flags before the command take a value.
const ZSH_COMMAND: &str = "\
    )
    local -i at=2
    while (( at < CURRENT )) && [[ $words[at] == -* ]]; do
        [[ $words[at] == *=* ]] && (( at -= 1 ))
        (( at += 2 ))
    done
    if (( CURRENT <= at )); then
        if [[ $words[CURRENT] == -* || CURRENT -lt at ]]; then
            _arguments@TOP@
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
    listed_flags(command).into_iter().map(zsh_flag).collect()
}

fn zsh_flag(flag: &Flag) -> String {
    let (equals, value) = match value(flag) {
        Value::Words(words) => ("=", format!(":value:({})", words.join(" "))),
        Value::None => ("", String::new()),
        Value::File => ("=", ":file:_files".to_owned()),
        Value::Folder => ("=", ":folder:_files -/".to_owned()),
        Value::Profile => ("=", ":profile:_rcfssl_profiles".to_owned()),
        Value::Text => (
            "=",
            format!(":{}: ", flag.value.to_lowercase().replace([':', ',', '…'], " ")),
        ),
    };
    format!(
        " \\\n                '-{}{equals}[{}]{value}'",
        flag.name,
        zsh_quote(flag.help)
    )
}

fn zsh_quote(text: &str) -> String {
    text.replace('\'', "'\\''")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace(':', "\\:")
}

fn fish() -> String {
    let mut out = String::from(FISH_HEAD);
    for flag in TOP_FLAGS.map(|flag| &FLAGS[flag as usize]) {
        let _ = writeln!(
            out,
            "    complete -c $program -x -n __fish_use_subcommand -o {} -d '{}'",
            flag.name,
            fish_quote(flag.help)
        );
    }
    for command in COMMANDS {
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
        for flag in listed_flags(command) {
            let value = match value(flag) {
                Value::Words(words) => format!(" -x -a '{}'", words.join(" ")),
                Value::None => String::new(),
                Value::File | Value::Folder => " -r -F".to_owned(),
                Value::Profile => " -x -a '(__rcfssl_profiles)'".to_owned(),
                Value::Text => " -x".to_owned(),
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

const FISH_HEAD: &str = "\
# Completions of rcfssl for fish.
# The profiles of the configuration on the line.
function __rcfssl_profiles
    set -l words (commandline -opc)
    set -l config
    for at in (seq (count $words))
        switch $words[$at]
            case '-config=*' '--config=*'
                set config (string split -m 1 = -- $words[$at])[2]
            case -config --config
                set config $words[(math $at + 1)]
        end
    end
    test -n \"$config\"; and $words[1] completions profiles $config 2> /dev/null
end
for program in rcfssl cfssl
";

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
            for command in COMMANDS {
                assert!(script.contains(command.name), "{shell} {}", command.name);
                for flag in listed_flags(command) {
                    assert!(script.contains(flag.name), "{shell} {}", flag.name);
                }
            }
        }
        assert!(script("tcsh").is_none());
    }
}
