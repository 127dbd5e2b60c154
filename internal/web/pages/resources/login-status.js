// Tells the page that has this one in a frame whether its user is still signed in (OpenID Connect Session
// Management 1.0 §3.2): it sends "client_id session_state", and is told "unchanged", "changed" or "error".
(() => {
  "use strict";

  const allowed = new Map(); // "client_id origin" → promise of whether the origin may ask

  const allows = (client, origin) => {
    const key = client + " " + origin;
    if (!allowed.has(key)) {
      const query = new URLSearchParams({ client_id: client, origin });
      allowed.set(key, fetch(location.pathname + "/init?" + query).then((answer) => answer.status === 204));
    }
    return allowed.get(key);
  };

  const session = () => {
    for (const pair of document.cookie.split("; ")) {
      if (pair.startsWith("KEYCLOAK_SESSION=")) {
        return pair.slice("KEYCLOAK_SESSION=".length).replace(/^"|"$/g, "");
      }
    }
    return "";
  };

  const hash = async (text) => {
    const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return btoa(String.fromCharCode(...new Uint8Array(sum))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const check = async (client, origin, state) => {
    if (!await allows(client, origin)) {
      return "error";
    }
    const now = session();
    if (state === "" || now === "") {
      return state === "" && now === "" ? "unchanged" : "changed";
    }
    return await hash(state) === now ? "unchanged" : "changed";
  };

  addEventListener("message", async (event) => {
    if (typeof event.data !== "string" || !event.data.includes(" ")) {
      return;
    }
    const end = event.data.lastIndexOf(" ");
    let result = "error";
    try {
      result = await check(event.data.slice(0, end), event.origin, event.data.slice(end + 1));
    } catch {
      // Without the server or without cryptography there is no telling.
    }
    event.source.postMessage(result, event.origin);
  });
})();
