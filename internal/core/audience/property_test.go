package audience_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

// drawn is a drawn realm one of whose users asks for a token of c0, which is enabled.
func drawn(t *rapid.T) audience.Request {
	r := realmdraw.Realm(t, slices.Concat(realmdraw.Adding, []string{"oidc-role-name-mapper"}))
	asks := *r.Client("c0")
	asks.Enabled = true
	d := realm.Edit(r)
	d.PutClient(&asks)
	q := audience.Request{
		Realm: d.Realm(), Issuer: realmdraw.Issuer, Client: d.Realm().Client("c0"),
		Scope: rapid.SampledFrom([]string{"", "s0", "openid s1 s2", "s0 s1 s2 s3 s4"}).Draw(t, "scope"),
		Use:   rapid.SampledFrom([]mapper.Use{mapper.Access, mapper.Access, mapper.Lightweight, mapper.Introspection}).Draw(t, "use"),
	}
	if rapid.IntRange(0, 5).Draw(t, "user") > 0 {
		q.User = realmdraw.Somebody(t, q.Realm)
		q.User.Groups = []*realm.Group{{Key: "g", Name: "g", Roles: realmdraw.Somebody(t, q.Realm).Roles}}
	}
	return q
}

// TestAudiencesAreOpen: an audience that is a client is enabled, and comes once.
func TestAudiencesAreOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		r := audience.Resolve(q)
		for i, name := range r.Audiences {
			if c := q.Realm.Client(name); c != nil && !c.Enabled {
				t.Errorf("%s is disabled", name)
			}
			if slices.Contains(r.Audiences[:i], name) {
				t.Errorf("%s comes twice", name)
			}
		}
		for _, role := range r.Roles {
			if c := q.Realm.Client(role.Client); role.Client != "" && (c == nil || !c.Enabled) {
				t.Errorf("role %s is of no open client", role)
			}
		}
	})
}

// TestNarrowingIsMonotone: what is granted was asked for and is reachable or permitted; asking again for what was
// granted grants the same; nothing vanishes without being called missing.
func TestNarrowingIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		q.KeepScopes = true
		all := audience.Resolve(q)
		q.Audiences = rapid.SliceOfN(rapid.SampledFrom(realmdraw.Targets), 1, 4).Draw(t, "audiences")
		q.Permitted = rapid.SliceOfN(rapid.SampledFrom(realmdraw.Targets), 0, 3).Draw(t, "permitted")
		r := audience.Resolve(q)
		for _, name := range r.Audiences {
			if !slices.Contains(q.Audiences, name) {
				t.Errorf("%s was not asked for", name)
			}
			if !slices.Contains(all.Audiences, name) && !slices.Contains(q.Permitted, name) {
				t.Errorf("%s is not reachable", name)
			}
		}
		for _, name := range q.Audiences {
			if slices.Contains(r.Audiences, name) == slices.Contains(r.Missing, name) {
				t.Errorf("%s is granted and missing, or neither: %v, %v", name, r.Audiences, r.Missing)
			}
		}
		if len(r.Audiences) == 0 {
			return
		}
		q.Audiences = r.Audiences
		again := audience.Resolve(q)
		if diff := cmp.Diff(r.Audiences, again.Audiences); diff != "" || again.Missing != nil {
			t.Errorf("asked for what was granted (-first +second), missing %v:\n%s", again.Missing, diff)
		}
	})
}

// TestRolesAreHeld: but for those that mappers make up, a token carries roles that the user has; and a filter
// never adds one.
func TestRolesAreHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		r := audience.Resolve(q)
		has := &realm.RoleSet{}
		if q.User != nil {
			has = q.User.RolesIn(q.Realm)
		}
		for _, role := range r.Held.All() {
			if !has.Has(role) {
				t.Errorf("the user has no role %s", role.Name)
			}
		}
		q.Audiences = []string{"c1"}
		narrowed := audience.Resolve(q)
		for _, role := range narrowed.Held.All() {
			if !r.Held.Has(role) {
				t.Errorf("the filter added role %s", role.Name)
			}
		}
	})
}

// TestExplainingChangesNothing: the decision is the same with a trace and without, and the second time.
func TestExplainingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		q.Audiences = rapid.SliceOfN(rapid.SampledFrom(realmdraw.Targets), 0, 3).Draw(t, "audiences")
		before := snapshot(t, q)
		plain := audience.Resolve(q)
		q.Explain = true
		explained := audience.Resolve(q)
		audience.Fixes(q, "c3")
		q.Explain = false
		third := audience.Resolve(q)
		for _, other := range []audience.Resolution{explained, third} {
			if diff := cmp.Diff(outcome(plain), outcome(other)); diff != "" {
				t.Errorf("(-first +other):\n%s", diff)
			}
		}
		if plain.Trace != nil || explained.Trace == nil {
			t.Errorf("traces: %v, %v", plain.Trace, explained.Trace)
		}
		if diff := cmp.Diff(before, snapshot(t, q)); diff != "" {
			t.Errorf("the request was changed:\n%s", diff)
		}
	})
}

func outcome(r audience.Resolution) []any {
	return []any{r.ScopeClaim(), r.RefreshScope(), r.Roles, r.Audiences, r.Missing}
}

// snapshot is everything that a decision reads, as text.
func snapshot(t *rapid.T, q audience.Request) string {
	out, err := json.Marshal([]any{q.Realm.Clients(), q.Realm.Scopes(), q.Realm.Roles(), q.User, q.Audiences, q.Scope})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestFixesWork does what each fix says to a copy of the realm, and sees the audience appear.
func TestFixesWork(t *testing.T) {
	offered := 0
	rapid.Check(t, func(t *rapid.T) {
		q := drawn(t)
		if rapid.Bool().Draw(t, "exchange") {
			q.Audiences = rapid.SliceOfNDistinct(rapid.SampledFrom(realmdraw.Targets), 1, 3, rapid.ID[string]).Draw(t, "audiences")
		}
		want := rapid.SampledFrom(realmdraw.Targets).Draw(t, "want")
		there := contains(audience.Resolve(q).Audiences, want)
		fixes := audience.Fixes(q, want)
		if there && len(fixes) > 0 {
			t.Fatalf("%s is there, and there are fixes: %v", want, fixes)
		}
		if !there && len(fixes) == 0 {
			t.Fatalf("%s is not there, and nothing helps", want)
		}
		for _, fix := range fixes {
			offered++
			d := realm.Edit(q.Realm)
			f := &realmtest.Fixture{Draft: d, Realm: d.Realm(), Accounts: make([]user.Account, 1)}
			next := q
			if q.User != nil {
				f.Accounts[0].User = *q.User
				next.User = &f.Accounts[0].User
			}
			if fix.Command != "" {
				if err := f.Admin(fix.Command); err != nil {
					t.Fatal(err)
				}
			}
			next.Realm, next.Client = f.Realm, f.Realm.Client("c0")
			next.Audiences = slices.Clone(q.Audiences)
			ask(&next, fix, want)
			if r := audience.Resolve(next); !contains(r.Audiences, want) {
				t.Errorf("%s: %s is not there: %v", fix.Sentence, want, r.Audiences)
			}
		}
	})
	if offered == 0 {
		t.Error("no fix was ever offered")
	}
}
