package oidc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

var (
	errNoGrantType    = oauth.Errorf(oauth.InvalidRequest, "Missing form parameter: grant_type")
	errOtherGrantType = oauth.Errorf(oauth.UnsupportedGrantType, "Unsupported grant_type")
)

// redeem is how each grant type is redeemed: its parameters, and the flow that takes them.
var redeem = map[oauth.GrantType]func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error){
	oauth.ClientCredentials: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		return s.Tokens.ClientCredentials(r.Context(), grant.ClientCredentialsRequest{Call: q})
	},
	oauth.Password: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		return s.Tokens.Password(r.Context(), grant.PasswordRequest{Call: q,
			Username: f.get("username"), Password: f.text("password"), OTP: f.text("totp")})
	},
	oauth.AuthorizationCode: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		return s.Tokens.AuthorizationCode(r.Context(), grant.CodeRequest{Call: q,
			Code: f.get("code"), RedirectURI: f.text("redirect_uri"), Verifier: f.text("code_verifier")})
	},
	oauth.DeviceCode: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		return s.Tokens.Device(r.Context(), grant.DeviceRequest{Call: q, DeviceCode: f.get("device_code"), Verifier: f.text("code_verifier")})
	},
	oauth.RefreshToken: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		return s.Tokens.Refresh(r.Context(), grant.RefreshRequest{Call: q, RefreshToken: f.get("refresh_token")})
	},
	oauth.JWTBearer: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		return s.Tokens.JWTBearer(r.Context(), grant.JWTBearerRequest{Call: q, Assertion: f.get("assertion")})
	},
	oauth.TokenExchange: func(s *site, r *http.Request, q grant.Call, f form) (*grant.Response, error) {
		q.Repeated, q.Resource = f.repeated("audience", oauth.Resource), nil // RFC 8693 §2.1
		return s.Tokens.Exchange(r.Context(), grant.ExchangeRequest{Call: q,
			SubjectToken:       f.get("subject_token"),
			SubjectTokenType:   f.get("subject_token_type"),
			RequestedTokenType: f.get("requested_token_type"),
			Audiences:          f.all("audience"),
			Resources:          f.all(oauth.Resource),
			ActorToken:         f.get("actor_token"),
			ActorTokenType:     f.get("actor_token_type"),
			RequestedSubject:   f.get("requested_subject"),
			RequestedIssuer:    f.get("requested_issuer"),
			SubjectIssuer:      f.get("subject_issuer"),
		})
	},
}

// token redeems a grant (RFC 6749 §3.2).
func (s *site) token(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	kind := f.get("grant_type")
	if kind == nil {
		return errNoGrantType
	}
	grantOf, ok := redeem[oauth.GrantType(*kind)]
	if !ok {
		return errOtherGrantType
	}
	resp, err := grantOf(s, r, grant.Call{
		Realm:       c.realm.Name,
		Base:        c.caller.Base,
		Address:     c.address(),
		Origin:      r.Header.Get("Origin"),
		Agent:       r.UserAgent(),
		Repeated:    f.repeated(),
		Scope:       f.get("scope"),
		Resource:    f.get(oauth.Resource),
		Credentials: c.credentials(r, f),
		Sent:        c.sent(r),
	}, f)
	shareOutcome(w, r, err, exposed)
	if err != nil {
		return err
	}
	body, err := encodeTokens(resp)
	if err != nil {
		return err
	}
	if resp.Locale != "" {
		keepLocale(w, c, resp.Locale)
	}
	render.Bytes(w, http.StatusOK, "application/json", body)
	return nil
}

// encodeTokens writes the answer, with the members that mappers add behind the others.
func encodeTokens(resp *grant.Response) ([]byte, error) {
	if resp.Whole != nil {
		return resp.Whole.AppendJSON(nil), nil
	}
	body, err := json.Marshal(resp)
	if err != nil {
		return nil, fmt.Errorf("encode tokens: %w", err)
	}
	if len(resp.Other) == 0 {
		return body, nil
	}
	more := resp.Other.AppendJSON(nil)
	return append(append(bytes.TrimSuffix(body, []byte("}")), ','), more[1:]...), nil
}
