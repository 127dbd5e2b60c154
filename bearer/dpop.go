package bearer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxProof is how long a proof may be, in bytes: a key of RSA and a few short claims.
const maxProof = 8 << 10

// DPoP says how proofs of possession are taken (RFC 9449). Tokens that are bound to a key are refused without one whatever it says.
type DPoP struct {
	// Require refuses tokens that are not bound to a key.
	Require bool

	// MaxAge is how old a proof may be, beside Config.Skew. Default: 1 minute.
	MaxAge time.Duration

	// Remember is how many proofs are remembered, so that none is used twice. Where more come within MaxAge, requests are
	// answered with 503. Default: 100,000. Each process has a memory of its own.
	Remember int

	// Seen takes the place of that memory where several processes share one: it notes the name of a proof until a time, and tells
	// whether it was noted before. An error is answered with 503.
	Seen func(ctx context.Context, proof string, until time.Time) (bool, error)

	// NonceKey makes proofs name a nonce of the service (RFC 9449 §9), so that none can be made in advance. It is at least 32
	// random bytes, the same for all processes of the service. Default: proofs need none.
	NonceKey []byte
}

func (d *DPoP) fill() {
	orElse(&d.MaxAge, time.Minute)
	orElse(&d.Remember, 100_000)
}

func (d *DPoP) check() error {
	if d.NonceKey != nil && len(d.NonceKey) < 32 {
		return errors.New("DPoP.NonceKey has fewer than 32 bytes")
	}
	if d.Remember < 2 {
		return errors.New("DPoP.Remember leaves no room for proofs")
	}
	return nil
}

// life is how long a proof can be good at most, from the clock that is behind to the clock that is ahead.
func (d *DPoP) life(skew time.Duration) time.Duration { return d.MaxAge + 2*skew + time.Second }

// proof checks the DPoP proof of a request: that it was made for it and for its token, lately, by the key of a thumbprint, and not
// used before (RFC 9449 §4.3).
func (v *Verifier) proof(r *http.Request, token, key string) error {
	given := r.Header.Values("DPoP")
	if len(given) != 1 {
		return refuse(ErrProof, fmt.Errorf("%d headers DPoP", len(given)))
	}
	made, err := readProof(given[0])
	if err != nil {
		return refuse(ErrProof, err)
	}
	now := v.config.Now()
	switch {
	case made.method != r.Method:
		return refuse(ErrProof, errors.New("htm is another method"))
	case !sameURL(made.url, v.config.RequestURL(r)):
		return refuse(ErrProof, fmt.Errorf("htu is %q, expected %q", made.url, v.config.RequestURL(r)))
	case now.Add(v.config.Skew).Before(made.issuedAt), now.After(made.issuedAt.Add(v.config.DPoP.MaxAge + v.config.Skew)):
		return refuse(ErrProof, errors.New("iat is not now"))
	case !same(made.tokenHash, hash(token)):
		return refuse(ErrProof, errors.New("ath is not of the access token"))
	case !same(made.key, key):
		return refuse(ErrProof, errors.New("it is by another key than the token's"))
	case !v.config.DPoP.goodNonce(made.nonce, now):
		return refuse(ErrNonce, nil)
	}
	return v.unused(r.Context(), made, now)
}

// unused notes a proof, and refuses it where it was noted before.
func (v *Verifier) unused(ctx context.Context, made *proof, now time.Time) error {
	name := hash(made.key + " " + made.id)
	var used bool
	var err error
	if v.config.DPoP.Seen != nil {
		used, err = v.config.DPoP.Seen(ctx, name, now.Add(v.config.DPoP.life(v.config.Skew)))
	} else {
		used, err = v.proofs.seen(name, now)
	}
	switch {
	case err != nil:
		return refuse(ErrUnavailable, fmt.Errorf("memory of proofs: %w", err))
	case used:
		return refuse(ErrProof, errors.New("it was used before"))
	}
	return nil
}

// proof is a DPoP proof that is signed by the key that it carries. Nothing else of it is checked.
type proof struct {
	key       string // thumbprint (RFC 7638)
	id        string // jti
	method    string // htm
	url       string // htu
	tokenHash string // ath
	nonce     string
	issuedAt  time.Time
}

// readProof reads a proof and checks its signature (RFC 9449 §4.2).
func readProof(text string) (*proof, error) {
	if len(text) > maxProof {
		return nil, errors.New("it is too long")
	}
	jws, err := open(text)
	if err != nil {
		return nil, err
	}
	key, err := proofKey(&jws)
	if err != nil {
		return nil, err
	}
	if !signed(&jws, key.Key) {
		return nil, errors.New("its signature is wrong")
	}
	m, err := readObject(jws.payload)
	if err != nil {
		return nil, err
	}
	r := &reader{members: m}
	p := &proof{id: r.text("jti"), method: r.text("htm"), url: r.text("htu"), tokenHash: r.text("ath"), nonce: r.text("nonce"), issuedAt: r.time("iat")}
	if r.err != nil {
		return nil, r.err
	}
	if p.id == "" || p.method == "" || p.url == "" || p.tokenHash == "" || p.issuedAt.IsZero() {
		return nil, errors.New("it lacks one of jti, htm, htu, ath, iat")
	}
	p.key, err = thumbprint(key)
	return p, err
}

// proofKey is the key in the header of a proof, which must be public and fit the algorithm.
func proofKey(jws *compact) (*jose.JSONWebKey, error) {
	h := &jws.header
	switch {
	case h.typ != "dpop+jwt":
		return nil, errors.New("typ is not dpop+jwt")
	case !slices.Contains(algorithms, h.alg):
		return nil, errors.New("algorithm not allowed")
	case h.jwk == nil:
		return nil, errors.New("it has no jwk")
	}
	m, err := readObject(h.jwk)
	if err != nil {
		return nil, err
	}
	for name := range m {
		switch strings.ToLower(name) { // package json, which reads it next, passes over the case
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			return nil, errors.New("jwk is not public")
		}
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(h.jwk); err != nil || !key.IsPublic() || !usable(&key) || !fits(&key, h.alg) {
		return nil, errors.New("jwk does not fit the algorithm")
	}
	return &key, nil
}

// hash is a SHA-256, base64url.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sameURL tells whether two URLs are the same but for query and fragment, and for what RFC 3986 §6.2.2 and §6.2.3 say means nothing.
func sameURL(a, b string) bool {
	x, ok := normal(a)
	y, also := normal(b)
	return ok && also && x == y
}

func normal(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return "", false
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme { // Parse made it lower case
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return "", false
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return u.Scheme + "://" + host + normalPath(path), true
}

// normalPath writes percent-encodings in one way: not at all for unreserved characters, with upper-case digits for others.
func normalPath(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		code := strings.ToUpper(path[i : i+3])
		if c, err := url.PathUnescape(code); err == nil && len(c) == 1 && unreserved(c[0]) {
			b.WriteString(c)
		} else {
			b.WriteString(code)
		}
		i += 2
	}
	return b.String()
}

// unreserved tells the characters that mean the same encoded or not (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
