package authorize

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// written is an address as it stands in a header: characters beyond ASCII are percent-encoded (RFC 3987 §3.1).
func written(uri string) string {
	var b strings.Builder
	for i := range len(uri) {
		if c := uri[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// answer sends parameters to the client, the way its request said.
func (a *Authorizer) answer(ctx context.Context, at verify.At, q *login.Request, fields []Field) (*Outcome, error) {
	mode, signed := q.ResponseMode.Signed()
	if signed {
		response, err := a.signed(ctx, at, q, fields)
		if err != nil {
			return nil, err
		}
		fields = []Field{{"response", response}}
	}
	switch mode {
	case login.ModeFormPost:
		form := page.FormPost{Action: q.RedirectURI}
		for _, f := range fields {
			form.Parameters = append(form.Parameters, page.Parameter(f))
		}
		return &Outcome{Page: form}, nil
	case login.ModeFragment:
		uri, _, _ := strings.Cut(written(q.RedirectURI), "#")
		return &Outcome{Redirect: uri + "#" + encode(fields)}, nil
	}
	return &Outcome{Redirect: withQuery(written(q.RedirectURI), fields)}, nil
}

// encode writes parameters in their order, as forms are encoded.
func encode(fields []Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = url.QueryEscape(f.Name) + "=" + url.QueryEscape(f.Value)
	}
	return strings.Join(parts, "&")
}

// withQuery adds parameters to an address, before its fragment.
func withQuery(uri string, fields []Field) string {
	uri, fragment, hasFragment := strings.Cut(uri, "#")
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	uri += separator + encode(fields)
	if hasFragment {
		uri += "#" + fragment
	}
	return uri
}

// responseLife is how long a signed answer is good (JWT Secured Authorization Response Mode §2.1).
const responseLife = 10 * time.Minute

// signed is an answer as one JWT (JARM §2.1).
func (a *Authorizer) signed(ctx context.Context, at verify.At, q *login.Request, fields []Field) (string, error) {
	c := token.Claims{Issuer: at.Realm.Issuer(at.Base), Audience: []string{q.Client}, Expires: at.Now.Add(responseLife).Unix()}
	for _, f := range fields {
		if f.Name != "iss" {
			c.Other.Set(f.Value, f.Name)
		}
	}
	alg := ""
	if client := at.Realm.Client(q.Client); client != nil {
		alg = client.SignIn.ResponseAlg
	}
	return a.Keys.Sign(ctx, at.Realm, alg, "JWT", &c)
}

// failure tells the client what its request came to.
func (a *Authorizer) failure(ctx context.Context, at verify.At, q *login.Request, e *oauth.Error) (*Outcome, error) {
	fields := []Field{{"error", string(e.Code)}}
	if e.Description != "" {
		fields = append(fields, Field{"error_description", e.Description})
	}
	if q.State != nil {
		fields = append(fields, Field{"state", *q.State})
	}
	return a.answer(ctx, at, q, append(fields, Field{"iss", at.Realm.Issuer(at.Base)}))
}
