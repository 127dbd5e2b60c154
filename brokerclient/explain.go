package brokerclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// explain adds to a refusal the changes that would turn it into a grant, where Config.Explain allows to ask a Tokenhouse server
// for them. Whatever hinders that leaves the refusal as it is.
func (c *Client) explain(ctx context.Context, refused *Error, q Request) {
	if c.config.Explain == nil || refused.Status >= http.StatusInternalServerError {
		return
	}
	at, ok := explainURL(c.config.Issuer)
	if !ok {
		return
	}
	form, header := url.Values{}, http.Header{}
	if c.config.Auth == nil || c.config.Auth(ctx, at, form, header) != nil {
		return
	}
	question, ok := questionOf(clientOf(form, header), q)
	if !ok {
		return
	}
	token, err := c.config.Explain(ctx)
	if err != nil {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(question))
	if err != nil {
		return
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
	a, err := c.send(r)
	if err != nil || a.status != http.StatusOK {
		return
	}
	var explained struct{ Fixes []Fix }
	if a.decode(&explained) == nil {
		refused.Fixes = explained.Fixes
	}
}

// questionOf asks what would come of an exchange; ok is false where the subject token does not tell enough.
func questionOf(client string, q Request) (body []byte, ok bool) {
	subject := peek(q.SubjectToken)
	if client == "" || subject.Client == "" || subject.User == "" {
		return nil, false
	}
	question := map[string]any{"client": client, "subjectClient": subject.Client, "subjectScope": subject.Scope, "audience": q.Audience}
	if !strings.HasPrefix(subject.User, "service-account-") { // the server asks for a client itself where no user is named
		question["user"] = subject.User
	}
	if len(q.Scope) > 0 {
		question["scope"] = strings.Join(q.Scope, " ")
	}
	if q.RequestedTokenType != "" {
		question["requestedTokenType"] = q.RequestedTokenType
	}
	if q.RequestedSubject != "" {
		question["requestedSubject"] = q.RequestedSubject
	}
	body, err := json.Marshal(question)
	return body, err == nil
}

// explainURL is where a realm explains exchanges: …/realms/shop → …/admin/realms/shop/tokenhouse/explain/exchange.
func explainURL(issuer string) (string, bool) {
	base, realm, ok := strings.Cut(issuer, "/realms/")
	return base + "/admin/realms/" + strings.TrimSuffix(realm, "/") + "/tokenhouse/explain/exchange", ok
}

// clientOf is the client that an Auth proved.
func clientOf(form url.Values, header http.Header) string {
	if id := form.Get("client_id"); id != "" {
		return id
	}
	if id, _, ok := (&http.Request{Header: header}).BasicAuth(); ok {
		plain, _ := url.QueryUnescape(id) // it was escaped by SecretBasic
		return plain
	}
	return peek(form.Get("client_assertion")).Subject
}

// peeked is what a token says, unproven: enough to ask a question about it.
type peeked struct {
	Subject string `json:"sub"`
	Client  string `json:"azp"`
	User    string `json:"preferred_username"`
	Scope   string `json:"scope"`
}

func peek(token string) (p peeked) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return p
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		_ = json.Unmarshal(payload, &p) // what cannot be read stays empty
	}
	return p
}
