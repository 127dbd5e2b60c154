package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// answers are about what a granted exchange gives.
var answers = []Case{
	{"answer/members", Must, "RFC 8693 §2.2.1", "an exchange is answered with access_token, issued_token_type and token_type", func(ctx context.Context, r *run) error {
		_, a, err := r.exchanged(ctx)
		switch {
		case err != nil:
			return err
		case a.text("issued_token_type") != typeAccessToken:
			return fmt.Errorf("issued_token_type is %q", a.text("issued_token_type"))
		case a.text("token_type") == "":
			return fmt.Errorf("there is no token_type")
		}
		return nil
	}},
	{"answer/not-stored", Must, "RFC 6749 §5.1", "no cache may keep an answer that has a token", func(ctx context.Context, r *run) error {
		_, a, err := r.exchanged(ctx)
		if err == nil && !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
			err = fmt.Errorf("Cache-Control is %q", a.header.Get("Cache-Control"))
		}
		return err
	}},
	{"answer/audience", Must, "RFC 8693 §2.1", "the token names the audience that was asked for", func(ctx context.Context, r *run) error {
		aud, err := r.issuedAudience(ctx)
		if err == nil && !slices.Contains(aud, r.Audience) {
			err = fmt.Errorf("aud is %q", aud)
		}
		return err
	}},
	{"answer/audience-alone", Should, "RFC 8693 §5", "it names no other", func(ctx context.Context, r *run) error {
		aud, err := r.issuedAudience(ctx)
		if err == nil && len(aud) > 1 {
			err = fmt.Errorf("aud is %q", aud)
		}
		return err
	}},
	{"answer/subject", Must, "RFC 8693 §1.1", "the token speaks of whom the subject token speaks", func(ctx context.Context, r *run) error {
		was, is, err := r.bothClaims(ctx)
		if err == nil && was["sub"] != is["sub"] {
			err = fmt.Errorf("sub is %v, that of the subject token %v", is["sub"], was["sub"])
		}
		return err
	}},
	{"answer/requester", Must, "RFC 8693 §4.3", "the token was issued to the requester, and no more to the subject token's client", func(ctx context.Context, r *run) error {
		_, is, err := r.bothClaims(ctx)
		if err != nil {
			return err
		}
		for _, name := range []string{"client_id", "azp"} {
			if id, ok := is[name].(string); ok && id != r.Requester.ID {
				return fmt.Errorf("%s is %q", name, id)
			}
		}
		return nil
	}},
	{"answer/lifetime", Should, "RFC 8693 §2.2.1", "the token does not outlive the subject token", func(ctx context.Context, r *run) error {
		was, is, err := r.bothClaims(ctx)
		if err != nil {
			return err
		}
		before, has := was["exp"].(float64)
		after, ends := is["exp"].(float64)
		if has && (!ends || after > before) {
			return fmt.Errorf("exp is %v, that of the subject token %v", is["exp"], was["exp"])
		}
		return nil
	}},
	{"answer/another-id", Must, "RFC 7519 §4.1.7", "the token is another than the subject token", func(ctx context.Context, r *run) error {
		subject, a, err := r.exchanged(ctx)
		if err == nil && a.text("access_token") == subject {
			err = fmt.Errorf("it is the same")
		}
		if err != nil {
			return err
		}
		was, is, err := r.bothClaims(ctx)
		if err == nil && was["jti"] != nil && was["jti"] == is["jti"] {
			err = fmt.Errorf("both have the same jti")
		}
		return err
	}},
}

// issuedAudience is that of a token that was exchanged.
func (r *run) issuedAudience(ctx context.Context) ([]string, error) {
	_, is, err := r.bothClaims(ctx)
	return audience(is), err
}

// bothClaims are those of a subject token and of what it was exchanged for.
func (r *run) bothClaims(ctx context.Context) (was, is map[string]any, err error) {
	subject, a, err := r.exchanged(ctx)
	if err != nil {
		return nil, nil, err
	}
	if was, err = r.claims(ctx, subject); err != nil {
		return nil, nil, err
	}
	is, err = r.claims(ctx, a.text("access_token"))
	return was, is, err
}
