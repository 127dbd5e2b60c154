// Leaves a cookie for the second step to find, in a page that is in a frame of another site.
document.cookie = "KEYCLOAK_3P_COOKIE=supported; SameSite=None; Secure";
location.replace("step2.html");
