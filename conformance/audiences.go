package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// audiences are about whom a token can be had for.
var audiences = []Case{
	{"audience/unknown", Must, "RFC 8693 §2.2.2, CVE-2022-1245", "an audience that there is not is refused", with("audience", "conformance-no-such-audience")},
	{"audience/unreachable", Must, "RFC 8693 §2.2.2, CVE-2022-1245", "an audience that the requester may not have is refused", func(ctx context.Context, r *run) error {
		if r.Unreachable == "" {
			return skip("the target names no unreachable audience")
		}
		return with("audience", r.Unreachable)(ctx, r)
	}},
	{"audience/disabled", Must, "CVE-2026-93999", "an audience that is switched off is refused", func(ctx context.Context, r *run) error {
		if r.Disabled == "" {
			return skip("the target names no disabled audience")
		}
		return with("audience", r.Disabled)(ctx, r)
	}},
	{"audience/all-or-none", Must, "RFC 8693 §2.2.2", "of two audiences one of which cannot be had, none is granted", func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form.Add("audience", "conformance-no-such-audience") })
	}},
	{"audience/case", Must, "RFC 8693 §2.1", "names of audiences are told apart by the case of their letters", func(ctx context.Context, r *run) error {
		other := strings.ToUpper(r.Audience)
		if other == r.Audience {
			return skip("the audience has no lower-case letters")
		}
		return with("audience", other)(ctx, r)
	}},
	{"audience/twice", Should, "RFC 8693 §2.1", "an audience that is named twice is one", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		form := r.request(subject)
		form.Add("audience", r.Audience)
		a, err := r.post(ctx, r.TokenEndpoint, r.Requester, form)
		if err != nil || a.text("access_token") == "" {
			return errors.Join(err, fmt.Errorf("answered %s", a))
		}
		is, err := r.claims(ctx, a.text("access_token"))
		aud := audience(is)
		if slices.Sort(aud); err == nil && len(slices.Compact(slices.Clone(aud))) != len(aud) {
			err = fmt.Errorf("aud is %q", aud)
		}
		return err
	}},
	{"audience/many", Should, "CVE-2026-4634", "thousands of audiences are refused", func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form["audience"] = many("conformance-no-such-audience") })
	}},
	{"scope/many", Should, "CVE-2026-4634", "thousands of scopes are refused", func(ctx context.Context, r *run) error {
		return r.changed(ctx, func(form url.Values) { form.Set("scope", strings.Join(many("conformance:s"), " ")) })
	}},
}

// many are five thousand names.
func many(name string) []string {
	out := make([]string, 5000)
	for i := range out {
		out[i] = fmt.Sprint(name, i)
	}
	return out
}

// hasWord tells whether a claim that lists words by blanks, as "scope", has one.
func hasWord(claim any, word string) bool {
	text, _ := claim.(string)
	return slices.Contains(strings.Fields(text), word)
}
