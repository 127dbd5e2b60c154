package police_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
)

type config = map[string][]string

// under is a realm whose policies reject what meets a condition; each condition is a policy of its own.
func under(trace string, conditions ...realm.PolicyPart) *realm.Realm {
	s := realm.Settings{Name: "shop"}
	s.Events.Trace = trace
	for _, c := range conditions {
		s.Policies = append(s.Policies, realm.ClientPolicy{Name: "q", Conditions: []realm.PolicyPart{c}, Executors: []realm.PolicyPart{{Kind: "reject-request"}}})
	}
	return realm.New("shop-key", s).Realm()
}

var errLost = errors.New("the database is gone")

// kept is the rest of each client, by key.
type kept map[string]realm.Extra

func (k kept) Extra(_ context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	extra, ok := k[key]
	if realmKey != "shop-key" || kind != realm.KindClient || !ok {
		return nil, errLost
	}
	return extra, nil
}

var (
	anybody = realm.PolicyPart{Kind: "any-client"}
	grade   = realm.PolicyPart{Kind: policy.KindAttributes, Config: config{"attributes": {`[{"key":"grade","value":"a"}]`}}}
	graded  = realm.Extra{"attributes": json.RawMessage(`{"grade":"a"}`)}
)

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		realm  *realm.Realm
		kept   police.Kept
		client realm.Client
		want   string // why it is refused; empty: it is not
		traced bool
	}{
		"no policies":                      {under("refused"), kept{}, realm.Client{Key: "c"}, "", false},
		"refused":                          {under("refused", anybody), kept{}, realm.Client{Key: "c"}, "Request not allowed", true},
		"refused, and no trace is kept":    {under("none", anybody), kept{}, realm.Client{Key: "c"}, "Request not allowed", false},
		"refused, and all traces are kept": {under("all", anybody), kept{}, realm.Client{Key: "c"}, "Request not allowed", true},
		"by what is kept of the client":    {under("refused", grade), kept{"c": graded}, realm.Client{Key: "c"}, "Request not allowed", true},
		"by what is kept of another":       {under("refused", grade), kept{"c": {}, "d": graded}, realm.Client{Key: "c"}, "", false},
		"by what the client brings":        {under("refused", grade), nil, realm.Client{Key: "c", Extra: graded}, "Request not allowed", true},
		"the client's own is not looked up": {under("refused", grade), kept{"c": graded},
			realm.Client{Key: "c", Extra: realm.Extra{"attributes": json.RawMessage(`{"grade":"b"}`)}}, "", false},
		"nothing is kept anywhere": {under("refused", grade), nil, realm.Client{Key: "c"}, "", false},
		"what is kept is lost":     {under("refused", grade), kept{}, realm.Client{Key: "c"}, errLost.Error(), false},
		"lost, and nobody asks":    {under("refused", anybody), kept{}, realm.Client{Key: "c"}, "Request not allowed", true},
	} {
		e := event.Event{}
		v, err := police.Judge{Kept: c.kept}.Judge(t.Context(), c.realm, policy.Facts{Stage: policy.Code, Client: &c.client}, &e)
		got := ""
		switch {
		case v.Refuse != nil:
			got = v.Refuse.Description
		case err != nil:
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if (err != nil) != (c.want != "") {
			t.Errorf("%s: error %v", name, err)
		}
		if (e.Trace != nil) != c.traced {
			t.Errorf("%s: the event has a trace: %v", name, e.Trace != nil)
		}
	}
}

// TestAttributes: what decides of an attribute is the snapshot, where that knows it, whatever is kept beside.
func TestAttributes(t *testing.T) {
	r := under("refused", grade)
	c := &realm.Client{Key: "c", Extra: realm.Extra{"attributes": json.RawMessage(`{"grade":"a","pkce.code.challenge.method":"plain"}`)}, SignIn: realm.ClientSignIn{PKCE: "S256"}}
	got := police.Attributes(r, c)
	if want := map[string]string{"grade": "a", "pkce.code.challenge.method": "S256"}; !within(want, got) {
		t.Errorf("attributes %v, want %v among them", got, want)
	}
	before := *c
	if _, err := (police.Judge{}).Attributes(t.Context(), r, c); err != nil || cmp.Diff(before.Extra, c.Extra) != "" {
		t.Errorf("the client was changed: %v, %v", c.Extra, err)
	}
}

func within(some, all map[string]string) bool {
	for name, value := range some {
		if all[name] != value {
			return false
		}
	}
	return true
}

// people are users of the shop by their ids.
type people map[string]*user.User

func (p people) User(_ context.Context, realmKey, id string) (*user.User, error) {
	switch u := p[id]; {
	case realmKey != "shop-key" || id == "lost":
		return nil, errLost
	case u == nil:
		return nil, fault.ErrNotFound
	default:
		return u, nil
	}
}

// office is a domain name system with one host.
type office struct{}

func (office) LookupHost(_ context.Context, host string) ([]string, error) {
	if host == "office.example" {
		return []string{"192.0.2.1"}, nil
	}
	return nil, errLost
}

func (office) LookupAddr(context.Context, string) ([]string, error) { return nil, errLost }

func TestUpdaters(t *testing.T) {
	alice := &user.User{ID: "alice"}
	roles := realm.PolicyPart{Kind: policy.KindRoles, Config: config{"roles": {"clerk"}}}
	groups := realm.PolicyPart{Kind: policy.KindGroups, Config: config{"groups": {"staff"}}}
	host := realm.PolicyPart{Kind: policy.KindHost, Config: config{"trusted-hosts": {"office.example"}}}
	u := &police.Updaters{Users: people{"alice": alice}, Hosts: office{}}
	for name, c := range map[string]struct {
		updaters *police.Updaters
		realm    *realm.Realm
		who      event.Actor
		user     *user.User
		office   bool
		err      error
	}{
		"by roles":                        {u, under("", roles), event.Actor{Realm: "shop-key", UserID: "alice"}, alice, false, nil},
		"by groups":                       {u, under("", groups), event.Actor{Realm: "shop-key", UserID: "alice"}, alice, false, nil},
		"nobody asks about the user":      {u, under("", host), event.Actor{Realm: "shop-key", UserID: "alice"}, nil, false, nil},
		"no policies":                     {u, under(""), event.Actor{Realm: "shop-key", UserID: "alice", Address: "192.0.2.1"}, nil, false, nil},
		"of another realm, by the id":     {u, under("", roles), event.Actor{Realm: "master-key", UserID: "alice"}, nil, false, nil},
		"nobody":                          {u, under("", roles), event.Actor{Realm: "shop-key"}, nil, false, nil},
		"user who is gone":                {u, under("", roles), event.Actor{Realm: "shop-key", UserID: "bob"}, nil, false, nil},
		"user who cannot be read":         {u, under("", roles), event.Actor{Realm: "shop-key", UserID: "lost"}, nil, false, errLost},
		"at the office":                   {u, under("", host), event.Actor{Address: "192.0.2.1"}, nil, true, nil},
		"elsewhere":                       {u, under("", host), event.Actor{Address: "192.0.2.2"}, nil, false, nil},
		"no address":                      {u, under("", host), event.Actor{}, nil, false, nil},
		"at the office, and no host asks": {u, under("", roles), event.Actor{Address: "192.0.2.1"}, nil, false, nil},
		"by roles at the office":          {u, under("", roles, host), event.Actor{Realm: "shop-key", UserID: "alice", Address: "192.0.2.1"}, alice, true, nil},
		"nobody tells":                    {nil, under("", roles, host), event.Actor{Realm: "shop-key", UserID: "alice", Address: "192.0.2.1"}, nil, false, nil},
	} {
		got, err := c.updaters.Of(t.Context(), c.realm, policy.ByUser, c.who)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if err != nil {
			continue
		}
		if got.By != policy.ByUser || got.User != c.user {
			t.Errorf("%s: by %s, user %v, want %v", name, got.By, got.User, c.user)
		}
		at := func(hosts ...string) bool { return got.FromHost != nil && got.FromHost(hosts) }
		if at("office.example") != c.office || at("elsewhere.example") || at() {
			t.Errorf("%s: at the office %v, elsewhere %v, at no host %v", name, at("office.example"), at("elsewhere.example"), at())
		}
	}
}
