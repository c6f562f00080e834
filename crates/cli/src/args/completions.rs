//! Completions for shells, from the tables. They offer flags with one dash, as
//! users of cfssl write them, and know the links `cfssl` and `cfssljson`.

use std::fmt::Write;

use rcfssl_core::flag::Kind;
use rcfssljson::flags as json;

use super::commands::{COMMANDS, Command};
use super::flags::{FLAGS, Flag};
use super::help::listed_flags;

/// The script for a shell: `bash`, `zsh` or `fish`.
pub fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

fn choices(flag: &Flag) -> Option<Vec<&'static str>> {
    flag.value.contains('|').then(|| flag.value.split('|').collect())
}

fn bash() -> String {
    let names: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
    let mut out = String::from("# Completions of rcfssl for bash.\n_rcfssl() {\n");
    out.push_str("    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} flags=\n");
    out.push_str("    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n");
    let _ = writeln!(
        out,
        "        COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n        return\n    fi",
        names.join(" ")
    );
    out.push_str("    case $before in\n");
    for flag in FLAGS.iter().filter(|flag| !flag.listed.is_empty()) {
        let reply = match (choices(flag), flag.kind) {
            (Some(choices), _) => format!("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", choices.join(" ")),
            (None, Kind::Folder) => "COMPREPLY=($(compgen -d -- \"$word\"))".to_owned(),
            (None, Kind::File) => "COMPREPLY=($(compgen -f -- \"$word\"))".to_owned(),
            (None, Kind::Bool) => continue,
            (None, _) => ":".to_owned(),
        };
        let _ = writeln!(out, "        -{0}|--{0}) {reply}; return ;;", flag.name);
    }
    out.push_str("    esac\n    case ${COMP_WORDS[1]} in\n");
    for command in COMMANDS {
        let flags: Vec<_> = listed_flags(command.id)
            .iter()
            .map(|flag| format!("-{}", flag.name))
            .collect();
        let _ = writeln!(out, "        {}) flags='{}' ;;", command.name, flags.join(" "));
    }
    out.push_str(
        "    esac\n    case $word in\n        -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$word\")) ;;\n\
         \x20       *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\n",
    );
    let flags: Vec<_> = json::FLAGS.iter().map(|flag| format!("-{}", flag.name)).collect();
    let _ = writeln!(
        out,
        "_rcfssljson() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}}\n    case $word in\n        \
         -*) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n        \
         *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}}",
        flags.join(" ")
    );
    out.push_str("complete -o filenames -F _rcfssl rcfssl cfssl\ncomplete -o filenames -F _rcfssljson rcfssljson cfssljson\n");
    out
}

fn zsh() -> String {
    let mut out =
        String::from("#compdef rcfssl cfssl rcfssljson cfssljson\n# Completions of rcfssl for zsh.\n");
    out.push_str("_rcfssl() {\n    local -a commands\n    commands=(\n");
    for command in COMMANDS {
        let _ = writeln!(out, "        '{}:{}'", command.name, zsh_quote(command.about));
    }
    out.push_str("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n");
    out.push_str("    shift words\n    (( CURRENT-- ))\n    case $words[1] in\n");
    for command in COMMANDS {
        let _ = writeln!(
            out,
            "        {})\n            _arguments{} '*:file:_files' ;;",
            command.name,
            zsh_flags(command)
        );
    }
    out.push_str("    esac\n}\n_rcfssljson() {\n    _arguments");
    for flag in json::FLAGS {
        let value = if flag.kind == Kind::Bool {
            ""
        } else {
            ":file:_files"
        };
        let _ = write!(out, " '-{}[{}]{value}'", flag.name, zsh_quote(flag.help));
    }
    out.push_str(" '*:base name:_files'\n}\ncase $service in\n    *json) _rcfssljson \"$@\" ;;\n    *) _rcfssl \"$@\" ;;\nesac\n");
    out
}

fn zsh_flags(command: &Command) -> String {
    let mut out = String::new();
    for flag in listed_flags(command.id) {
        let value = match (choices(flag), flag.kind) {
            (Some(choices), _) => format!(":value:({})", choices.join(" ")),
            (None, Kind::Bool) => String::new(),
            (None, Kind::File) => ":file:_files".to_owned(),
            (None, Kind::Folder) => ":folder:_files -/".to_owned(),
            (None, _) => format!(":{}: ", flag.value.to_lowercase().replace([':', ',', '…'], " ")),
        };
        let _ = write!(
            out,
            " \\\n                '-{}[{}]{value}'",
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
    for command in COMMANDS {
        let _ = writeln!(
            out,
            "    complete -c $program -f -n __fish_use_subcommand -a {} -d '{}'",
            command.name,
            fish_quote(command.about)
        );
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
            for command in COMMANDS {
                assert!(script.contains(command.name), "{shell} {}", command.name);
                for flag in listed_flags(command.id) {
                    assert!(script.contains(flag.name), "{shell} {}", flag.name);
                }
            }
        }
        assert!(script("tcsh").is_none());
    }
}
