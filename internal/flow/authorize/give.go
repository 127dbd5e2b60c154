package authorize

import (
	"context"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

// give is the answer to the client: a code, tokens, or nothing but that the user is signed in.
func (a *Authorizer) give(ctx context.Context, t *Turn, s *session.Session, g *session.Grant) (*Outcome, error) {
	q := &t.Attempt.Request
	if q.Device != "" {
		late, err := a.Devices.Approve(ctx, t, *s)
		if late {
			return &Outcome{Redirect: t.URL("/device/status?error=" + string(oauth.ExpiredToken))}, err
		}
		return &Outcome{Redirect: t.URL("/device/status")}, err
	}
	var fields []Field
	if q.State != nil {
		fields = append(fields, Field{"state", *q.State})
	}
	fields = append(fields, Field{"session_state", s.ID}, Field{"iss", t.At.Realm.Issuer(t.At.Base)})
	if t.Attempt.Outcome != "" {
		if t.Attempt.Outcome != outcomeError || t.Attempt.Proven() { // as recorded
			fields = append(fields, Field{"kc_action", q.Action})
		}
		fields = append(fields, Field{"kc_action_status", t.Attempt.Outcome})
	}
	code := ""
	if q.ResponseType.Code {
		var err error
		if code, err = a.newCode(ctx, t, s); err != nil {
			return nil, err
		}
		fields = append(fields, Field{"code", code})
	}
	if q.ResponseType.Tokens() {
		tokens, err := a.front(ctx, t, s, g, code)
		if err != nil {
			return nil, err
		}
		fields = append(fields, tokens...)
	}
	return a.answer(ctx, t.At, q, fields)
}

// newCode makes a code and keeps what its exchange is held against.
func (a *Authorizer) newCode(ctx context.Context, t *Turn, s *session.Session) (string, error) {
	q, id := &t.Attempt.Request, a.NewID()
	code := id + "." + s.ID + "." + t.Client.Key
	kept := session.Code{Session: s.ID, Client: t.Client.Key, Scope: q.Scope, Nonce: q.Nonce, Resource: q.Resource,
		Challenge: q.Challenge, ChallengeMethod: q.ChallengeMethod, ProofKey: q.ProofKey, Issued: t.At.Now, Expires: t.At.Now.Add(t.At.Realm.Lifespans.Code)}
	if q.RedirectSent {
		kept.RedirectURI = q.RedirectURI
	}
	return code, a.Codes.AddCode(ctx, t.At.Realm.Key, code, kept)
}

// front are the tokens of the implicit and the hybrid flow, as parameters.
func (a *Authorizer) front(ctx context.Context, t *Turn, s *session.Session, g *session.Grant, code string) ([]Field, error) {
	q := &t.Attempt.Request
	ask := grant.FrontRequest{At: t.At, Client: t.Client, User: t.User, Session: s, Grant: g, Nonce: q.Nonce, Resource: q.Resource, Code: code,
		Token: q.ResponseType.Token, IDToken: q.ResponseType.IDToken}
	if q.State != nil {
		ask.State = *q.State
	}
	tokens, err := a.Tokens.Front(ctx, ask)
	if err != nil {
		return nil, err
	}
	t.Event.Set("token_id", tokens.ID)
	t.Event.Set("scope", tokens.Scope)
	var fields []Field
	if tokens.IDToken != "" {
		fields = append(fields, Field{"id_token", tokens.IDToken})
	}
	if tokens.AccessToken != "" {
		fields = append(fields, Field{"access_token", tokens.AccessToken}, Field{"token_type", tokens.TokenType},
			Field{"expires_in", strconv.FormatInt(tokens.ExpiresIn, 10)})
	}
	return fields, nil
}
