package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// requesters are about who asks.
var requesters = []Case{
	{"client/wrong-secret", Must, "RFC 6749 §5.2", "a client with a wrong secret is refused, by 401", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, Client{r.Requester.ID, r.Requester.Secret + "x"}, subject)
		if err := refused(a, err, "invalid_client", "unauthorized_client"); err != nil {
			return err
		}
		if a.status != http.StatusUnauthorized {
			return fmt.Errorf("answered %s", a)
		}
		return nil
	}},
	{"client/unknown", Must, "RFC 6749 §5.2", "a client that there is not is refused", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, Client{"conformance-no-such-client", "secret"}, subject)
		return refused(a, err, "invalid_client", "unauthorized_client")
	}},
	{"client/no-credentials", Must, "RFC 8693 §5", "a confidential client that only says its id is refused", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, Client{}, subject, "client_id", r.Requester.ID)
		return refused(a, err, "invalid_client", "unauthorized_client")
	}},
	{"client/nobody", Must, "RFC 8693 §5", "an exchange that nobody asks for is refused", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, Client{}, subject)
		return refused(a, err)
	}},
	{"client/public", Must, "RFC 8693 §5", "a client without credentials is refused that nobody let exchange", func(ctx context.Context, r *run) error {
		if r.Public == "" {
			return skip("the target names no public client")
		}
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, Client{}, subject, "client_id", r.Public)
		return refused(a, err)
	}},
	{"client/two-at-once", Must, "RFC 6749 §2.3", "a request by two clients is refused, or is the one's who proved it", func(ctx context.Context, r *run) error {
		if r.Outsider.ID == "" {
			return skip("the target names no outsider")
		}
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		a, err := r.exchange(ctx, r.Outsider, subject, "client_id", r.Requester.ID)
		return refused(a, err)
	}},
	{"client/secret-in-the-address", Must, "RFC 6749 §2.3.1", "a secret in the address is not read", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		where := r.TokenEndpoint + "?" + url.Values{"client_id": {r.Requester.ID}, "client_secret": {r.Requester.Secret}}.Encode()
		a, err := r.post(ctx, where, Client{}, r.request(subject))
		return refused(a, err)
	}},
	{"client/secret-not-told", Must, "RFC 9700 §4.2", "no answer repeats the secret or the subject token", func(ctx context.Context, r *run) error {
		subject, err := r.subject(ctx)
		if err != nil {
			return err
		}
		for _, pairs := range [][]string{{"audience", "conformance-no-such-audience"}, {"subject_token_type", "urn:example:nothing"}} {
			a, err := r.exchange(ctx, r.Requester, subject, pairs...)
			if err != nil {
				return err
			}
			if says(a.members, subject) || says(a.members, r.Requester.Secret) {
				return errors.New("it does")
			}
		}
		return nil
	}},
}
