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
// sign with, by name. It publishes the one named "foreign", and keeps what is posted to "/received".
type Issuer struct {
	server *httptest.Server

	mu   sync.Mutex
	keys map[string]crypto.Signer
	got  []any // forms that were posted and that nobody asked for yet
}

// NewIssuer starts the issuer on a free port of this machine. It must be closed.
func NewIssuer() *Issuer {
	i := &Issuer{keys: map[string]crypto.Signer{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jwks", i.publish)
	mux.HandleFunc("GET /.well-known/openid-configuration", i.describe)
	mux.HandleFunc("POST /received", i.receive)
	mux.HandleFunc("GET /received", i.received)
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

// receive keeps a form that a server posts, such as a logout token, until somebody asks for it.
func (i *Issuer) receive(_ http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		return
	}
	form := map[string]any{}
	for name := range r.PostForm {
		form[name] = r.PostForm.Get(name)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, form)
}

// received tells what was posted since it was last asked.
func (i *Issuer) received(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	text, err := json.Marshal(append([]any{}, i.got...))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	i.got = nil
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
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
