package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Names of RFC 8693 §2.1 and §3.
const (
	grantExchange   = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	typeRefresh     = "urn:ietf:params:oauth:token-type:refresh_token"
)

// answer is what a server said.
type answer struct {
	status  int
	header  http.Header
	members map[string]any // of a JSON object; nil where it was none
}

// text is a member that is a text, else "".
func (a answer) text(member string) string {
	s, _ := a.members[member].(string)
	return s
}

// String is the answer without what must not be told on.
func (a answer) String() string {
	if code := a.text("error"); code != "" {
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", a.status, code, a.text("error_description")))
	}
	return fmt.Sprint(a.status)
}

// longest is how much of an answer is read.
const longest = 1 << 20

func (r *run) send(q *http.Request) (answer, error) {
	q.Header.Set("Accept", "application/json")
	resp, err := r.client.Do(q)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, longest))
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	_ = json.Unmarshal(body, &a.members) // an answer may be a page
	return a, nil
}

func (r *run) get(ctx context.Context, address string) (answer, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	return r.send(q)
}

// post sends a form. A client without an id sends no credentials.
func (r *run) post(ctx context.Context, address string, c Client, form url.Values) (answer, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.ID != "" {
		q.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	}
	return r.send(q)
}

// subject is a new subject token.
func (r *run) subject(ctx context.Context) (string, error) {
	a, err := r.source(ctx)
	return a.text("access_token"), err
}

// source is the answer that has a new subject token.
func (r *run) source(ctx context.Context) (answer, error) {
	form := url.Values{}
	for name, value := range r.Subject.Form {
		form.Set(name, value)
	}
	a, err := r.post(ctx, r.TokenEndpoint, r.Subject.Client, form)
	if err == nil && a.text("access_token") == "" {
		err = fmt.Errorf("no subject token can be had: %s", a)
	}
	return a, err
}

// request is the form of the exchange that works, changed by pairs of names and values: a later value takes the place of
// the former ones, "" takes the parameter away.
func (r *run) request(subject string, pairs ...string) url.Values {
	form := url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeAccessToken}, "audience": {r.Audience}}
	for i := 0; i < len(pairs); i += 2 {
		if form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	return form
}

func (r *run) exchange(ctx context.Context, c Client, subject string, pairs ...string) (answer, error) {
	return r.post(ctx, r.TokenEndpoint, c, r.request(subject, pairs...))
}

// exchanged is what the exchange of a new subject token gives that works.
func (r *run) exchanged(ctx context.Context, pairs ...string) (subject string, a answer, err error) {
	if subject, err = r.subject(ctx); err != nil {
		return "", answer{}, err
	}
	a, err = r.exchange(ctx, r.Requester, subject, pairs...)
	if err == nil && (a.status != http.StatusOK || a.text("access_token") == "") {
		err = fmt.Errorf("answered %s", a)
	}
	return subject, a, err
}

// refused sees that a request was refused as RFC 6749 §5.2 says, by one of these errors; by any where none is named.
func refused(a answer, err error, codes ...string) error {
	code := a.text("error")
	switch {
	case err != nil:
		return err
	case a.text("access_token") != "":
		return fmt.Errorf("a token was issued (%d)", a.status)
	case a.status >= http.StatusInternalServerError:
		return fmt.Errorf("a fault of the caller's is answered %s", a)
	case a.status < http.StatusBadRequest:
		return fmt.Errorf("answered %s", a)
	case code == "":
		return fmt.Errorf(`answered %d without "error"`, a.status)
	case len(codes) > 0 && !slices.Contains(codes, code):
		return fmt.Errorf("answered %s, not %s", a, strings.Join(codes, " or "))
	}
	return nil
}
