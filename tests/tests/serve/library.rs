//! The client library `cfssl` of PyPI, unchanged.

use rcfssl_tests::{Result, ensure, repository, skip};

use crate::{start, with_ca};

const PROGRAM: &str = r#"
import sys
import cfssl
from cfssl.exceptions import CFSSLRemoteException

client = cfssl.cfssl.CFSSL("127.0.0.1", int(sys.argv[1]), ssl=False)
subject = cfssl.SubjectInfo("Org", "Unit", "City", "State", "US")
key = cfssl.ConfigKey(algorithm="ecdsa", strength=256)
host = cfssl.Host("x.test", "x.test")
assert "BEGIN CERTIFICATE" in client.info("")["certificate"]
made = client.new_key([host], [subject], "x.test", key)
assert "PRIVATE KEY" in made["private_key"]
signed = client.sign(made["certificate_request"], hosts=[host])
assert "BEGIN CERTIFICATE" in str(signed)
request = cfssl.CertificateRequest(common_name="y.test", names=[subject], hosts=[host], key=key)
made = client.new_cert(request)
open("leaf.pem", "w").write(made["certificate"])
assert "PRIVATE KEY" in made["private_key"]
assert "BEGIN CERTIFICATE" in client.init_ca(request)["certificate"]
assert "Connectivity" in client.scan_info()
info = client.call("certinfo", "POST", data={"certificate": made["certificate"]})
assert info["subject"]["common_name"] == "y.test", info
client.revoke(info["serial_number"], info["authority_key_id"].replace(":", "").lower(), "superseded")
try:
    client.revoke("1", "00", "superseded")
    raise SystemExit("a certificate that is not there was revoked")
except CFSSLRemoteException as refusal:
    assert "not found" in str(refusal), refusal
"#;

#[test]
fn the_library_of_pypi_is_served() -> Result<()> {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), Into::into);
    let python = repository().join(folder).join("clients/bin/python");
    if !python.exists() {
        return skip::skipped("tests/run.sh has not installed the library");
    }
    let place = with_ca()?;
    place.write("db.json", r#"{"driver":"sqlite3","data_source":"certs.db"}"#)?;
    place.shell("cfssl db create -db-config db.json")?.ok()?;
    let server = start(&place, &["-db-config", "db.json"])?;
    place.write("program.py", PROGRAM)?;
    let line = format!(
        "{} program.py {} && openssl verify -CAfile ca.pem leaf.pem",
        python.display(),
        server.address.port()
    );
    let step = place.shell(&line)?;
    ensure!(step.status == 0, "{} {}", step.err(), server.log()?);
    Ok(())
}
