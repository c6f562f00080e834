//! Unusual arguments and names.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use rcfssl_tests::Workplace;
use rcfssl_tests::workplace::Step;

use crate::{names, place, run};

/// A name with bytes that are not UTF-8.
fn odd(name: &str) -> OsString {
    OsStr::from_bytes(&[b"\xff\xc3(", name.as_bytes()].concat()).to_owned()
}

fn call(place: &Workplace, program: &str, arguments: &[&OsStr]) -> Step {
    let mut command = place.command(place.aside().join("bin").join(program));
    let step = Step::from(command.args(arguments).output().unwrap());
    assert!(!step.err().contains("panicked"), "{arguments:?}: {}", step.err());
    assert!(step.status < 128, "{arguments:?}: {}", step.err());
    step
}

#[test]
fn file_names_need_not_be_utf_8() {
    let place = place();
    fs::rename(place.join("in.json"), place.join(odd("in.json"))).unwrap();
    let file = odd("in.json");
    let step = call(
        &place,
        "rcfssljson",
        &["-bare".as_ref(), "-f".as_ref(), &file, &odd("x")],
    );
    step.ok().unwrap();
    assert_eq!(fs::read(place.join(odd("x.pem"))).unwrap(), b"new cert");
    fs::write(place.join(odd("x.json")), r#"{"CN":"x"}"#).unwrap();
    call(&place, "rcfssl", &["genkey".as_ref(), &odd("x.json")])
        .ok()
        .unwrap();
    let mut flag = OsString::from("-ca-key=");
    flag.push(odd("key.pem"));
    let made = call(
        &place,
        "rcfssl",
        &["gencert".as_ref(), "-initca".as_ref(), &odd("x.json")],
    )
    .ok()
    .unwrap();
    fs::write(place.join("made"), made.stdout).unwrap();
    run(&place, "rcfssljson -bare -f made made").ok().unwrap();
    fs::rename(place.join("made-key.pem"), place.join(odd("key.pem"))).unwrap();
    let ca = OsStr::new("-ca=made.pem");
    call(&place, "rcfssl", &["gencert".as_ref(), ca, &flag, &odd("x.json")])
        .ok()
        .unwrap();
}

#[test]
fn arguments_that_are_not_utf_8_cause_no_panic() {
    let place = place();
    place.write("x.json", r#"{"CN":"x"}"#).unwrap();
    let with = |head: &str| {
        let mut argument = OsString::from(head);
        argument.push(odd(""));
        argument
    };
    let calls: [(&str, Vec<OsString>, i32); 6] = [
        ("rcfssl", vec![odd("")], 1),
        ("rcfssl", vec!["genkey".into(), with("-")], 2),
        ("rcfssl", vec!["genkey".into(), with("-initca=")], 2),
        ("rcfssl", vec!["genkey".into(), odd("nothing.json")], 1),
        ("rcfssljson", vec![with("-")], 2),
        ("rcfssljson", vec!["-f".into(), odd("nothing")], 1),
    ];
    for (program, arguments, status) in calls {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
        let step = call(&place, program, &arguments);
        assert_eq!(step.status, status, "{arguments:?}: {}", step.err());
        assert!(!step.stderr.is_empty(), "{arguments:?}");
    }
    for flag in ["-hostname=", "-cn=", "-profile=", "-label="] {
        let arguments = ["gencert".into(), "-initca".into(), with(flag), "x.json".into()];
        call(&place, "rcfssl", &arguments.each_ref().map(OsString::as_os_str));
    }
}

/// The maximum length in the system: 255 bytes.
#[test]
fn a_long_name_is_written_as_long_as_the_system_allows() {
    let place = place();
    let base = "x".repeat(255 - "-key.pem".len());
    run(&place, &format!("rcfssljson -bare {base} < in.json"))
        .ok()
        .unwrap();
    assert_eq!(place.read(&format!("{base}-key.pem")).unwrap(), "new key");
    let step = run(&place, &format!("rcfssljson -bare {base}y < in.json"));
    assert_eq!(
        (step.status, step.err()),
        (1, format!("open {base}y-key.pem: file name too long\n"))
    );
}

/// cfssljson ignores flags after the base name and writes, even with `-stdout`.
#[test]
fn a_flag_after_the_base_name_is_refused_before_anything_is_written() {
    let place = place();
    for (line, flag) in [
        ("rcfssljson -bare x -stdout < in.json", "-stdout"),
        ("rcfssljson -bare x y --f=in.json < in.json", "--f=in.json"),
        ("rcfssljson -bare -- -x < in.json", "-x"),
    ] {
        let step = run(&place, line);
        assert_eq!((step.status, step.out().as_str()), (1, ""), "{line}");
        let told = format!("{flag} is not read as a flag here: flags come before all other arguments");
        assert!(step.err().starts_with(&told), "{line}: {}", step.err());
        assert_eq!(names(&place), ["in.json"], "{line}");
    }
    run(&place, "rcfssljson -bare x - < in.json").ok().unwrap();
}
