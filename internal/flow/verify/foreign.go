package verify

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// workload is the client that a token of another issuer is about, and how far its provider vouches for it. Nothing is
// proven by it.
type workload struct {
	client  *realm.Client // nil: none, or several
	voucher federation.Voucher
}

// workload finds the enabled client of MethodForeign that the request's assertion is about: that its subject
// stands for at an enabled provider which speaks for the token, where assertions of this type are taken. Where several
// clients fit, it is none of them.
func (c *Credentials) workload(r *realm.Realm, a *assertion) (found workload) {
	if a == nil || c.AssertionType == nil {
		return workload{}
	}
	for _, client := range r.Workloads(a.Subject) {
		provider := r.Provider(client.AuthProvider)
		if !client.Enabled || provider == nil || !provider.Enabled || federation.CheckWorkload(client, provider) != nil {
			continue
		}
		voucher, asked, err := federation.ReadVoucher(provider)
		if err != nil || !asked || voucher.AssertionType != *c.AssertionType || !voucher.Speaks(a.Issuer, a.Subject) {
			continue
		}
		if found.client != nil {
			return workload{}
		}
		found = workload{client, voucher}
	}
	return found
}

// Keycloak records of these no reason, but the code alone.
var (
	errOtherClient      = foreignRefusal("client_id parameter does not match authenticated client")
	errForeignAlgorithm = foreignRefusal(string(federation.OtherAlg))
)

func foreignRefusal(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidClient, "%s", text).InEvent("invalid_client_credentials", "")
}

// foreign checks that a client is who it says by a token of another issuer (RFC 7523 §2.2). found is whom
// the request's assertion a is about. The signature is checked before what it signs, and the jti is used up only by
// a token that is good in every other way. Why a token is not the issuer's to give, the caller is not told.
func (v *Verifier) foreign(ctx context.Context, at At, c *realm.Client, found workload, a *assertion) error {
	switch {
	case found.client == nil, v.Foreign == nil:
		return errAuthenticator
	case found.client.Key != c.Key:
		return errOtherClient
	case !federation.Asymmetric(a.jws.Header.Alg):
		return errForeignAlgorithm
	}
	said, err := v.voucher(ctx, at, &found.voucher, a)
	if err != nil {
		return err
	}
	until, err := found.voucher.CheckAssertion(said, c, at.Realm.Issuer(at.Base), at.Now)
	if err != nil {
		if flaw, ok := errors.AsType[federation.Flaw](err); ok {
			return foreignRefusal(string(flaw))
		}
		return errAuthenticator.Because(err)
	}
	if found.voucher.Terms.Reuse {
		return nil
	}
	first, err := v.once(ctx, at, c, said.ID, until.Add(skew)) // a node whose clock is slow takes it till then
	if err == nil && !first {
		err = foreignRefusal(string(federation.Reused))
	}
	return err
}

// voucher is what a token says that its issuer stands by. That of another server signed it. Another realm of this one does as
// long as its own clients could use the token, whatever the provider's settings say of keys.
func (v *Verifier) voucher(ctx context.Context, at At, by *federation.Voucher, a *assertion) (federation.Foreign, error) {
	var home *realm.Realm
	if by.MayBe(a.Issuer) { // by whose trust domain alone a token is known, may call its issuer what it likes
		var err error
		switch home, err = v.beside(ctx, at, a.Issuer); {
		case errors.Is(err, ErrNeighbour):
			return federation.Foreign{}, errAuthenticator.Because(err)
		case err != nil:
			return federation.Foreign{}, err
		}
	}
	if home == nil {
		said, err := v.Foreign.Verify(ctx, &by.Settings, a.compact)
		if err != nil {
			return said, errAuthenticator.Because(err)
		}
		return said, nil
	}
	switch _, err := v.PersonToken(ctx, At{Realm: home, Base: at.Base, Now: at.Now}, a.compact); {
	case Why(err) != "":
		return federation.Foreign{}, errAuthenticator.Because(err)
	case err != nil:
		return federation.Foreign{}, err
	}
	return federation.Peek(a.compact)
}

// beside is the other realm of this server that has an issuer; see Beside.
func (v *Verifier) beside(ctx context.Context, at At, issuer string) (*realm.Realm, error) {
	if v.Realms == nil {
		return nil, ErrNeighbour
	}
	return Beside(ctx, v.Realms, at, issuer)
}
