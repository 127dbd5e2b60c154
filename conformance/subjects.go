package conformance

import (
	"context"
	"fmt"
)

// subjects are about subject tokens that must not be taken.
var subjects = []Case{
	{"subject/garbage", Must, "RFC 8693 §2.2.2", "what is no token is refused", with("subject_token", "garbage")},
	{"subject/altered", Must, "ZITADEL CVE-2026-27840", "a token of which any character was changed is refused", altered(func(token string) (out []string) {
		for i := 0; i < len(token)-1; i += max(1, len(token)/48) { // the last one may have bits that say nothing
			out = append(out, token[:i]+string(other(token[i]))+token[i+1:])
		}
		return out
	})},
	{"subject/cut", Must, "ZITADEL CVE-2026-27840", "a token that was cut short is refused", altered(func(token string) (out []string) {
		for n := len(token) - 2; n > 0; n -= max(2, len(token)/24) {
			out = append(out, token[:n])
		}
		return out
	})},
	{"subject/longer", Must, "RFC 7515 §5.2", "a token with more after its end is refused", altered(func(token string) []string {
		return []string{token + ".", token + "AAAA", token + "." + token, "." + token}
	})},
	{"subject/unsigned", Must, "RFC 7518 §3.6", "a token without a signature is refused, whatever its header says", forged(func(_ context.Context, _ *run, p parts) (out []string, err error) {
		for _, alg := range []string{"none", "None", "NONE", "nOnE", ""} {
			p.header["alg"] = alg
			out = append(out, unsigned(p.header, p.claims)+".")
		}
		return out, nil
	})},
	{"subject/key-as-secret", Must, "RFC 8725 §3.1, Authlib CVE-2026-28498", "the server's public key is no secret to sign with", forged(func(ctx context.Context, r *run, p parts) (out []string, err error) {
		keys, err := r.publicKeys(ctx)
		for _, key := range keys {
			out = append(out, byHMAC(p.header, p.claims, key))
		}
		return out, err
	})},
	{"subject/key-of-its-own", Must, "RFC 8725 §3.10", "a key that the token brings along is not trusted", forged(func(_ context.Context, _ *run, p parts) ([]string, error) {
		token, err := byStranger(p.header, p.claims)
		return []string{token}, err
	})},
	{"subject/of-another", Must, "ZITADEL 4.15.3, Logto", "a token that neither was issued to the requester nor names it is refused", func(ctx context.Context, r *run) error {
		if r.Outsider.ID == "" {
			return skip("the target names no outsider")
		}
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, r.Outsider, subject)
		return refused(a, err)
	}},
	{"subject/refresh-token", Must, "Keycloak CVE-2026-18214", "a refresh token is no access token", another("refresh_token")},
	{"subject/id-token", Must, "Keycloak CVE-2026-18214", "an ID token is no access token", another("id_token")},
	{"subject/revoked", Must, "Casdoor CVE-2026-9097", "a token that was revoked is refused", func(ctx context.Context, r *run) error {
		if r.RevocationEndpoint == "" {
			return skip("there is no revocation")
		}
		owner, ok := r.subjectClient()
		if !ok {
			return skip("the target does not tell whose the subject token is")
		}
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		if err := r.revoke(ctx, owner, subject); err != nil {
			return err
		}
		a, err := r.exchange(ctx, r.Requester, subject)
		return refused(a, err)
	}},
}

// altered sees that none of what is made of a good token is taken.
func altered(change func(token string) []string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		token, err := r.subject(ctx)
		if err != nil {
			return err
		}
		return r.takesNone(ctx, change(token))
	}
}

// forged is altered for tokens that say what they are.
func forged(change func(context.Context, *run, parts) ([]string, error)) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		token, err := r.subject(ctx)
		if err != nil {
			return err
		}
		p, err := open(token)
		if err != nil {
			return err
		}
		bad, err := change(ctx, r, p)
		if err != nil {
			return err
		}
		return r.takesNone(ctx, bad)
	}
}

func (r *run) takesNone(ctx context.Context, subjects []string) error {
	for i, subject := range subjects {
		a, err := r.exchange(ctx, r.Requester, subject)
		if err := refused(a, err); err != nil {
			return fmt.Errorf("number %d of %d: %w", i+1, len(subjects), err)
		}
	}
	return nil
}

// another sees that a token of another kind, said to be an access token, is refused.
func another(member string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		a, err := r.source(ctx)
		if err != nil {
			return err
		}
		if a.text(member) == "" {
			return skip("with the subject token comes no " + member)
		}
		a, err = r.exchange(ctx, r.Requester, a.text(member))
		return refused(a, err)
	}
}

// other is another character of base64url.
func other(c byte) byte {
	switch c {
	case 'A':
		return 'B'
	case '.':
		return 'A'
	}
	return 'A'
}

// subjectClient is the client that the subject token is issued to, as far as the target tells.
func (r *run) subjectClient() (Client, bool) {
	if r.Subject.Client.ID != "" {
		return r.Subject.Client, true
	}
	id := r.Subject.Form["client_id"]
	return Client{id, r.Subject.Form["client_secret"]}, id != ""
}
