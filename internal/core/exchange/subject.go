package exchange

import (
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// plain refuses the parameters of Keycloak's legacy exchange (S1–S3): what they ask for is not what
// would be issued.
func plain(s *state, t *explain.Trace) *oauth.Error {
	if s.unimpersonating() {
		return unknown("requested_subject", t)
	}
	switch {
	case slices.Contains(s.Legacy, "requested_issuer"):
		return unknown("requested_issuer", t)
	case (s.Foreign != nil || slices.Contains(s.Legacy, "subject_issuer")) && !TakesForeign(s.Client):
		return unknown("subject_issuer", t)
	}
	return nil
}

func unknown(parameter string, t *explain.Trace) *oauth.Error {
	t.Add(explain.ExchangeUnsupported, explain.Denied, parameter, "not supported for standard token exchange")
	return refuse("Parameter '" + parameter + "' is not supported for standard token exchange")
}

// enabled asks for the requester's switch (S4). A public client has one of its own, and so have tokens of other issuers.
// Who asks to impersonate hears of it in the words of that rule.
func enabled(s *state, t *explain.Trace) *oauth.Error {
	if s.As != nil {
		return nil
	}
	on := switchedOn(s.Client)
	if s.fromAbroad() {
		on = TakesForeign(s.Client)
	}
	if !on {
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
	case *s.SubjectType != oauth.TypeAccessToken && s.As != nil: // as Keycloak's legacy exchange says it
		const text = "Invalid token type, must be access token"
		t.Add(explain.ExchangeSubject, explain.Denied, "", text)
		return refuse(text).InEvent("invalid_token", text)
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
	if !s.Subject.valid() {
		t.Add(explain.ExchangeSubject, explain.Denied, "", s.Subject.flaw())
		return oauth.Errorf(oauth.InvalidRequest, "Invalid token").
			InEvent("invalid_token", "subject_token validation failure")
	}
	t.Add(explain.ExchangeSubject, explain.Allowed, s.Subject.User.Username, s.Subject.Token.Client)
	return nil
}

// proven asks for proof of the key, or the certificate, that a subject token is bound to (T2), by the client that it was
// issued to; of another issuer's token, whose clients are not here, by whoever brings it. What is issued is bound to what
// was proved, so that an exchange sets nothing free.
func proven(s *state, t *explain.Trace) *oauth.Error {
	return s.prove(s.Subject.Token, s.Foreign != nil || s.Subject.Token.Client == s.Client.ID, t)
}

// prove asks for proof of the key that a token is bound to, which the requester may hold or not.
func (s *state) prove(held *token.Verified, mayHold bool, t *explain.Trace) *oauth.Error {
	if held.Confirmation == nil {
		return nil
	}
	if !mayHold {
		const text = "Sender-constrained token exchange rejected as the token was not issued for the requesting client"
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "bound to another client")
		return refuse(text)
	}
	no, refused := errors.AsType[*oauth.Error](proof.Match(held.Confirmation, s.Proved))
	switch {
	case !refused:
		t.Add(explain.ExchangeProof, explain.Allowed, s.Client.ID)
	case errors.Is(no, proof.ErrOtherKey):
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "the proof is by another key")
	case errors.Is(no, proof.ErrCertificate):
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "no certificate, or another one")
	default:
		t.Add(explain.ExchangeProof, explain.Denied, s.Client.ID, "no proof")
	}
	return no
}

// holding asks that the subject token was issued to the requester, or names it as an audience (A4). Whom another
// issuer's token is for was asked of the token: see federation.Settings.CheckSubject.
func holding(s *state, t *explain.Trace) *oauth.Error {
	if s.Foreign != nil {
		return nil
	}
	if s.holds(s.Subject.Token) {
		how := "named in the subject token's audience"
		if s.Subject.Token.Client == s.Client.ID {
			how = "the subject token was issued to it"
		}
		t.Add(explain.ExchangeHolder, explain.Allowed, s.Client.ID, how)
		return nil
	}
	t.Add(explain.ExchangeHolder, explain.Denied, s.Client.ID)
	return oauth.Errorf(oauth.AccessDenied, "Client is not within the token audience").
		InEvent("not_allowed", "client is not within the token audience")
}

// holds tells whether a token is the requester's to bring: issued to it, or for it.
func (s *state) holds(held *token.Verified) bool {
	return held.Client == s.Client.ID || TakesOthers(s.Client) && slices.Contains(held.Audience, s.Client.ID)
}

// refuse is how most rules refuse: the caller and the event are told the same.
func refuse(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_request", text)
}
