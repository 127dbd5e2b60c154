// Tells the page around this one whether browsers keep our cookies within it, and takes the cookie away.
(() => {
  "use strict";
  const kept = document.cookie.split("; ").includes("KEYCLOAK_3P_COOKIE=supported");
  document.cookie = "KEYCLOAK_3P_COOKIE=; SameSite=None; Secure; Max-Age=0";
  parent.postMessage(kept ? "supported" : "unsupported", "*");
})();
