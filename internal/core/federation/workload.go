package federation

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// CheckAssertion judges the claims of a token that is to prove client c to the realm with this issuer: that the
// provider speaks for it, that c is who it is about, that whoever has it is c, the conditions, the audience, the times. It gives
// the time from which the token is refused as too old. The signature is not looked at, nor whether the token was used
// before. An error is a Flaw, or wraps ErrClaims where the token is not the provider's to give.
func (v *Voucher) CheckAssertion(f Foreign, c *realm.Client, issuer string, now time.Time) (until time.Time, err error) {
	switch {
	case f.Subject == "", f.Subject != c.AuthSubject, !v.Speaks(f.Issuer, f.Subject), v.domain == "" && !v.Issued(f):
		return until, claimsf("it is not about client %q", c.ID)
	}
	if why := f.elsewhere(); why != "" {
		return until, claimsf("whoever has it may be somebody else than it is about: %s", why)
	}
	for _, want := range v.Claims {
		if !want.holds(f.Claims) {
			return until, claimsf("claim %s is not as the provider's settings ask", want.Claim)
		}
	}
	audience := cmp.Or(v.Audience, issuer)
	until, flaw := v.Terms.Timely(f, now)
	if flaw = cmp.Or(Addressed(f, audience), flaw, v.Terms.Countable(f)); flaw != "" {
		return until, flaw
	}
	return until, nil
}

// elsewhere is the claim by which others than whom the token is about may have it: it is bound to a key, whoever has that;
// somebody acts by it; or a client got it in exchange for another's token. Empty where it has none.
func (f Foreign) elsewhere() string {
	for _, name := range []string{"cnf", "act"} {
		if f.Claims.Get(name) != nil {
			return name
		}
	}
	const path = "exchange_path"
	claims, err := f.only(path)
	if err != nil || slices.ContainsFunc(claims.Path, func(h token.Hop) bool { return h.Issuer != "" || h.Client != f.Client }) {
		return path
	}
	return "" // its own client exchanged it, as for a narrower audience
}

// CheckWorkload refuses a client of realm.MethodForeign that others than the one meant could be: one whose subject
// is missing, a pattern, or nothing that its provider p names like that. A nil p, which may come later, tells
// nothing of subjects. An error is a *fault.Invalid.
func CheckWorkload(c *realm.Client, p *realm.Provider) error {
	if c.Authenticator != realm.MethodForeign {
		return nil
	}
	const ofProvider, ofSubject = "attributes.jwt.credential.issuer", "attributes.jwt.credential.sub"
	switch {
	case c.AuthProvider == "":
		return &fault.Invalid{Field: ofProvider, Message: "federated-jwt needs the alias of the provider whose tokens prove the client"}
	case c.AuthSubject == "":
		return &fault.Invalid{Field: ofSubject, Message: "federated-jwt needs the subject that the client is at its provider: any of the provider's could be the client else"}
	case strings.Contains(c.AuthSubject, "*"):
		return &fault.Invalid{Field: ofSubject, Message: "a subject is compared as it stands, and has no wildcard"}
	}
	if p == nil || likeSubject(p, c.AuthSubject) {
		return nil
	}
	return &fault.Invalid{Field: ofSubject, Message: c.AuthSubject + " is no subject of provider " + p.Alias}
}

// likeSubject tells whether a provider has subjects that read so.
func likeSubject(p *realm.Provider, subject string) bool {
	switch p.Kind {
	case KindKubernetes:
		account, ok := strings.CutPrefix(subject, "system:serviceaccount:")
		namespace, name, both := strings.Cut(account, ":")
		return ok && both && namespace != "" && name != ""
	case KindSPIFFE:
		path, ok := strings.CutPrefix(subject, p.Config["trustDomain"]+"/")
		return ok && path != "" && !strings.HasSuffix(path, "/")
	}
	return true
}
