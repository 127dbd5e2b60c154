package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// afterwards are about what becomes of a token that was exchanged.
var afterwards = []Case{
	{"introspection/same", Must, "RFC 7662 §2.2, Keycloak #53029", "introspection says of a token what it says itself: sub, aud, scope, exp, act, cnf", func(ctx context.Context, r *run) error {
		token, err := r.introspectable(ctx)
		if err != nil {
			return err
		}
		p, err := open(token)
		if err != nil {
			return err
		}
		a, err := r.introspect(ctx, token)
		switch {
		case err != nil:
			return err
		case a.members["active"] != true:
			return errors.New("it is not active")
		}
		for _, name := range []string{"sub", "iss", "exp", "act", "may_act", "cnf"} {
			if said, has := a.members[name]; has != (p.claims[name] != nil) || has && !reflect.DeepEqual(said, p.claims[name]) {
				return fmt.Errorf("%s differs", name)
			}
		}
		said, has := audience(a.members), audience(p.claims)
		slices.Sort(said)
		slices.Sort(has)
		if !slices.Equal(said, has) {
			return fmt.Errorf("aud is %q, of the token %q", said, has)
		}
		return nil
	}},
	{"introspection/inactive-alone", Must, "RFC 7662 §2.2, Keycloak CVE-2026-18208", `of what is no token it says {"active": false} and nothing else`, func(ctx context.Context, r *run) error {
		token, err := r.introspectable(ctx)
		if err != nil {
			return err
		}
		for _, bad := range []string{"garbage", token[:len(token)-2], token + "AAAA"} {
			a, err := r.introspect(ctx, bad)
			if err != nil {
				return err
			}
			if len(a.members) != 1 || a.members["active"] != false {
				return fmt.Errorf("it says %d members, active is %v", len(a.members), a.members["active"])
			}
		}
		return nil
	}},
	{"introspection/by-nobody", Must, "RFC 7662 §2.1", "nobody introspects who does not prove who they are", func(ctx context.Context, r *run) error {
		token, err := r.introspectable(ctx)
		if err != nil {
			return err
		}
		a, err := r.post(ctx, r.IntrospectionEndpoint, Client{}, url.Values{"token": {token}})
		if err == nil && (a.members["active"] == true || a.status < http.StatusBadRequest) {
			err = fmt.Errorf("answered %d, active is %v", a.status, a.members["active"])
		}
		return err
	}},
	{"revocation/ends", Must, "RFC 7009 §2", "a token that was revoked is not active", func(ctx context.Context, r *run) error {
		if r.RevocationEndpoint == "" {
			return skip("there is no revocation")
		}
		token, err := r.introspectable(ctx)
		if err != nil {
			return err
		}
		if err := r.revoke(ctx, r.Requester, token); err != nil {
			return err
		}
		return r.inactive(ctx, token)
	}},
	{"revocation/of-another", Must, "RFC 7009 §2.1", "a client revokes no token of another", func(ctx context.Context, r *run) error {
		if r.RevocationEndpoint == "" || r.Outsider.ID == "" {
			return skip("there is no revocation, or the target names no outsider")
		}
		token, err := r.introspectable(ctx)
		if err != nil {
			return err
		}
		if _, err := r.post(ctx, r.RevocationEndpoint, r.Outsider, url.Values{"token": {token}}); err != nil {
			return err
		}
		if a, err := r.introspect(ctx, token); err != nil || a.members["active"] != true {
			return errors.Join(err, errors.New("it did"))
		}
		return nil
	}},
	{"revocation/lineage", Should, "RFC 8693 §2.1", "what was exchanged from a token that was revoked is not active", func(ctx context.Context, r *run) error {
		owner, ok := r.subjectClient()
		if r.RevocationEndpoint == "" || r.IntrospectionEndpoint == "" || !ok {
			return skip("there is no revocation or introspection, or the target does not tell whose the subject token is")
		}
		subject, a, err := r.exchanged(ctx)
		if err != nil {
			return err
		}
		if err := r.revoke(ctx, owner, subject); err != nil {
			return err
		}
		return r.inactive(ctx, a.text("access_token"))
	}},
	{"chain/audience", Must, "RFC 8693 §5", "what was exchanged reaches no audience that the subject token could not", func(ctx context.Context, r *run) error {
		if r.Unreachable == "" {
			return skip("the target names no unreachable audience")
		}
		_, a, err := r.exchanged(ctx)
		if err != nil {
			return err
		}
		a, err = r.exchange(ctx, r.Requester, a.text("access_token"), "audience", r.Unreachable)
		return refused(a, err)
	}},
	{"chain/not-back", Must, "ZITADEL 4.15.3", "what was exchanged for another is not taken from who it does not name", func(ctx context.Context, r *run) error {
		if r.Outsider.ID == "" {
			return skip("the target names no outsider")
		}
		_, a, err := r.exchanged(ctx)
		if err != nil {
			return err
		}
		a, err = r.exchange(ctx, r.Outsider, a.text("access_token"))
		return refused(a, err)
	}},
	{"refresh/of-another", Must, "RFC 6749 §6, ZITADEL CVE-2026-55672", "a refresh token is the client's that it was issued to", func(ctx context.Context, r *run) error {
		if r.Outsider.ID == "" {
			return skip("the target names no outsider")
		}
		_, refresh, err := r.refreshable(ctx)
		if err != nil {
			return err
		}
		a, err := r.refresh(ctx, r.Outsider, refresh)
		return refused(a, err, "invalid_grant", "invalid_client", "unauthorized_client")
	}},
	{"refresh/audience", Must, "RFC 6749 §6", "a refresh gives no audience that the exchange did not", func(ctx context.Context, r *run) error {
		first, refresh, err := r.refreshable(ctx)
		if err != nil {
			return err
		}
		a, err := r.refresh(ctx, r.Requester, refresh)
		if err != nil || a.text("access_token") == "" {
			return errors.Join(err, fmt.Errorf("answered %s", a))
		}
		was, err := r.claims(ctx, first)
		if err != nil {
			return err
		}
		is, err := r.claims(ctx, a.text("access_token"))
		for _, aud := range audience(is) {
			if !slices.Contains(audience(was), aud) {
				return fmt.Errorf("aud is %q, was %q", audience(is), audience(was))
			}
		}
		return err
	}},
}

// introspectable is a token that was exchanged, where there is introspection.
func (r *run) introspectable(ctx context.Context) (string, error) {
	if r.IntrospectionEndpoint == "" {
		return "", skip("there is no introspection")
	}
	_, a, err := r.exchanged(ctx)
	return a.text("access_token"), err
}

func (r *run) inactive(ctx context.Context, token string) error {
	a, err := r.introspect(ctx, token)
	if err == nil && a.members["active"] != false {
		err = errors.New("it is active")
	}
	return err
}

// refreshable is what an exchange gives that asks for a refresh token (RFC 8693 §2.1).
func (r *run) refreshable(ctx context.Context) (access, refresh string, err error) {
	subject, err := r.subject(ctx)
	if err != nil {
		return "", "", err
	}
	a, err := r.exchange(ctx, r.Requester, subject, "requested_token_type", typeRefresh)
	switch {
	case err != nil:
		return "", "", err
	case a.text("refresh_token") == "":
		return "", "", skip("the requester gets no refresh tokens")
	}
	return a.text("access_token"), a.text("refresh_token"), nil
}

func (r *run) refresh(ctx context.Context, c Client, token string) (answer, error) {
	return r.post(ctx, r.TokenEndpoint, c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// says tells whether a member of an answer has a text in it.
func says(members map[string]any, text string) bool {
	for _, value := range members {
		if s, ok := value.(string); ok && strings.Contains(s, text) {
			return true
		}
	}
	return false
}

// revoke revokes a token of the client that it was issued to (RFC 7009). A client without a secret only says its id.
func (r *run) revoke(ctx context.Context, c Client, token string) error {
	form := url.Values{"token": {token}}
	if c.Secret == "" {
		form.Set("client_id", c.ID)
		c = Client{}
	}
	a, err := r.post(ctx, r.RevocationEndpoint, c, form)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("revocation is answered %s", a)
	}
	return err
}

// introspect asks what a token is (RFC 7662).
func (r *run) introspect(ctx context.Context, token string) (answer, error) {
	c := r.Introspector
	if c.ID == "" {
		c = r.Requester
	}
	a, err := r.post(ctx, r.IntrospectionEndpoint, c, url.Values{"token": {token}})
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("introspection is answered %s", strings.TrimSpace(a.String()))
	}
	return a, err
}
