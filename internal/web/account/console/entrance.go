package console

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// receive answers those who are not in. Who is signed in elsewhere is led on at once; who was refused there already is
// told, or they would be led around in a circle.
func (s *site) receive(w http.ResponseWriter, r *http.Request, v *visit, why error) error {
	refused := r.URL.Query().Has("error")
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case errors.Is(why, account.ErrElsewhere) && reading && !refused:
		render.Redirect(w, s.authorization(v, v.path, nil))
		return nil
	case errors.Is(why, account.ErrElsewhere), errors.Is(why, account.ErrNobody):
	default:
		return why
	}
	p := page.AccountEntrance{SignIn: s.authorization(v, v.path, nil), Back: v.home}
	if refused {
		p.Notice = page.Notice{Kind: page.Fail, Text: page.T("accountSignInFailed")}
	}
	return s.show(w, r, v, http.StatusOK, p)
}

// prove has the owner say again who they are, and leads back to the page.
func (s *site) prove(w http.ResponseWriter, v *visit) error {
	render.Redirect(w, s.authorization(v, v.path, url.Values{"max_age": {strconv.Itoa(int(account.ProofAge.Seconds()))}}))
	return nil
}

// action is the address that starts a required action, from which people come back to a page.
func (s *site) action(v *visit, alias, path string) string {
	return s.authorization(v, path, url.Values{"kc_action": {alias}})
}

// authorization is an authorization request of the client of accounts, from which people come back to a page. It asks
// for no code and no token (response_type none, OAuth 2.0 Multiple Response Type Encoding Practices §4): the cookies of
// the session are what the pages go by. The challenge is for realms that demand one of every client; its verifier is
// kept by nobody, so that no code could be redeemed by it.
func (s *site) authorization(v *visit, path string, more url.Values) string {
	challenge := sha256.Sum256([]byte(s.NewToken() + s.NewToken()))
	q := url.Values{"client_id": {account.ClientID}, "response_type": {"none"}, "scope": {"openid"}, "redirect_uri": {v.url(path)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}}
	for name, values := range more {
		q[name] = values
	}
	return v.realm.Issuer(v.who.Base) + "/protocol/openid-connect/auth?" + q.Encode()
}
