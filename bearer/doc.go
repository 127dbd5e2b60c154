// Package bearer protects HTTP services by OAuth 2.0 access tokens: it proves a token, that it was issued for this
// service, and that who sends it may have it.
//
//	v, err := bearer.NewVerifier(ctx, "https://id.example/realms/shop")
//	…
//	mux.Handle("GET /orders", v.Require("orders", "orders:read")(orders))
//
// The handler finds who calls by FromContext. A service names its audience each time it asks for a token to be verified:
// nothing in this package takes a token without knowing whom it has to be for. (Signed is for those who take ID and logout tokens.)
//
// It works with Tokenhouse, with Keycloak, and with any issuer that has a discovery document and signs its access tokens.
// It imports the standard library, go-jose for keys and signatures, and nothing else.
//
// # What is checked
//
//   - The spelling: three parts of canonical base64url, JSON objects without a name that comes twice, no critical header
//     parameters, at most Config.MaxSize bytes.
//   - The signature, by a key of the issuer's key set. The key decides which algorithm it is used with: "none", MACs and
//     an algorithm of another kind of key never pass.
//   - The claim "iss", which is the issuer's URL to the letter, and the times: "exp" and "iat" are required, "nbf" is not.
//   - That it is an access token: header "typ" at+jwt (RFC 9068), or claim "typ" Bearer or DPoP as Keycloak writes it. ID,
//     refresh and logout tokens are refused.
//   - That "aud" holds the audience, and "scope" each of the scopes.
//   - What binds it to its holder: a DPoP proof by the key of cnf.jkt (RFC 9449), the TLS client certificate of
//     cnf.x5t#S256 (RFC 8705). What is bound in another way is refused.
//
// # What is not checked
//
//   - That the token was not revoked since it was issued, its session ended, or its user disabled, unless
//     Config.Introspection asks the issuer. Without it such a token is good until it expires.
//   - Roles, groups, "acr", "act" and "exchange_path": Claims tells them, what they mean is for the service to say.
//   - That it is still good later, while a long request goes on: a token is looked at when a request begins.
//   - The claim "jti", which access tokens may carry many times; and "azp", the client that the token was issued to: all
//     clients of the issuer are the same to this package.
//
// A signature is checked once per token: the last ones that were verified are remembered by their SHA-256, until the key that signed
// them is withdrawn. All else is checked on each request.
//
// # When the issuer cannot be reached
//
// Keys are fetched when they are needed: first by NewVerifier, again when a token names a key that is not among them, and before
// they are older than Keys.MaxAge, so that a key that the issuer withdrew is not believed for longer. Callers share one fetch. Made-up
// names of keys do not flood the issuer: see Keys.MinInterval. If a fetch fails, the keys stay good until they are older than
// Keys.MaxStale; from then on, and where introspection fails, requests are answered with 503, and so are those meanwhile whose token
// names none of these keys.
//
// NewVerifier returns an error for what waiting does not mend, such as a discovery document of another issuer. If the
// issuer cannot be reached at all it returns a Verifier that answers 503 until it can; Ready tells which it is.
package bearer
