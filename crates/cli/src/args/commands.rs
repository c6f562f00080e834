//! The table of commands.

/// A command, as an index into [`COMMANDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandId {
    Bundle,
    Certinfo,
    Completions,
    Crl,
    Expiry,
    Gencert,
    Gencrl,
    Gencsr,
    Genkey,
    Info,
    Man,
    Ocspdump,
    Ocsprefresh,
    Ocspserve,
    Ocspsign,
    PrintDefaults,
    Renew,
    Revoke,
    Scan,
    Selfsign,
    Serve,
    Sign,
    Version,
}

impl CommandId {
    /// Commands that cfssl does not have. What cfssl passes over in silence, such as a
    /// flag behind an argument, is an error of theirs.
    pub fn is_our_own(self) -> bool {
        use CommandId::{Completions, Expiry, Man, Renew};
        matches!(self, Completions | Expiry | Man | Renew)
    }
}

/// What help says of a command.
#[derive(Debug)]
pub struct Command {
    /// Which one it is.
    pub id: CommandId,
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// How it is called, each way in a line.
    pub usage: &'static [&'static str],
    /// What else there is to know.
    pub details: &'static str,
    /// Is it part of rcfssl? cfssl's commands that are not yet are known, and
    /// refused with a clear word.
    pub is_here: bool,
}

/// Every command there is, sorted by name.
pub static COMMANDS: &[Command] = &[
    Command {
        id: CommandId::Bundle,
        name: "bundle",
        about: "find the chain from a certificate to a trusted root",
        usage: &["bundle -cert FILE [flags]", "bundle -domain NAME [flags]"],
        details: "",
        is_here: true,
    },
    Command {
        id: CommandId::Certinfo,
        name: "certinfo",
        about: "show what a certificate or a request says",
        usage: &[
            "certinfo -cert FILE",
            "certinfo -csr FILE",
            "certinfo -domain NAME",
        ],
        details: "FILE may be - for standard input.",
        is_here: true,
    },
    Command {
        id: CommandId::Completions,
        name: "completions",
        about: "print completions for a shell",
        usage: &["completions bash|zsh|fish"],
        details: "\
For bash: rcfssl completions bash > /etc/bash_completion.d/rcfssl. They complete
links named cfssl and cfssljson too.",
        is_here: true,
    },
    Command {
        id: CommandId::Crl,
        name: "crl",
        about: "make a CRL of the certificates revoked in a database",
        usage: &["crl -db-config FILE -ca FILE -ca-key FILE [flags]"],
        details: "",
        is_here: false,
    },
    Command {
        id: CommandId::Expiry,
        name: "expiry",
        about: "list certificates by when they end",
        usage: &["expiry [flags] FILE…|FOLDER…"],
        details: "\
What ends first comes first. In a folder, keys and requests are passed over; folders
in it are not looked into. The exit status is that of a monitoring plugin: 0 all is
well, 1 something ends within -warn, 2 something ends within -critical or has ended,
3 something cannot be read, or a flag is wrong. 2 wins over 3, and 3 over 1.",
        is_here: true,
    },
    Command {
        id: CommandId::Gencert,
        name: "gencert",
        about: "make a key, a request and a signed certificate",
        usage: &[
            "gencert -initca [-ca-key FILE] CSRJSON",
            "gencert -renewca -ca FILE -ca-key FILE",
            "gencert -initca -signed-by-ca -ca FILE -ca-key FILE [-config FILE -profile NAME] CSRJSON",
            "gencert -ca FILE -ca-key FILE [-config FILE -profile NAME] [-hostname HOST,…] [-cn NAME] CSRJSON",
        ],
        details: "\
CSRJSON is the request document, - for standard input; `rcfssl print-defaults
csr` shows one. With -initca the certificate is a new self-signed authority,
around a new key or that of -ca-key. The result is one line of JSON with `cert`,
`csr` and `key`; `rcfssljson -bare NAME` writes it to files. The password of an
encrypted authority key is taken from CFSSL_CA_PK_PASSWORD where the authority signs
for another; an authority that makes its own certificate anew needs a plain key.",
        is_here: true,
    },
    Command {
        id: CommandId::Gencrl,
        name: "gencrl",
        about: "make a CRL from a list of serial numbers",
        usage: &["gencrl SERIALS CERT KEY [SECONDS]"],
        details: "\
SERIALS holds a decimal serial number in each line. Each file may be - for
standard input. The CRL is good for SECONDS, a week where they are not given, and
is printed as base64.",
        is_here: true,
    },
    Command {
        id: CommandId::Gencsr,
        name: "gencsr",
        about: "make a request around an existing key",
        usage: &["gencsr -key FILE CSRJSON", "gencsr -key FILE -cert FILE"],
        details: "With -cert, the request repeats what that certificate says.",
        is_here: true,
    },
    Command {
        id: CommandId::Genkey,
        name: "genkey",
        about: "make a key and a request",
        usage: &["genkey CSRJSON", "genkey -initca CSRJSON"],
        details: "\
CSRJSON is the request document, - for standard input. With -initca there is a
self-signed authority too.",
        is_here: true,
    },
    Command {
        id: CommandId::Info,
        name: "info",
        about: "show an authority's certificate and a profile",
        usage: &["info -config FILE -ca FILE -ca-key FILE [-profile NAME]"],
        details: "",
        is_here: true,
    },
    Command {
        id: CommandId::Man,
        name: "man",
        about: "write the manual pages",
        usage: &["man -dir FOLDER", "man FOLDER"],
        details: "\
A page for rcfssl, one for rcfssljson and one for each command. They are read by
man -l FILE, and by name where FOLDER is man1 in a folder of MANPATH.",
        is_here: true,
    },
    Command {
        id: CommandId::Ocspdump,
        name: "ocspdump",
        about: "print the OCSP responses of a database",
        usage: &["ocspdump -db-config FILE"],
        details: "",
        is_here: false,
    },
    Command {
        id: CommandId::Ocsprefresh,
        name: "ocsprefresh",
        about: "sign an OCSP response for every certificate of a database",
        usage: &["ocsprefresh -db-config FILE -ca FILE -responder FILE -responder-key FILE"],
        details: "",
        is_here: false,
    },
    Command {
        id: CommandId::Ocspserve,
        name: "ocspserve",
        about: "answer OCSP requests",
        usage: &["ocspserve -responses FILE [-address ADDRESS] [-port PORT]"],
        details: "",
        is_here: false,
    },
    Command {
        id: CommandId::Ocspsign,
        name: "ocspsign",
        about: "sign an OCSP response",
        usage: &["ocspsign -ca FILE -responder FILE -responder-key FILE -cert FILE [flags]"],
        details: "",
        is_here: true,
    },
    Command {
        id: CommandId::PrintDefaults,
        name: "print-defaults",
        about: "print a document to start from",
        usage: &["print-defaults config|csr|list"],
        details: "list prints the other two names.",
        is_here: true,
    },
    Command {
        id: CommandId::Renew,
        name: "renew",
        about: "renew certificates in place, from what they say or by a jobs document",
        usage: &["renew [flags] CERTIFICATE…|FOLDER…", "renew -jobs FILE [flags]"],
        details: "\
In a folder, every certificate is renewed that its ca.pem issued and that has its
key beside it: NAME-key.pem, or NAME.key. ca.pem, ca-key.pem and ca-config.json of
the certificate's folder are used unless flags name others. Subject, alternative
names and key stay; all else comes from the profile, which is the one whose usages
the certificate shows. With -jobs, what is missing or says something else is made
too. The exit status is 1 where anything failed.",
        is_here: true,
    },
    Command {
        id: CommandId::Revoke,
        name: "revoke",
        about: "mark a certificate of a database as revoked",
        usage: &["revoke -db-config FILE -serial NUMBER -aki HEX -reason REASON"],
        details: "",
        is_here: false,
    },
    Command {
        id: CommandId::Scan,
        name: "scan",
        about: "look at the TLS of hosts",
        usage: &["scan [flags] HOST…", "scan -list"],
        details: "",
        is_here: true,
    },
    Command {
        id: CommandId::Selfsign,
        name: "selfsign",
        about: "make a key and a certificate that it signs itself",
        usage: &["selfsign HOSTNAME CSRJSON", "selfsign -hostname HOST,… CSRJSON"],
        details: "For trying things out: nobody has a reason to trust such a certificate.",
        is_here: true,
    },
    Command {
        id: CommandId::Serve,
        name: "serve",
        about: "run the HTTP API",
        usage: &["serve [flags]"],
        details: "",
        is_here: false,
    },
    Command {
        id: CommandId::Sign,
        name: "sign",
        about: "sign a certification request",
        usage: &[
            "sign -ca FILE -ca-key FILE [flags] CSR [SUBJECT]",
            "sign -ca FILE -ca-key FILE [flags] -csr CSR [SUBJECT]",
        ],
        details: "\
CSR is PEM, - for standard input. SUBJECT is a document with CN and names that
take the place of those in the request.",
        is_here: true,
    },
    Command {
        id: CommandId::Version,
        name: "version",
        about: "print the versions",
        usage: &["version"],
        details: "",
        is_here: true,
    },
];

/// The command of this name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete() {
        assert!(COMMANDS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for (index, command) in COMMANDS.iter().enumerate() {
            assert_eq!(command.id as usize, index, "{}", command.name);
        }
        assert_eq!(find("gencert").map(|c| c.id), Some(CommandId::Gencert));
        assert!(find("help").is_none());
    }
}
