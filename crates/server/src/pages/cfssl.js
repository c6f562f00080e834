"use strict";

async function call(endpoint, body) {
  const answer = await fetch("/api/v1/cfssl/" + endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status === 404) throw new Error("This server does not offer " + endpoint + ".");
  const envelope = await answer.json();
  if (!envelope.success) throw new Error(envelope.errors[0].message);
  return envelope.result;
}

function fact(term, text) {
  const list = document.getElementById("facts");
  const dt = document.createElement("dt");
  const dd = document.createElement("dd");
  dt.textContent = term;
  dd.textContent = text;
  list.append(dt, dd);
}

async function fingerprint(pem) {
  const der = Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (c) => c.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return Array.from(digest, (octet) => octet.toString(16).padStart(2, "0").toUpperCase()).join(":");
}

async function showAuthority() {
  const { certificate } = await call("info", { label: "" });
  const shown = await call("certinfo", { certificate });
  fact("Name", (shown.subject.names || []).join(", "));
  fact("Expires", shown.not_after);
  fact("Serial number", shown.serial_number);
  // Browsers compute digests only on pages that came over TLS or from this machine.
  if (window.isSecureContext) fact("SHA-256 fingerprint", await fingerprint(certificate));
  const url = URL.createObjectURL(new Blob([certificate + "\n"], { type: "application/x-pem-file" }));
  document.getElementById("download").href = url;
  document.getElementById("authority").hidden = false;
}

function onSubmit(form, output, work) {
  document.getElementById(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = document.getElementById(output);
    shown.className = "";
    shown.textContent = "…";
    try {
      const fields = Object.fromEntries(new FormData(event.target));
      for (const name in fields) if (fields[name] === "") delete fields[name];
      shown.textContent = await work(fields);
    } catch (error) {
      shown.className = "failed";
      shown.textContent = error.message;
    }
  });
}

onSubmit("sign", "signed", async (fields) => (await call("sign", fields)).certificate);
onSubmit("show", "shown", async (fields) => {
  const { pem, ...shown } = await call("certinfo", fields);
  return JSON.stringify(shown, null, 2);
});
showAuthority().catch(() => {});
