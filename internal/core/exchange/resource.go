package exchange

import (
	"errors"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// resourced reads parameter "resource" (RFC 8693 §2.1, RFC 8707): the clients that the resources are of are the audiences, as
// if they had been named. With "audience" beside it both say the same, or nothing is granted. A token that a client was
// given for some resources it does not exchange for others, nor for all by saying nothing.
func resourced(s *state, t *explain.Trace) *oauth.Error {
	asked, implied := s.askedResources(t)
	if len(asked) == 0 {
		return nil
	}
	deny := func(uri, why string, no error) *oauth.Error {
		t.Add(explain.ExchangeResource, explain.Denied, uri, why)
		refusal, ok := errors.AsType[*oauth.Error](no)
		if !ok {
			refusal = audience.InvalidTarget(uri)
		}
		return refusal
	}
	if bound := s.boundResources(); bound != nil {
		if _, err := audience.Choose(bound, asked); err != nil {
			return deny(asked[0], "the subject token was not asked for it", err)
		}
	}
	var clients []string
	for _, uri := range asked {
		owner, err := audience.Targets(s.Realm, []string{uri})
		switch {
		case err != nil:
			return deny(uri, "no resource of an enabled client", err)
		case len(s.Audiences) > 0 && !slices.Contains(s.Audiences, owner[0]):
			if implied { // the audiences choose among the resources
				continue
			}
			return deny(uri, "its client "+owner[0]+" is not among the audiences named", nil)
		}
		t.Add(explain.ExchangeResource, explain.Allowed, uri, owner[0])
		s.resources = append(s.resources, uri)
		if !slices.Contains(clients, owner[0]) {
			clients = append(clients, owner[0])
		}
	}
	for _, id := range s.Audiences {
		if !slices.Contains(clients, id) {
			s.targets = []string{id}
			return deny(id, "none of the resources is of it", nil)
		}
	}
	s.Audiences = clients
	return nil
}

// askedResources are the resources that the exchange is for: those named, or, implied, those of the subject token.
func (s *state) askedResources(t *explain.Trace) (asked []string, implied bool) {
	if len(s.Resources) == 0 {
		bound := s.boundResources()
		for _, uri := range bound {
			t.Add(explain.ExchangeResource, explain.Kept, uri)
		}
		return bound, true
	}
	if s.boundResources() == nil && !audience.ReadsResources(s.Realm, s.Resources) {
		for _, uri := range s.Resources {
			t.Add(explain.ExchangeResource, explain.Skipped, uri)
		}
		return nil, false
	}
	for _, uri := range s.Resources {
		if !slices.Contains(asked, uri) {
			asked = append(asked, uri)
		}
	}
	return asked, false
}

// boundResources are those that the requester was given the subject token for; nil where it was given for none, or to
// another client: a client that is asked goes on to others. The client and the resources of another issuer's token are
// that issuer's, whatever they are called.
func (s *state) boundResources() []string {
	if s.Foreign != nil || s.Subject.Token.Client != s.Client.ID {
		return nil
	}
	return s.Subject.Token.RequestedResource
}

func fixResource(s *state, d Decision) []explain.Fix {
	bound := s.boundResources()
	switch {
	case bound != nil && s.Outward != nil:
		return say("send a token that was asked for without parameter resource")
	case bound != nil:
		return say("ask for a new token without parameter resource, or for resources among %q", bound)
	}
	out := say("name resources of enabled clients: urn:client:<clientId>, or one that a client lists in %s", attributeResources)
	for _, id := range s.Audiences {
		if c := s.Realm.Client(id); c != nil && len(s.Resources) == 1 && s.Realm.ClientOfResource(s.Resources[0]) == nil && audience.WellFormed(s.Resources[0]) {
			out = append(out, do("say that "+s.Resources[0]+" is a resource of "+id,
				s.set(c, explain.Attribute(attributeResources, strings.Join(append(slices.Clone(c.Resource), s.Resources[0]), "##"))))...)
		}
	}
	return out
}
