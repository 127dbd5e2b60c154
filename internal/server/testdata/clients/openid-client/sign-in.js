// Signs people in by openid-client. It prints the addresses that they have to open, and reads where they were sent.
// usage: node sign-in.js ISSUER
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline/promises';
import * as client from 'openid-client';

const [issuer] = process.argv.slice(2);
const redirect_uri = 'https://pier.example/callback';
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function visit(address) {
  console.log(String(address));
  const { value } = await lines.next();
  return new URL(value);
}

const config = await client.discovery(new URL(issuer), 'pier', 'pier-secret');
assert.equal(config.serverMetadata().issuer, issuer);
assert.ok(config.serverMetadata().supportsPKCE());

// request is an authorization request, with what its answer is checked by.
async function request() {
  const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const parameters = {
    redirect_uri, scope: 'openid email', state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: 'S256',
  };
  return { checks, parameters };
}

// Code flow, userinfo, refresh, exchange.
const { checks, parameters } = await request();
const tokens = await client.authorizationCodeGrant(config, await visit(client.buildAuthorizationUrl(config, parameters)), checks);
const { sub, aud } = tokens.claims();
assert.equal(aud, 'pier');
assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).email, 'alice@example.org');
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, 'somebody-else'));
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(refreshed.access_token, tokens.access_token);
assert.equal(refreshed.claims().sub, sub);
const exchanged = await client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
  subject_token: refreshed.access_token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
});
assert.equal((await client.fetchUserInfo(config, exchanged.access_token, sub)).sub, sub);

// What it must refuse: answers to other requests.
for (const wrong of ['expectedState', 'expectedNonce', 'pkceCodeVerifier']) {
  const { checks, parameters } = await request();
  const answer = await visit(client.buildAuthorizationUrl(config, parameters));
  checks[wrong] = client.randomPKCECodeVerifier();
  await assert.rejects(client.authorizationCodeGrant(config, answer, checks), wrong);
}

// Pushed requests.
const pushed = await request();
const address = await client.buildAuthorizationUrlWithPAR(config, pushed.parameters);
assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);
assert.equal((await client.authorizationCodeGrant(config, await visit(address), pushed.checks)).claims().sub, sub);

// Signed answers (JARM).
const signed = await client.discovery(new URL(issuer), 'pier', 'pier-secret');
client.useJwtResponseMode(signed);
const jarm = await request();
assert.equal((await client.authorizationCodeGrant(signed, await visit(client.buildAuthorizationUrl(signed, jarm.parameters)), jarm.checks)).claims().sub, sub);

// Devices.
const verifier = client.randomPKCECodeVerifier();
const waiting = await client.initiateDeviceAuthorization(config, {
  scope: 'openid', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
});
await visit(waiting.verification_uri_complete);
assert.equal((await client.pollDeviceAuthorizationGrant(config, waiting, { code_verifier: verifier })).claims().sub, sub);

// Revocation and logout.
await client.tokenRevocation(config, refreshed.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_grant' });
const goodbye = 'https://pier.example/goodbye';
const away = await visit(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state: 'bye' }));
assert.equal(away.href, goodbye + '?state=bye');
const none = await request();
const refused = await visit(client.buildAuthorizationUrl(config, { ...none.parameters, prompt: 'none' }));
await assert.rejects(client.authorizationCodeGrant(config, refused, none.checks), { error: 'login_required' });
process.exit(0);
