// What the three services share: how a token is proven, how it is exchanged, how the next service is asked, and how each tells
// what its token said.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const issuer = process.env.ISSUER ?? 'http://localhost:8080/realms/shop';
const keys = createRemoteJWKSet(new URL(issuer + '/protocol/openid-connect/certs'));

// Refusal is an answer that is no success.
class Refusal extends Error {
  constructor(status, error, description) {
    super(description);
    Object.assign(this, { status, error });
  }
}

// prove gives the claims of the token of a request: signed by the issuer, not expired, an access token, for this audience, with the
// scope. Whether it was revoked since is not asked.
async function prove(request, audience, scope) {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (!token) {
    throw new Refusal(401, undefined, 'no token');
  }
  const claims = await verified(token, audience);
  if (claims.typ !== 'Bearer' || claims.cnf) { // ID and refresh tokens are for others, and nobody here asks for the proof of a bound one
    throw new Refusal(401, 'invalid_token', 'Invalid token type');
  }
  if (scope && !(claims.scope ?? '').split(' ').includes(scope)) {
    throw new Refusal(403, 'insufficient_scope', 'Insufficient scope');
  }
  return { token, claims };
}

// tokens are the codes of errors that are a token's fault.
const tokens = /^ERR_(JWT_|JWS_|JOSE_ALG_NOT_ALLOWED|JWKS_NO_MATCHING_KEY)/;

async function verified(token, audience) {
  try {
    return (await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'], requiredClaims: ['exp', 'iat'] })).payload;
  } catch (reason) {
    if (!tokens.test(reason.code)) {
      console.error(`ERROR the issuer's keys cannot be had: ${reason.message}`);
      throw new Refusal(503, 'temporarily_unavailable', 'The issuer cannot be reached');
    }
    if (reason.claim === 'aud') {
      console.warn(`WARN access token refused: aud is ${JSON.stringify(reason.payload.aud)}, expected ${audience}`);
      throw new Refusal(401, 'invalid_token', 'Invalid audience');
    }
    console.warn(`WARN access token refused: ${reason.code}`);
    throw new Refusal(401, 'invalid_token', 'Invalid token');
  }
}

// exchange gives a token of the same user for another service, with a scope if there is one. Who calls often keeps tokens until
// they expire.
async function exchange(client, { token, audience, scope }) {
  const secret = process.env.CLIENT_SECRET ?? client + '-secret';
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience,
    ...scope && { scope },
  });
  const answer = await fetch(issuer + '/protocol/openid-connect/token', {
    method: 'POST', body, headers: { Authorization: 'Basic ' + btoa(`${client}:${secret}`) }, redirect: 'error',
  });
  const said = await answer.json();
  if (ended(said)) {
    throw new Refusal(401, 'invalid_token', 'The token ended before its time');
  }
  if (!answer.ok) {
    throw new Error(`${said.error}: ${said.error_description}`);
  }
  return said.access_token;
}

// ended tells whether the token that was to be exchanged is good no more, as after a sign-out.
const ended = ({ error, error_description: text }) => ['invalid_token', 'invalid_grant'].includes(error) || error === 'invalid_request' && text === 'Invalid token';

// ask asks another service, for the user whose token it is.
export async function ask(address, { from, ...wanted }) {
  try {
    const answer = await fetch(address, { headers: { Authorization: 'Bearer ' + await exchange(from, wanted) }, redirect: 'error' });
    if (!answer.ok) {
      throw new Error(`${address} answers ${answer.status}`);
    }
    return await answer.json();
  } catch (reason) {
    if (reason instanceof Refusal) {
      throw reason;
    }
    console.error(`ERROR the next service cannot be asked: ${reason.message}`);
    throw new Refusal(502, 'the next service cannot be asked');
  }
}

// stop is what a token said at the service that it was for.
const stop = (at, claims) => ({
  at, user: claims.sub, aud: [claims.aud].flat(), client: claims.azp, path: (claims.exchange_path ?? []).map((hop) => hop.client),
});

// serve answers GET of one path at a port of this machine, or where LISTEN says.
export function serve({ name, port, path, scope, headers = {} }, handle) {
  const server = createServer(async (request, response) => {
    const send = (status, body, more = {}) => response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers, ...more })
      .end(body && JSON.stringify(body));
    try {
      if (request.method === 'OPTIONS') { // browsers ask before they send a token
        return send(204);
      }
      if (request.method !== 'GET' || request.url !== path) {
        return send(404);
      }
      const { token, claims } = await prove(request, name, scope);
      const answer = await handle({ token, claims });
      send(200, { ...answer, trail: [stop(name, claims), ...answer.trail ?? []] });
    } catch (reason) {
      refuse(send, reason, scope);
    }
  });
  const [host, at] = (process.env.LISTEN ?? `127.0.0.1:${port}`).split(':');
  server.on('error', (reason) => { // the address is taken, most likely
    console.error(`ERROR ${reason.message}`);
    process.exit(1);
  });
  server.listen(Number(at), host || '0.0.0.0', () => console.log(`INFO listening address=${host}:${at}`));
}

// refuse answers as RFC 6750 §3 has it.
function refuse(send, reason, scope) {
  if (!(reason instanceof Refusal)) {
    console.error(reason);
    return send(500);
  }
  const { status, error, message } = reason;
  const about = [error && `error="${error}"`, error && `error_description="${message}"`, scope && `scope="${scope}"`].filter(Boolean).join(', ');
  const challenge = status === 401 || error === 'insufficient_scope' ? { 'WWW-Authenticate': `Bearer ${about}`.trim() } : {};
  send(status, error && { error, error_description: message }, challenge);
}

export const forbidden = (why) => new Refusal(403, why);
