//! The description of an OCSP response (RFC 6960, 4.2.1), as a JSON string in base64.

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::clock::{Clock, Time};
use super::der::{Element, tag};
use super::{Baseline, pem};

/// A response; `None` for text that does not contain one.
pub fn response(baseline: &Baseline<'_>, base64: &str) -> Option<Value> {
    view(baseline, &pem::decode(base64)?).ok()
}

/// The signed part: a BasicOCSPResponse.
///
/// # Errors
/// For anything other than a successful response in strict DER.
pub fn basic(der: &[u8]) -> Result<Element<'_>> {
    let [_, bytes] = Element::whole(der)?.fields()?;
    let [bytes] = bytes.fields()?;
    let [_, octets] = bytes.fields()?;
    Element::whole(octets.value)
}

fn view(baseline: &Baseline<'_>, der: &[u8]) -> Result<Value> {
    let [status, _] = Element::whole(der)?.fields()?;
    let parts = basic(der)?.children()?;
    let [data, algorithm, _] = *parts.first_chunk().context("too few fields")?;
    let [responder, produced, responses] = data.fields()?;
    ensure!(data.children()?.len() == 3, "more than three fields");
    let responses: Vec<Value> = responses
        .children()?
        .iter()
        .map(|single| single_response(baseline, single))
        .collect::<Result<_>>()?;
    let certificates = parts.get(3).map(|field| HEXLOWER.encode(field.bytes));
    Ok(json!({
        "what": "ocsp",
        "status": HEXLOWER.encode(status.bytes),
        "responder": HEXLOWER.encode(responder.bytes),
        "produced-at": since(baseline.clock, &produced, 60)?,
        "responses": responses,
        "signature-algorithm": HEXLOWER.encode(algorithm.bytes),
        "certificates": certificates,
    }))
}

fn single_response(baseline: &Baseline<'_>, single: &Element<'_>) -> Result<Value> {
    let parts = single.children()?;
    let [id, status, this_update] = parts.first_chunk().context("too few fields")?;
    let [algorithm, name, key, serial] = id.fields()?;
    let status = match status.children() {
        // [1]: revoked, with a time and an optional reason.
        Ok(revoked) if status.tag == 0xA1 => {
            let time = revoked.first().context("no time of revocation")?;
            let reason: Vec<String> = revoked[1..]
                .iter()
                .map(|part| HEXLOWER.encode(part.bytes))
                .collect();
            json!([when(baseline.clock, time)?, reason])
        }
        _ => json!(HEXLOWER.encode(status.bytes)),
    };
    let next = parts.get(3).filter(|part| part.tag == tag::CONTEXT_0);
    let next = next
        .map(|part| end(baseline.clock, &part.fields::<1>()?[0], this_update))
        .transpose()?;
    let known = baseline.serials.contains(serial.value);
    let id = [algorithm, name, key]
        .map(|part| HEXLOWER.encode(part.bytes))
        .concat();
    Ok(json!({
        "cert-id": id,
        "serial": if known { HEXLOWER.encode(serial.value) } else { "new".to_owned() },
        "status": status,
        "this-update": since(baseline.clock, this_update, 3600)?,
        "next-update": next,
        "fields": parts.len(),
    }))
}

/// The number of intervals of this length since the one in which the case started or ended.
fn since(clock: Clock, element: &Element<'_>, step: i64) -> Result<String> {
    let time = Time::read(element)?;
    ensure!(
        time.seconds % step == 0,
        "{} is no multiple of {step} s",
        time.text()?
    );
    let steps = |now: f64| time.seconds.div_euclid(step) - (now as i64).div_euclid(step);
    let (early, late) = (steps(clock.started), steps(clock.ended));
    Ok(if early == late {
        format!("{early:+}")
    } else {
        format!("{early:+}|{late:+}")
    })
}

/// A nextUpdate: on the hour, like thisUpdate, or this many seconds after it.
fn end(clock: Clock, next: &Element<'_>, this: &Element<'_>) -> Result<String> {
    let seconds = Time::read(next)?.seconds - Time::read(this)?.seconds;
    match seconds % 3600 {
        0 => since(clock, next, 3600),
        _ => Ok(format!("this-update {seconds:+} s")),
    }
}

/// A time that a flag fixes, or now.
fn when(clock: Clock, element: &Element<'_>) -> Result<String> {
    let time = Time::read(element)?;
    let now = clock.started as i64 - 1..=clock.ended as i64 + 1;
    Ok(if now.contains(&time.seconds) {
        "now".to_owned()
    } else {
        time.text()?
    })
}
