// Asks the browser for a passkey, and sends what it answers with the page's form. Options are in the
// form's data-options as JSON, with binary values as base64url.
(() => {
  "use strict";

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => buffer
    ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")
    : "";
  const named = (ids) => ids.map((id) => ({ type: "public-key", id: bytes(id) }));

  const send = (form, fields) => {
    for (const [name, value] of Object.entries(fields)) {
      form.elements[name].value = value;
    }
    form.submit();
  };
  const fail = (form, error) => send(form, { error: String(error && error.message || error) });

  const assertion = (form, credential) => send(form, {
    clientDataJSON: text(credential.response.clientDataJSON),
    authenticatorData: text(credential.response.authenticatorData),
    signature: text(credential.response.signature),
    credentialId: credential.id,
    userHandle: text(credential.response.userHandle),
  });

  const request = (options) => ({
    ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials || []),
  });

  const get = (form, options) => navigator.credentials.get({ publicKey: request(options) })
    .then((credential) => assertion(form, credential), (error) => fail(form, error));

  const create = (form, options) => navigator.credentials.create({ publicKey: {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials || []),
  } }).then((credential) => send(form, {
    clientDataJSON: text(credential.response.clientDataJSON),
    attestationObject: text(credential.response.attestationObject),
    publicKeyCredentialId: credential.id,
    transports: (credential.response.getTransports ? credential.response.getTransports() : []).join(","),
  }), (error) => fail(form, error));

  // In the list of the name field, where the browser can; nobody asked, so nothing is sent if it fails.
  const offer = async (form, options) => {
    if (!window.PublicKeyCredential || !PublicKeyCredential.isConditionalMediationAvailable ||
        !await PublicKeyCredential.isConditionalMediationAvailable()) {
      return;
    }
    navigator.credentials.get({ publicKey: request(options), mediation: "conditional" })
      .then((credential) => assertion(form, credential), () => {});
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const options = JSON.parse(form.dataset.options);
    if (form.dataset.passkey === "offer") {
      offer(form, options);
      continue;
    }
    form.querySelector("button[type=button]").addEventListener("click", () => {
      if (!window.PublicKeyCredential) {
        fail(form, "WebAuthn is not supported by this browser.");
        return;
      }
      (form.dataset.passkey === "create" ? create : get)(form, options);
    });
  }
})();
