package authorize

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Requests checks what clients sign. It is a *verify.Verifier.
type Requests interface {
	// SignedByClient checks the signature of a compact JWS with the client's own keys.
	SignedByClient(ctx context.Context, c *realm.Client, at verify.At, compact string) error
}

// Pushes are pushed authorization requests.
type Pushes interface {
	AddPushed(ctx context.Context, realmKey, uri, clientKey, request string, until time.Time) error
	// TakePushed is fault.ErrNotFound where there is none of the client's, or not any more.
	TakePushed(ctx context.Context, realmKey, uri, clientKey string) (request string, err error)
}

// pushedURI is how the URIs of pushed requests begin (RFC 9126 §2.2).
const pushedURI = "urn:ietf:params:oauth:request_uri:"

// errRequest refuses a request that is, or points to, no request object that counts.
var errRequest = onPage("invalid_request", "invalidRequestMessage")

// unfold puts the parameters of a request object, or of a pushed request, in the place of those beside it
// (RFC 9101 §6.3).
func (a *Authorizer) unfold(ctx context.Context, at verify.At, q *checking, in parameters) (out parameters, err error) {
	c := q.client
	q.sent = in
	object, uri := in.get("request"), in.get("request_uri")
	switch {
	case object != nil && uri != nil, (object != nil || uri != nil) && in.repeated():
		return nil, errRequest
	case uri != nil && references(*uri):
		return in, nil // refused by a rule, once it is known where to say so
	case uri != nil:
		return a.takePushed(ctx, at, c, *uri)
	case !allowsBy(c.SignIn.RequestRequired, object != nil, false):
		return nil, errRequest
	case object == nil:
		return in, nil
	}
	return a.readObject(ctx, at, q, *object)
}

// sameType asks that the response type beside a request object is the one in it.
func sameType(c *checking) *refusal {
	if c.beside != nil && *c.beside != c.in.text("response_type") {
		return invalidRequest("Parameter response_type does not match")
	}
	return nil
}

// allowsBy tells whether a client's setting for request objects lets a request come the way it came.
func allowsBy(required string, byValue, byURI bool) bool {
	switch required {
	case "request or request_uri":
		return byValue || byURI
	case "request only":
		return byValue
	case "request_uri only":
		return byURI
	}
	return true
}

// references tells whether a request_uri is the address of a request object (OpenID Connect Core §6.2), and not the
// name of a pushed request.
func references(uri string) bool {
	return strings.HasPrefix(uri, "https://") || strings.HasPrefix(uri, "http://")
}

// takePushed is the pushed request of a URI. It is used up: each works once, and for its own client only.
func (a *Authorizer) takePushed(ctx context.Context, at verify.At, c *realm.Client, uri string) (parameters, error) {
	if !strings.HasPrefix(uri, pushedURI) {
		return nil, errRequest
	}
	text, err := a.Pushes.TakePushed(ctx, at.Realm.Key, uri, c.Key)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, errRequest
	}
	if err != nil {
		return nil, err
	}
	var in parameters
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, fmt.Errorf("read pushed request: %w", err)
	}
	return in, nil
}

// readObject reads a request object (RFC 9101 §4): who signed it, for whom and when.
func (a *Authorizer) readObject(ctx context.Context, at verify.At, q *checking, compact string) (parameters, error) {
	c, beside := q.client, q.sent
	claims, err := a.openObject(ctx, at, q, compact)
	if err != nil {
		return nil, err
	}
	inside := parametersOf(claims)
	q.inside = inside
	if id := inside.get("client_id"); id != nil && *id != c.ID {
		return nil, errRequest
	}
	out := inside
	for _, f := range beside {
		if inside.get(f.Name) == nil && f.Name != "request" {
			out = append(out, f)
		}
	}
	if beside.get("response_type") == nil { // OAuth wants it outside too (RFC 6749 §4.1.1), and Keycloak then finds no address
		return slices.DeleteFunc(out, func(f Field) bool { return f.Name == "redirect_uri" }), nil
	}
	return out, nil
}

// openObject verifies a request object. It must be signed where the client registered a key or an algorithm; its
// times, its audience and its issuer count where it says them (RFC 9101 §10.8, RFC 7519 §4.1).
func (a *Authorizer) openObject(ctx context.Context, at verify.At, q *checking, compact string) (token.Object, error) {
	c := q.client
	q.object = &policy.RequestObject{}
	header, payload, ok := opened(compact)
	if !ok {
		return nil, errRequest
	}
	want := c.SignIn.RequestAlg
	registered := c.UseJWKS || c.UseJWKSURL || c.Certificate != ""
	switch {
	case header == "none" && (registered || want != "" && want != "any" && want != "none"):
		return nil, errRequest
	case header != "none" && want != "" && want != "any" && want != header:
		return nil, errRequest
	case header != "none":
		if err := a.Requests.SignedByClient(ctx, c, at, compact); err != nil {
			return nil, errRequest
		}
		q.object.Alg = header
	}
	claims, err := token.Parse(payload)
	if err != nil || !current(&claims, at, c) {
		return nil, errRequest
	}
	q.object.Claims = claims
	value, err := token.ParseValue(string(payload))
	object, isObject := value.(token.Object)
	if err != nil || !isObject {
		return nil, errRequest
	}
	return object, nil
}

// drift is by how many seconds a client's clock may differ.
const drift = 15

// current tells whether a request object is of now, for this realm and of this client.
func current(claims *token.Claims, at verify.At, c *realm.Client) bool {
	now := at.Now.Unix()
	switch {
	case claims.Expires != 0 && now >= claims.Expires+drift,
		claims.NotBefore != 0 && claims.NotBefore > now+drift,
		len(claims.Audience) > 0 && !slices.Contains(claims.Audience, at.Realm.Issuer(at.Base)),
		claims.Issuer != "" && claims.Issuer != c.ID:
		return false
	}
	return true
}

// opened splits a compact JWS, signed or not (RFC 7515 §3.1).
func opened(compact string) (alg string, payload []byte, ok bool) {
	if len(compact) > token.MaxSize {
		return "", nil, false
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return "", nil, false
	}
	head, err1 := base64.RawURLEncoding.DecodeString(parts[0])
	payload, err2 := base64.RawURLEncoding.DecodeString(parts[1])
	var header struct {
		Alg string `json:"alg"`
	}
	if err1 != nil || err2 != nil || json.Unmarshal(head, &header) != nil || header.Alg == "" {
		return "", nil, false
	}
	return header.Alg, payload, header.Alg != "none" || parts[2] == ""
}

// notParameters are the claims of a request object that are no parameters of the request.
var notParameters = []string{"iss", "aud", "exp", "nbf", "iat", "jti", "sub", "request", "request_uri"}

// parametersOf are the parameters in a request object.
func parametersOf(o token.Object) (out parameters) {
	for _, m := range o {
		if slices.Contains(notParameters, m.Name) {
			continue
		}
		switch v := m.Value.(type) {
		case string:
			out = append(out, Field{m.Name, v})
		case bool:
			out = append(out, Field{m.Name, strconv.FormatBool(v)})
		case nil:
		default:
			if text, err := json.Marshal(v); err == nil {
				out = append(out, Field{m.Name, string(text)})
			}
		}
	}
	return out
}
