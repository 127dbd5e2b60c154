package exchange

import (
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
)

// plain refuses the parameters of Keycloak's legacy exchange (S1–S3): what they ask for is not what
// would be issued. Those that Keycloak passes over it names in the trace.
func plain(s *state, t *explain.Trace) *oauth.Error {
	for _, name := range s.Unread {
		t.Add(explain.ExchangeUnsupported, explain.Skipped, name)
	}
	for _, name := range []string{"requested_subject", "requested_issuer", "subject_issuer"} {
		if name == "subject_issuer" && TakesForeign(s.Client) {
			continue
		}
		if slices.Contains(s.Legacy, name) {
			t.Add(explain.ExchangeUnsupported, explain.Denied, name, "not supported for standard token exchange")
			return refuse("Parameter '" + name + "' is not supported for standard token exchange")
		}
	}
	return nil
}

// enabled asks for the requester's switch (S4). A public client has one of its own, and so have tokens of other issuers.
func enabled(s *state, t *explain.Trace) *oauth.Error {
	if !switchedOn(s.Client) && !(s.fromAbroad() && TakesForeign(s.Client)) {
		t.Add(explain.ExchangeEnabled, explain.Denied, s.Client.ID)
		return refuse("Standard token exchange is not enabled for the requested client")
	}
	t.Add(explain.ExchangeEnabled, explain.Allowed, s.Client.ID)
	return nil
}

// presented asks for a subject token of the only type that is exchanged (S5–S7).
func presented(s *state, t *explain.Trace) *oauth.Error {
	deny := func(text string) *oauth.Error {
		t.Add(explain.ExchangeSubject, explain.Denied, "", text)
		return refuse(text)
	}
	switch {
	case s.Subject == nil:
		return deny("Parameter 'subject_token' required for standard token exchange")
	case s.SubjectType == nil:
		return deny("Parameter 'subject_token_type' required for standard token exchange")
	case s.Foreign != nil:
		if !slices.Contains(foreignTypes, *s.SubjectType) {
			return deny("Parameter 'subject_token' supports access tokens, ID tokens and JWTs of other issuers only")
		}
	case *s.SubjectType != oauth.TypeAccessToken:
		return deny("Parameter 'subject_token' supports access tokens only")
	}
	return nil
}

// valid asks that the subject token was found valid (T1).
func valid(s *state, t *explain.Trace) *oauth.Error {
	if s.Foreign != nil {
		return s.verified(t)
	}
	if s.Subject.Token == nil || s.Subject.User == nil {
		flaw := s.Subject.Flaw
		if flaw == "" {
			flaw = "not a valid access token"
		}
		t.Add(explain.ExchangeSubject, explain.Denied, "", flaw)
		return oauth.Errorf(oauth.InvalidRequest, "Invalid token").
			InEvent("invalid_token", "subject_token validation failure")
	}
	t.Add(explain.ExchangeSubject, explain.Allowed, s.Subject.User.Username, s.Subject.Token.Client)
	return nil
}

// proven asks for proof of the key that a subject token is bound to (T2), by the client that it was issued to; of
// another issuer's token, whose clients are not here, by whoever brings it. What
// is issued is bound to the key that was proved, so that an exchange sets nothing free.
func proven(s *state, t *explain.Trace) *oauth.Error {
	if s.Subject.Token.Confirmation == nil {
		return nil
	}
	if s.Foreign == nil && s.Subject.Token.Client != s.Client.ID {
		const text = "Sender-constrained token exchange rejected as the token was not issued for the requesting client"
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "bound to another client")
		return refuse(text)
	}
	no, refused := errors.AsType[*oauth.Error](proof.Match(s.Subject.Token.Confirmation, s.Key))
	switch {
	case !refused:
		t.Add(explain.ExchangeProof, explain.Allowed, s.Client.ID)
	case errors.Is(no, proof.ErrOtherKey):
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "the proof is by another key")
	default:
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "no proof")
	}
	return no
}

// holding asks that the subject token was issued to the requester, or names it as an audience (A4). Whom another
// issuer's token is for was asked of the token: see federation.Settings.CheckSubject.
func holding(s *state, t *explain.Trace) *oauth.Error {
	switch {
	case s.Foreign != nil:
		return nil
	case s.Subject.Token.Client == s.Client.ID:
		t.Add(explain.ExchangeHolder, explain.Allowed, s.Client.ID, "the subject token was issued to it")
		return nil
	case TakesOthers(s.Client) && slices.Contains(s.Subject.Token.Audience, s.Client.ID):
		t.Add(explain.ExchangeHolder, explain.Allowed, s.Client.ID, "named in the subject token's audience")
		return nil
	}
	t.Add(explain.ExchangeHolder, explain.Denied, s.Client.ID)
	return oauth.Errorf(oauth.AccessDenied, "Client is not within the token audience").
		InEvent("not_allowed", "client is not within the token audience")
}

// refuse is how most rules refuse: the caller and the event are told the same.
func refuse(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_request", text)
}
