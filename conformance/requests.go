package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// requests are about what a request has to be like.
var requests = []Case{
	{"request/no-subject", Must, "RFC 8693 §2.1", "subject_token is required", without("subject_token")},
	{"request/no-subject-type", Must, "RFC 8693 §2.1", "subject_token_type is required", without("subject_token_type")},
	{"request/unknown-subject-type", Must, "RFC 8693 §2.1", "an unknown subject_token_type is refused", with("subject_token_type", "urn:example:nothing")},
	{"request/unknown-requested-type", Must, "RFC 8693 §2.1", "an unknown requested_token_type is refused", with("requested_token_type", "urn:example:nothing")},
	{"request/empty-subject", Must, "RFC 6749 §3.2", "an empty subject_token is none", func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form.Set("subject_token", "") })
	}},
	{"request/twice-subject", Must, "RFC 6749 §3.2, CVE-2026-9704", "subject_token may not come twice", twice("subject_token")},
	{"request/twice-subject-type", Must, "RFC 6749 §3.2", "subject_token_type may not come twice", twice("subject_token_type")},
	{"request/twice-grant", Must, "RFC 6749 §3.2", "grant_type may not come twice", twice("grant_type")},
	{"request/actor-type-alone", Should, "RFC 8693 §2.1", "actor_token_type without actor_token is refused", with("actor_token_type", typeAccessToken)},
	{"request/actor-garbage", Should, "RFC 8693 §2.1", "an actor_token that is none is refused, not passed over", func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) {
			form.Set("actor_token", "garbage")
			form.Set("actor_token_type", typeAccessToken)
		})
	}},
	{"request/resource-relative", Should, "RFC 8707 §2", "a resource that is no absolute URI is refused", with("resource", "orders")},
	{"request/resource-fragment", Should, "RFC 8707 §2", "a resource with a fragment is refused", with("resource", "https://orders.example/#all")},
	{"request/unknown-scope", Must, "RFC 6749 §3.3", "a scope that there is not is refused or not granted", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, r.Requester, subject, "scope", "conformance:no-such-scope")
		if err != nil || a.text("access_token") == "" {
			return refused(a, err)
		}
		is, err := r.claims(ctx, a.text("access_token"))
		if err == nil && (hasWord(is["scope"], "conformance:no-such-scope") || hasWord(a.members["scope"], "conformance:no-such-scope")) {
			err = errors.New("it was granted")
		}
		return err
	}},
	{"request/grant-misspelt", Must, "RFC 6749 §5.2", "a grant that there is not is unsupported_grant_type", func(ctx context.Context, r *run) error {
		form := r.request("x", "grant_type", grantExchange+"s")
		a, err := r.post(ctx, r.TokenEndpoint, r.Requester, form)
		return refused(a, err, "unsupported_grant_type", "invalid_request")
	}},
	{"request/get", Must, "RFC 6749 §3.2", "the token endpoint takes POST only", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		form := r.request(subject)
		form.Set("client_id", r.Requester.ID)
		form.Set("client_secret", r.Requester.Secret)
		a, err := r.get(ctx, r.TokenEndpoint+"?"+form.Encode())
		if err == nil && (a.status < http.StatusBadRequest || a.text("access_token") != "") {
			err = fmt.Errorf("GET is answered %d", a.status)
		}
		return err
	}},
	{"request/in-the-address", Must, "RFC 6749 §3.2", "parameters in the address are not read", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.post(ctx, r.TokenEndpoint+"?"+r.request(subject).Encode(), r.Requester, url.Values{"grant_type": {grantExchange}})
		return refused(a, err)
	}},
}

// changed sees that a request is refused that would work without the change.
func (r *run) changed(ctx context.Context, change func(url.Values)) error {
	subject, err := r.subject(ctx)
	if err != nil {
		return err
	}
	form := r.request(subject)
	change(form)
	a, err := r.post(ctx, r.TokenEndpoint, r.Requester, form)
	return refused(a, err)
}

func without(name string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form.Del(name) })
	}
}

func with(name, value string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form.Set(name, value) })
	}
}

func twice(name string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form.Add(name, form.Get(name)) })
	}
}
