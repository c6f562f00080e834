"use strict";
// The page works without this. It is needed for tokens: the key that makes one must not
// leave the browser.

function bytes(hex) {
  if (!/^([0-9a-f]{2})+$/i.test(hex)) throw new Error("The key is not hexadecimal.");
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

function base64(octets) {
  return btoa(String.fromCharCode(...new Uint8Array(octets)));
}

async function token(hex, text) {
  // Browsers have no crypto.subtle on pages of other machines without TLS.
  if (!window.isSecureContext) throw new Error("Tokens need HTTPS, or a page of this machine.");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(hex), algorithm, false, ["sign"]);
  return base64(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
}

// What the server makes of the same fields.
const requests = {
  sign: (fields) => ({ certificate_request: fields.request, hostname: fields.hosts, profile: fields.profile }),
  newcert: (fields) => {
    const [algorithm, size] = fields.key.split(" ");
    return {
      request: {
        CN: fields.cn,
        hosts: fields.hosts.split(",").map((host) => host.trim()).filter((host) => host),
        key: { algo: algorithm.toLowerCase(), size: parseInt(size.replace("P-", ""), 10) },
      },
      profile: fields.profile,
    };
  },
};

// JSON as the server writes it, octet by octet: the token is over this text.
function json(object) {
  return JSON.stringify(object).replace(/[<>&\u2028\u2029]/g, (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"));
}

function shown(title, pem, file) {
  const heading = document.createElement("h3");
  heading.textContent = title;
  const text = document.createElement("pre");
  text.textContent = pem;
  const link = document.createElement("a");
  link.download = file;
  link.href = URL.createObjectURL(new Blob([pem], { type: "application/x-pem-file" }));
  link.textContent = "Save as " + file;
  return [heading, text, link];
}

function result(nodes, failed) {
  let section = document.getElementById("result");
  if (!section) {
    section = document.createElement("section");
    section.id = "result";
    section.tabIndex = -1;
    document.querySelector("h1").after(section);
  }
  section.className = failed ? "failed" : "";
  section.replaceChildren(...nodes);
  section.focus();
}

async function withToken(endpoint, fields, key) {
  const text = JSON.stringify(requests[endpoint](fields));
  const octets = new TextEncoder().encode(text);
  const answer = await fetch("/api/v1/cfssl/" + (endpoint === "sign" ? "authsign" : endpoint), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: await token(key, text), request: base64(octets) }),
  });
  if (answer.status === 404) throw new Error("This server does not offer it.");
  const envelope = await answer.json();
  if (!envelope.success) throw new Error(envelope.errors[0].message);
  const { certificate, private_key } = envelope.result;
  const key_nodes = private_key ? shown("Private key", private_key, "key.pem") : [];
  result([...key_nodes, ...shown("Certificate", certificate, "certificate.pem")], false);
}

async function submit(event) {
  const form = event.target;
  const field = form.querySelector("[data-key]");
  if (!field || !field.value) return;
  event.preventDefault();
  try {
    const fields = Object.fromEntries(new FormData(form));
    if (form.dataset.endpoint === "revoke") {
      const { serial, aki, reason } = fields;
      const text = json({ serial: serial.trim(), authority_key_id: aki.trim(), reason });
      form.elements.token.value = await token(field.value.trim(), text);
      form.submit();
    } else {
      await withToken(form.dataset.endpoint, fields, field.value.trim());
    }
  } catch (error) {
    const text = document.createElement("p");
    text.textContent = error.message;
    result([text], true);
  }
}

for (const form of document.querySelectorAll("form[data-endpoint]")) form.addEventListener("submit", submit);

// A click on a row fills in the form for its revocation.
const revocation = document.querySelector("form[data-endpoint=revoke]");
for (const row of revocation ? document.querySelectorAll("tr[data-serial]") : []) {
  row.className = "chosen";
  row.addEventListener("click", () => {
    revocation.elements.serial.value = row.dataset.serial;
    revocation.elements.aki.value = row.dataset.aki;
  });
}

const outcome = document.getElementById("result");
if (outcome) outcome.focus();
