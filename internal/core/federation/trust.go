package federation

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Trust is how far tokens of a provider may be exchanged for tokens of this realm (tokenhouse.exchange.*).
type Trust struct {
	Exchange  bool      // trusted: its tokens may be subjects
	Audiences *[]string // audience: that tokens may be for; nil: the realm's issuer URL and the provider's clientId
	Clients   []string  // clients: those of the provider whose tokens count, whoever they are for
	Requester string    // requester: client_id of the public client that asks where no client does
}

// The settings of Trust in a provider's config.
const (
	SettingTrusted   = "tokenhouse.exchange.trusted"
	SettingAudience  = "tokenhouse.exchange.audience"
	SettingClients   = "tokenhouse.exchange.clients"
	SettingRequester = "tokenhouse.exchange.requester"
)

// TrustIn reads how far a provider is trusted. What is not the text "true" is no trust.
func TrustIn(p *realm.Provider) Trust {
	t := Trust{Exchange: p.Config[SettingTrusted] == "true", Clients: listed(p.Config[SettingClients]), Requester: p.Config[SettingRequester]}
	if text, ok := p.Config[SettingAudience]; ok {
		all := listed(text)
		t.Audiences = &all
	}
	return t
}

// listed takes a list of settings apart.
func listed(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "##"), func(s string) bool { return s == "" })
}

// Named is the provider of a realm that an alias or an issuer means; nil where none does. Of several with one issuer it
// is the first whose tokens may be exchanged: that one of them is switched off is no way around the others, whose users
// are their own.
func Named(r *realm.Realm, name string) *realm.Provider {
	if name == "" {
		return nil
	}
	if p := r.Provider(name); p != nil {
		return p
	}
	return firstOf(r, name, Read, func(p *realm.Provider) bool { return TrustIn(p).Exchange })
}

// firstOf is the first provider of a realm that says that it is this issuer, as read tells, and is on and trusted; or
// else the first that says so.
func firstOf(r *realm.Realm, issuer string, read func(*realm.Provider) (Settings, bool), trusted func(*realm.Provider) bool) *realm.Provider {
	var first *realm.Provider
	for _, p := range r.Providers() {
		s, ok := read(p)
		if !ok || !s.MayBe(issuer) {
			continue
		}
		if first = cmp.Or(first, p); p.Enabled && trusted(p) {
			return p
		}
	}
	return first
}

// Vouches tells whether assertions of a provider are grants, whether or not it is switched on.
func Vouches(p *realm.Provider) bool {
	s, ok := ReadIssuer(p)
	return ok && s.Grants().Enabled
}

// Vouching is the provider of a realm by whose assertions something came that says that this issuer made them; nil where none
// has it. Of several it is the first whose assertions are taken, as Named has it.
func Vouching(r *realm.Realm, issuer string) *realm.Provider {
	return firstOf(r, issuer, ReadIssuer, Vouches)
}

// ErrType is a token of a kind that nobody may exchange.
var ErrType = claimsf("it is neither an access nor an ID token")

// CheckSubject judges the claims of a token that somebody who is not the provider brings to be exchanged, whatever kind
// of token they say it is: iss, sub, exp, iat, nbf, typ, and for whom or by whom it was issued; here is the realm's issuer
// URL. The signature is not looked at, and a key that the token is bound to (cnf) is for who issues another to ask for.
// An error wraps ErrClaims.
func (s *Settings) CheckSubject(f Foreign, t Trust, here string, now time.Time) error {
	switch {
	case len(s.Issuers) == 0:
		return claimsf("the provider's settings name no issuer")
	case f.Subject == "":
		return claimsf("it is about nobody")
	case f.IssuedAt == 0:
		return claimsf("it does not say when it was issued")
	case f.Expires != 0 && !now.Before(time.Unix(f.Expires, 0).Add(s.Skew)):
		return claimsf("it has expired") // to the second: who brings it may be anybody
	}
	if err := s.CheckToken(f, now); err != nil {
		return err
	}
	if !s.exchangeable(f) {
		return ErrType
	}
	return s.checkAudience(f, t, here)
}

// exchangeable tells whether a token is of a kind that says who is acting: an access or an ID token, as Keycloak's claim
// typ has it. Where disableTypeClaimCheck says that the provider has no such claim, what tells of events (RFC 8417), as
// logout tokens do, is still none; nor is ever what its header says is another kind of JWT (RFC 8725 §3.11), as an identity
// assertion, which is good once, and for the client that it names.
func (s *Settings) exchangeable(f Foreign) bool {
	if f.Claims.Get("events") != nil || !plain(f.HeaderType) {
		return false
	}
	return f.Type == token.TypBearer || f.Type == token.TypDPoP || f.Type == token.TypID || s.on("disableTypeClaimCheck")
}

// plain tells whether header "typ" is one of access and ID tokens (RFC 7519 §5.1, RFC 9068 §2.1), or absent.
func plain(header string) bool {
	switch strings.TrimPrefix(strings.ToLower(header), "application/") {
	case "", "jwt", "at+jwt":
		return true
	}
	return false
}

// checkAudience asks that the token was meant to come here: that it is for one of the audiences, or was issued to one of
// the clients. Of a token that says neither nobody knows who may have it.
func (s *Settings) checkAudience(f Foreign, t Trust, here string) error {
	audiences := []string{here, s.ClientID}
	if t.Audiences != nil {
		audiences = *t.Audiences
	}
	for _, a := range f.Audience {
		if a != "" && slices.Contains(audiences, a) {
			return nil
		}
	}
	if f.Client != "" && slices.Contains(t.Clients, f.Client) {
		return nil
	}
	return claimsf("it is not for this realm, and not issued to a client that counts: aud %q, azp %q", f.Audience, f.Client)
}
