package idp

import (
	"encoding/json"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// Import makes the settings of a provider of a kind from the metadata that it publishes (OpenID Connect
// Discovery 1.0 §3). Metadata that is none, or of a kind that is not understood, is a *fault.Invalid.
func Import(kind string, metadata []byte) (map[string]string, error) {
	if k, _ := Find(kind); !k.Is("TRUST_MATERIAL") {
		return nil, &fault.Invalid{Field: "providerId", Message: "Metadata of identity providers of type " + kind + " is not understood"}
	}
	var m struct {
		Issuer   string `json:"issuer"`
		Auth     string `json:"authorization_endpoint"`
		Token    string `json:"token_endpoint"`
		UserInfo string `json:"userinfo_endpoint"`
		Logout   string `json:"end_session_endpoint"`
		JWKS     string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(metadata, &m); err != nil {
		return nil, &fault.Invalid{Message: "The document is no OpenID Connect metadata"}
	}
	config := map[string]string{}
	for name, value := range map[string]string{"issuer": m.Issuer, "authorizationUrl": m.Auth, "tokenUrl": m.Token,
		"userInfoUrl": m.UserInfo, "logoutUrl": m.Logout, "jwksUrl": m.JWKS} {
		if value != "" {
			config[name] = value
		}
	}
	if m.JWKS != "" {
		config["validateSignature"], config["useJwksUrl"] = "true", "true"
	}
	return config, nil
}
