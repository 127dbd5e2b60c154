package bearer

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// document is metadata of a protected resource (RFC 9728 §2).
type document struct {
	Resource      string   `json:"resource"`
	Issuers       []string `json:"authorization_servers"`
	Scopes        []string `json:"scopes_supported,omitempty"`
	Methods       []string `json:"bearer_methods_supported"`
	Name          string   `json:"resource_name,omitempty"`
	Documentation string   `json:"resource_documentation,omitempty"`
	ProofAlgs     []string `json:"dpop_signing_alg_values_supported"`
	Bound         bool     `json:"dpop_bound_access_tokens_required,omitempty"`
}

// MetadataPath is where the document of Metadata belongs on this server: mux.Handle(v.MetadataPath(), v.Metadata()). It panics
// where Config.Resource has no URL.
func (v *Verifier) MetadataPath() string {
	at := v.config.Resource.address()
	if at == "" {
		panic("bearer: Config.Resource.URL is not set")
	}
	u, err := url.Parse(at)
	if err != nil {
		panic(err) // NewVerifier has parsed it
	}
	return u.EscapedPath()
}

// Metadata serves the document that tells clients which issuer's tokens the service takes (RFC 9728 §3), to anybody and to
// scripts of any origin. It panics where Config.Resource has no URL.
func (v *Verifier) Metadata() http.Handler {
	v.MetadataPath()
	r := v.config.Resource
	body, err := json.Marshal(document{Resource: r.URL, Issuers: []string{v.config.Issuer}, Scopes: r.Scopes, Methods: []string{"header"},
		Name: r.Name, Documentation: r.Documentation, ProofAlgs: algorithms, Bound: v.config.DPoP.Require})
	if err != nil {
		panic(err) // strings can be encoded
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodGet && q.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(body) // the caller may have gone
	})
}
