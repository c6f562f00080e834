//! What is said of a renewal: why it is done or not, and what is wrong with a jobs
//! document.

use std::path::PathBuf;

use rcfssl_core::certinfo::rfc3339;
use rcfssl_core::record::RecordId;
use rcfssl_core::renewal::Difference;
use rcfssl_renew::jobs::{Mistake, Problem};
use rcfssl_renew::{Note, ProfileUsages, Refusal, Replaced, Revocation, Warning, Why};

use crate::hints::{self, nearest};
use crate::log::Level;

/// Why `-revoke-old` is refused.
pub const NOWHERE_TO_REVOKE: &str = "-revoke-old needs a database (-db-config) or a server that signs (-remote or the \
     profile's)";

/// Why a certificate is not made.
pub fn refusal(refusal: &Refusal) -> String {
    let shown = |path: &PathBuf| path.to_string_lossy().into_owned();
    match refusal {
        Refusal::Sentence(text) => text.clone(),
        Refusal::Trap(trap) => hints::words(trap),
        Refusal::NoCa(file) => format!("{file} is not a CA certificate"),
        Refusal::CaKeyMismatch { key, certificate } => {
            format!("the key {key} does not match the certificate {certificate}")
        }
        Refusal::CaExpired(end) => format!(
            "the CA expired at {}: renew it with gencert -renewca",
            rfc3339(*end)
        ),
        Refusal::NothingSignedHere => "no profile needs a local CA key".to_owned(),
        Refusal::NoConfiguration { profile, missing } => {
            format!(
                "profile \"{profile}\" needs a configuration: {}",
                no_file(missing)
            )
        }
        Refusal::UnknownProfile { name, known } => unknown_profile(name, known),
        Refusal::SeveralProfiles(names) => format!(
            "several profiles match its usages: {}; choose one with -profile",
            names.join(", ")
        ),
        Refusal::SeveralRemoteProfiles(names) => format!(
            "several profiles have a remote signer: {}; choose one with -profile",
            names.join(", ")
        ),
        Refusal::NoProfile { usages, known } => format!(
            "no profile matches its usages: it has {}; the configuration has {}",
            usages.join(", "),
            known.iter().map(with_usages).collect::<Vec<_>>().join("; ")
        ),
        Refusal::NoCertificate => "it contains no certificate".to_owned(),
        Refusal::OwnCa => "it is the CA's own certificate: renew it with gencert -renewca".to_owned(),
        Refusal::OtherCa => "it was issued by another CA".to_owned(),
        Refusal::OtherCaOfSameName => "it was issued by another CA with the same name".to_owned(),
        Refusal::KeyMissing(key) => format!("its key {} is missing", shown(key)),
        Refusal::KeyMismatch(key) => format!("the key {} does not match the certificate", shown(key)),
        Refusal::KeyShared(key) => format!(
            "other certificates use the same key {}, and a new key would match only one of them",
            shown(key)
        ),
        Refusal::KeyEncrypted => {
            "its key is encrypted and a new one would not be: move the old key away first".to_owned()
        }
        Refusal::KeyKind => "rcfssl does not generate keys of its type: give a request with -csr".to_owned(),
        Refusal::KeyLost => "its file also holds a private key, which would be lost".to_owned(),
        Refusal::KeyOutdated => "its file also holds its private key, which would no longer match".to_owned(),
        Refusal::CaSection => "ca section only permitted in initca".to_owned(),
        Refusal::DropsNames(names) => format!(
            "the live certificate has SANs ({}) and the request has no hosts: add them to the request, or \
             allow it with \"drop_hosts\": true",
            names.join(", ")
        ),
        Refusal::NothingToAsk => "there is neither a request document nor a certificate to renew".to_owned(),
        Refusal::NoServer => "its profile has no remote signer".to_owned(),
        Refusal::ServerSentNone(why) => format!("the server sent no certificate: {why}"),
        Refusal::ServerSentOtherKey => "the server sent a certificate for another key".to_owned(),
        Refusal::ServerSentOtherCa => {
            "the server sent a certificate that was not issued by the CA given here".to_owned()
        }
        Refusal::ServerSentExpired => "the server sent a certificate that has expired".to_owned(),
        Refusal::NowhereToRevoke => {
            "the old certificate is to be revoked, and there is neither a database nor a server that signs for \
             its profile"
                .to_owned()
        }
        Refusal::Busy { folder, process } => {
            let process = process.map_or("another process".to_owned(), |id| format!("process {id}"));
            format!("{process} is already working in {}", folder.to_string_lossy())
        }
        Refusal::Internal => "an internal error: please report it".to_owned(),
    }
}

fn unknown_profile(name: &str, known: &[String]) -> String {
    format!(
        "unknown profile \"{name}\"; valid are {}, default",
        known.join(", ")
    )
}

fn with_usages(profile: &ProfileUsages) -> String {
    let authority = if profile.is_ca { ", CA" } else { "" };
    format!("{} ({}{authority})", profile.name, profile.usages.join(", "))
}

/// That none of these files is there.
fn no_file(files: &[PathBuf]) -> String {
    let mut shown = files.iter().map(|file| file.to_string_lossy());
    let first = shown.next().unwrap_or_default();
    let others: Vec<_> = shown.collect();
    match others.is_empty() {
        true => format!("{first} does not exist"),
        false => format!("neither {first} nor {} exists", others.join(" nor ")),
    }
}

/// Why a certificate that was replaced is not revoked, if it should be.
pub fn not_revoked(revocation: &Revocation) -> Option<String> {
    match revocation {
        Revocation::Due | Revocation::Done => None,
        Revocation::NotRecorded => Some("not recorded".to_owned()),
        Revocation::CommandFailed => Some("the command failed, so it may still be in use".to_owned()),
        Revocation::Failed(why) => Some(refusal(why)),
    }
}

/// How to revoke a certificate by hand.
pub fn revoke_by_hand(replaced: &Replaced) -> String {
    let RecordId { serial, aki } = &replaced.record;
    match &replaced.database {
        Some(database) => format!(
            "`rcfssl revoke -db-config {database} -serial {serial} -aki {aki} -reason superseded` revokes it"
        ),
        None => format!(
            "to revoke it, post {{\"serial\":\"{serial}\",\"authority_key_id\":\"{aki}\",\"reason\":\"superseded\"}} to \
             /api/v1/cfssl/revoke of the server"
        ),
    }
}

/// What the owner of a certificate should know.
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::Trap(trap) => hints::words(trap),
        Warning::MoreUnknownKeys { file, more } => format!("{file}: {more} more such keys"),
        Warning::LeftOut(labels) => format!(
            "only certificates and the certificate's own key are kept in its file; removed: {}",
            labels.join(", ")
        ),
        Warning::CutToCa(end) => format!(
            "its lifetime is limited to that of the CA, which expires at {}: renew the CA with gencert -renewca",
            rfc3339(*end)
        ),
        Warning::NotRecorded(Some(database)) => {
            format!("the certificate that was replaced is not recorded in the database of {database}, so it was not revoked")
        }
        Warning::NotRecorded(None) => {
            "the certificate that was replaced is not recorded by the server that signs, so it was not revoked"
                .to_owned()
        }
        Warning::CaExpiresFirst(end) => format!(
            "the CA expires at {}, so the certificate cannot last longer: renew the CA with gencert -renewca",
            rfc3339(*end)
        ),
    }
}

/// Why a certificate is made.
pub fn why(why: Why) -> String {
    let text = match why {
        Why::Missing => "missing",
        Why::Unreadable => "unreadable",
        Why::OtherAuthority => "issued by another CA",
        Why::NoKey => "key missing",
        Why::OtherKey => "key does not match",
        Why::Ended => "expired",
        Why::Due { days: 1 } => "1 day left",
        Why::Due { days } => return format!("{days} days left"),
        Why::Changed(Difference::Subject) => "subject changed",
        Why::Changed(Difference::Hosts) => "hosts changed",
        Why::Changed(Difference::Usages) => "usages changed",
        Why::Changed(Difference::Constraint) => "CA constraint changed",
        Why::Forced => "forced",
    };
    text.to_owned()
}

/// A line of the log, or without a level a hint.
pub fn note(note: &Note) -> (Option<Level>, String) {
    let about = |folder: &PathBuf, text: &str| format!("{}: {text}", folder.to_string_lossy());
    match note {
        Note::BuiltinProfile {
            organization,
            missing,
        } => {
            let missing = no_file(missing);
            let text = format!(
                "organization \"{organization}\": there is no configuration, so the built-in default profile is used: {missing}"
            );
            (None, text)
        }
        Note::Completed(folder) => (Some(Level::Info), about(folder, "completed an interrupted run")),
        Note::Discarded(folder) => (
            Some(Level::Info),
            about(folder, "removed the temporary files of an interrupted run"),
        ),
        Note::Interrupted(folder) => (
            Some(Level::Warning),
            about(
                folder,
                "a run was interrupted here; the next one without -dry-run completes it first",
            ),
        ),
    }
}

/// What is wrong with a jobs document, and where in it.
pub fn problem(problem: &Problem) -> String {
    let mut parts = Vec::new();
    if !problem.organization.is_empty() {
        parts.push(format!("organization \"{}\"", problem.organization));
    }
    let certificate = problem.certificate.iter();
    parts.extend(certificate.map(|name| format!("certificate \"{name}\"")));
    if !problem.field.is_empty() {
        parts.push(problem.field.to_owned());
    }
    let what = mistake(&problem.what);
    match parts.is_empty() {
        true => what,
        false => format!("{}: {what}", parts.join(", ")),
    }
}

fn mistake(mistake: &Mistake) -> String {
    match mistake {
        Mistake::Missing => "is missing".to_owned(),
        Mistake::Empty => "is empty".to_owned(),
        Mistake::MissingOrEmpty => "is missing or empty".to_owned(),
        Mistake::Negative => "must not be negative".to_owned(),
        Mistake::Sentence(text) => text.clone(),
        Mistake::Kind { wanted, found } => format!("must be {wanted}, not {found}"),
        Mistake::UnknownKey { key, known } => {
            let nearest = nearest(key, known.iter().copied());
            let nearest = nearest.map_or(String::new(), |nearest| format!("; did you mean \"{nearest}\"?"));
            format!("unknown key \"{key}\"{nearest}")
        }
        Mistake::UnknownProfile { name, known } => unknown_profile(name, known),
        Mistake::NowhereToRevoke => "needs db_config, or a server that signs for the profile".to_owned(),
        Mistake::NotAName => "must name a file that is not hidden".to_owned(),
        Mistake::Overwrites(file) => format!("would overwrite {}", file.to_string_lossy()),
        Mistake::SameFile { file, other } => {
            format!("writes the same file {} as \"{other}\"", file.to_string_lossy())
        }
    }
}
