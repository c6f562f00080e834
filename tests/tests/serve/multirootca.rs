//! `rcfssl multirootca`: the same as a link of that name.

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Result, Workplace, ensure};

use crate::with_ca;

fn place() -> Result<Workplace> {
    let place = with_ca()?;
    place.write(
        "config.json",
        r#"{"auth_keys":{"k":{"type":"standard","key":"0011"}},
            "signing":{"default":{"usages":["server auth"],"expiry":"1h","auth_key":"k"}}}"#,
    )?;
    place.write(
        "roots",
        "[first]\nprivate = file://ca-key.pem\ncertificate = ca.pem\nconfig = config.json\n",
    )?;
    Ok(place)
}

#[test]
fn the_command_and_the_link_do_the_same() -> Result<()> {
    let place = place()?;
    for line in [
        "exec cfssl multirootca -a 127.0.0.1:$PORT -roots roots -l first",
        "ln -sf $(readlink -f $(command -v cfssl)) multirootca; exec ./multirootca -a 127.0.0.1:$PORT -roots roots -l first",
    ] {
        let mut server = Served::start_line(&place, line)?;
        let info = server.post("info", "{}")?;
        ensure!(
            info.status == 200 && info.body.contains("BEGIN CERTIFICATE"),
            "{info:?}"
        );
        ensure!(server.log()?.contains("[INFO] loaded signer first"));
        server.signal("TERM")?;
        ensure!(server.wait()?.code() == Some(0));
    }
    Ok(())
}

#[test]
fn errors_end_with_1_and_wrong_flags_with_2() -> Result<()> {
    let place = place()?;
    let step = place.call("cfssl multirootca")?;
    ensure!(
        step.status == 1 && step.err().contains("[FATAL] no root file specified"),
        "{step:?}"
    );
    let step = place.call("cfssl multirootca -rots roots")?;
    ensure!(step.status == 2 && step.err().contains("-roots"), "{step:?}");
    let step = place.call("cfssl help multirootca")?;
    ensure!(
        step.status == 0 && step.out().contains("rcfssl multirootca -roots FILE"),
        "{step:?}"
    );
    Ok(())
}

#[test]
fn a_reload_takes_a_new_root_or_keeps_the_old_ones() -> Result<()> {
    let place = place()?;
    let server = Served::start_line(&place, "exec cfssl multirootca -a 127.0.0.1:$PORT -roots roots")?;
    let asks = |label: &str| {
        server
            .post("info", &format!(r#"{{"label":"{label}"}}"#))
            .map(|answer| answer.status)
    };
    ensure!((asks("first")?, asks("second")?) == (200, 400));
    let both = place.read("roots")? + &place.read("roots")?.replace("first", "second");
    place.write("roots", format!("{both}[third]\nprivate = file://nowhere\n"))?;
    server.signal("HUP")?;
    server.logs("[ERROR] reload failed, nothing has changed: ")?;
    ensure!((asks("first")?, asks("second")?) == (200, 400));
    place.write("roots", both)?;
    server.signal("HUP")?;
    server.logs("reload complete")?;
    ensure!((asks("first")?, asks("second")?) == (200, 200));
    Ok(())
}
