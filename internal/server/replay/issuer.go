package replay

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Issuer plays the foreign identity provider of the recordings, and holds the keys that scenarios
// sign with, by name. It publishes the one named "foreign".
type Issuer struct {
	server *httptest.Server

	mu   sync.Mutex
	keys map[string]crypto.Signer
}

// NewIssuer starts the issuer on a free port of this machine. It must be closed.
func NewIssuer() *Issuer {
	i := &Issuer{keys: map[string]crypto.Signer{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jwks", i.publish)
	mux.HandleFunc("GET /.well-known/openid-configuration", i.describe)
	i.server = httptest.NewServer(mux)
	return i
}

// URL is the issuer's address.
func (i *Issuer) URL() string { return i.server.URL }

// Close ends the issuer.
func (i *Issuer) Close() { i.server.Close() }

// describe says where the issuer's endpoints are (OpenID Connect Discovery 1.0 §3).
func (i *Issuer) describe(w http.ResponseWriter, _ *http.Request) {
	document, err := json.Marshal(map[string]string{"issuer": i.URL(), "authorization_endpoint": i.URL() + "/auth",
		"token_endpoint": i.URL() + "/token", "userinfo_endpoint": i.URL() + "/userinfo", "jwks_uri": i.URL() + "/jwks"})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(document)
}

func (i *Issuer) publish(w http.ResponseWriter, _ *http.Request) {
	key, err := i.key("foreign", "RS256")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	public := key.Public().(*rsa.PublicKey)
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "kid": "foreign", "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(set)
}

// key is the key of a name, made when it is first asked for.
func (i *Issuer) key(name, alg string) (crypto.Signer, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if key, ok := i.keys[name]; ok {
		return key, nil
	}
	var key crypto.Signer
	var err error
	switch alg {
	case "RS256":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("no keys are made for %q", alg)
	}
	if err != nil {
		return nil, err
	}
	i.keys[name] = key
	return key, nil
}
