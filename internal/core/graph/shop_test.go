package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/examples"
	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

func shop(t testing.TB, commands ...string) *realm.Realm {
	t.Helper()
	f, err := realmtest.Read(string(examples.Shop))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range commands {
		for _, c := range f.Realm.Clients() { // the file has no ids
			command = strings.Replace(command, "clients/"+c.ID+" ", "clients/"+c.Key+" ", 1)
		}
		if err := f.Admin(command); err != nil {
			t.Fatal(err)
		}
	}
	return f.Draft.Realm()
}

// show is a path as people read it.
func show(p graph.Path) string {
	var b strings.Builder
	b.WriteString(p.From())
	for _, h := range p.Hops {
		if h.Exchange {
			b.WriteString(" → " + h.To)
		} else {
			b.WriteString(" ⇒ " + h.To)
		}
	}
	return b.String()
}

func shown(paths []graph.Path) []string {
	var out []string
	for _, p := range paths {
		out = append(out, show(p))
	}
	slices.Sort(out)
	return out
}

const toPayment = `tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=%d'`

func noService(client string) string {
	return "tokenhouse admin update clients/" + client + " -r shop -s serviceAccountsEnabled=false -s standardFlowEnabled=false -s directAccessGrantsEnabled=false"
}

var onlyReceives = noService("billing")

func TestPathsOfTheShop(t *testing.T) {
	tests := map[string]struct {
		setup    []string
		from, to string
		want     []string
	}{
		"in the audience, then three hops": {nil, "storefront", "payment", []string{"storefront ⇒ gateway → billing → payment", "storefront ⇒ gateway → orders → billing → payment"}},
		"limit of three":                   {[]string{fmt.Sprintf(toPayment, 3)}, "storefront", "payment", []string{"storefront ⇒ gateway → billing → payment", "storefront ⇒ gateway → orders → billing → payment"}},
		"limit of two":                     {[]string{fmt.Sprintf(toPayment, 2)}, "storefront", "payment", []string{"storefront ⇒ gateway → billing → payment"}},
		"limit of one":                     {[]string{fmt.Sprintf(toPayment, 1)}, "storefront", "payment", nil},
		"no limit":                         {[]string{fmt.Sprintf(toPayment, -1)}, "gateway", "payment", []string{"gateway → billing → payment", "gateway → orders → billing → payment", "gateway ⇒ billing → payment", "gateway ⇒ orders → billing → payment"}},
		"one that only receives":           {[]string{onlyReceives}, "billing", "payment", []string{"billing → payment"}},
		"one that receives too late":       {[]string{onlyReceives, fmt.Sprintf(toPayment, 1), noService("gateway"), noService("orders"), noService("till")}, "billing", "payment", nil},
		"public client for itself":         {nil, "till", "orders", []string{"till → orders", "till ⇒ orders"}},
		"against the arrows":               {nil, "payment", "storefront", nil},
		"to itself":                        {nil, "gateway", "gateway", nil},
		"nobody":                           {nil, "nobody", "orders", nil},
		"target off":                       {[]string{"tokenhouse admin update clients/billing -r shop -s enabled=false"}, "storefront", "payment", nil},
		"never heard":                      {[]string{"tokenhouse admin update clients/gateway -r shop -s bearerOnly=true"}, "storefront", "orders", nil},
		"exchange off":                     {[]string{`tokenhouse admin update clients/gateway -r shop -s 'attributes."standard.token.exchange.enabled"=false'`}, "storefront", "orders", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := graph.Build(shop(t, tt.setup...), realmdraw.Issuer)
			paths, more := g.Paths(tt.from, tt.to, 10)
			if diff := cmp.Diff(tt.want, shown(paths)); diff != "" || more {
				t.Errorf("more: %v\n%s", more, diff)
			}
			reaches := slices.ContainsFunc(g.WhoReaches(tt.to), func(p graph.Path) bool { return p.From() == tt.from })
			if reaches != (tt.want != nil) {
				t.Errorf("WhoReaches: %v", shown(g.WhoReaches(tt.to)))
			}
			for i := 1; i < len(paths); i++ {
				if paths[i].Exchanges() < paths[i-1].Exchanges() {
					t.Errorf("a shorter path comes later: %v", shown(paths))
				}
			}
		})
	}
}

func TestPathsAreCounted(t *testing.T) {
	g := graph.Build(shop(t), realmdraw.Issuer)
	if paths, more := g.Paths("storefront", "payment", 1); len(paths) != 1 || !more {
		t.Errorf("%v, more: %v", shown(paths), more)
	}
}

func TestReachesOfTheShop(t *testing.T) {
	g := graph.Build(shop(t), realmdraw.Issuer)
	want := []string{"storefront ⇒ gateway", "storefront ⇒ gateway → billing", "storefront ⇒ gateway → billing → payment", "storefront ⇒ gateway → orders"}
	if diff := cmp.Diff(want, shown(g.Reaches("storefront"))); diff != "" {
		t.Error(diff)
	}
	want = []string{"billing ⇒ payment", "gateway ⇒ billing → payment", "orders ⇒ billing → payment", "storefront ⇒ gateway → billing → payment", "till ⇒ billing → payment"}
	if diff := cmp.Diff(want, shown(g.WhoReaches("payment"))); diff != "" {
		t.Error(diff)
	}
}

func TestReasons(t *testing.T) {
	g := graph.Build(shop(t), realmdraw.Issuer)
	for _, tt := range []struct {
		hop  graph.Hop
		want []string
	}{
		{graph.Hop{From: "storefront", To: "gateway"}, []string{"Audience mapper gateway audience of client scope gateway; scope []; roles []"}},
		{graph.Hop{From: "gateway", To: "billing", Exchange: true}, []string{
			"Audience mapper billing audience of client scope billing-api; scope [billing-api]; roles [billing/read billing/refund]",
			"the token carries role read or refund of it; scope [billing-api]; roles [billing/read billing/refund]",
			"listed by gateway as permitted, and named in the request; scope []; roles []"}},
		{graph.Hop{From: "billing", To: "payment", Exchange: true}, []string{
			"the token carries role charge of it; scope []; roles [payment/charge]",
			"listed by billing as permitted, and named in the request; scope []; roles []"}},
	} {
		var got []string
		for _, r := range g.Reasons(tt.hop) {
			got = append(got, fmt.Sprintf("%s; scope %v; roles %v", r.Because(), r.Scope, r.Roles))
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v: %s", tt.hop, diff)
		}
	}
}

func TestCycles(t *testing.T) {
	if got := graph.Build(shop(t), realmdraw.Issuer).Cycles(); got != nil {
		t.Errorf("cycles of the shop: %+v", got)
	}
	r := shop(t, `tokenhouse admin update clients/billing -r shop -s 'attributes."tokenhouse.exchange.permitted"=payment##gateway'`)
	want := []graph.Cycle{{Clients: []string{"billing", "gateway", "orders"}, Example: []string{"billing", "gateway", "billing"}}}
	if diff := cmp.Diff(want, graph.Build(r, realmdraw.Issuer).Cycles()); diff != "" {
		t.Error(diff)
	}
}

func TestCommon(t *testing.T) {
	if got := graph.Build(shop(t), realmdraw.Issuer).Common(); got != nil {
		t.Errorf("common in the shop: %v", got)
	}
	d := realm.Edit(shop(t))
	for _, c := range d.Realm().Clients() {
		changed := *c
		changed.Mappers = append(slices.Clone(c.Mappers), realm.Mapper{Key: "m", Name: "everywhere", Kind: mapper.KindAudience,
			Config: map[string]string{"included.client.audience": "payment", "access.token.claim": "true", "lightweight.claim": "true"}})
		d.PutClient(&changed)
	}
	if got := graph.Build(d.Realm(), realmdraw.Issuer).Common(); !slices.Equal(got, []string{"payment"}) {
		t.Errorf("common: %v", got)
	}
}

func TestOpens(t *testing.T) {
	g := graph.Build(shop(t), realmdraw.Issuer)
	names := func(targets []graph.Target) (out []string) {
		for _, target := range targets {
			out = append(out, target.Name)
			if len(target.Reasons) == 0 {
				t.Errorf("%s has no reason", target.Name)
			}
		}
		slices.Sort(out)
		return out
	}
	o, ok := g.Opens("gateway")
	if !ok || !o.Entry || !slices.Equal(o.From, []string{"storefront"}) ||
		!slices.Equal(names(o.Exchanges), []string{"billing", "orders"}) || !slices.Equal(shown(o.Beyond), []string{"gateway ⇒ billing → payment"}) {
		t.Errorf("gateway opens %+v", o)
	}
	if o, ok := g.Opens("payment"); !ok || o.Exchanges != nil || o.Beyond != nil || !slices.Equal(o.From, []string{"billing"}) {
		t.Errorf("payment opens %+v", o)
	}
	if _, ok := g.Opens("nobody"); ok {
		t.Error("nobody opens something")
	}
}

// TestCheck: each fix takes the path away that it comes with.
func TestCheck(t *testing.T) {
	all := []string{graph.All}
	for name, tt := range map[string]struct {
		ban  graph.Ban
		want []string
	}{
		"nobody to payment":        {graph.Ban{From: all, To: []string{"payment"}}, []string{"billing ⇒ payment", "gateway ⇒ billing → payment", "orders ⇒ billing → payment", "storefront ⇒ gateway → billing → payment", "till ⇒ billing → payment"}},
		"only by way of billing":   {graph.Ban{From: all, To: []string{"payment"}, Except: []string{"billing"}}, nil},
		"only by way of gateway":   {graph.Ban{From: []string{"storefront", "till"}, To: []string{"billing"}, Except: []string{"gateway"}}, []string{"till ⇒ billing"}},
		"nowhere but to orders":    {graph.Ban{From: []string{"storefront"}, To: all, Except: []string{"orders", "gateway"}}, nil},
		"nowhere from storefront":  {graph.Ban{From: []string{"storefront"}, To: []string{"gateway"}}, []string{"storefront ⇒ gateway"}},
		"where there is no path":   {graph.Ban{From: []string{"payment"}, To: all}, nil},
		"the exception is a start": {graph.Ban{From: all, To: []string{"orders"}, Except: []string{"gateway"}}, []string{"till ⇒ orders"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := shop(t)
			var got []graph.Path
			for _, v := range graph.Build(r, realmdraw.Issuer).Check([]graph.Ban{tt.ban}) {
				got = append(got, v.Path)
				if v.Fix.Command == "" {
					continue
				}
				last := v.Path.Hops[len(v.Path.Hops)-1]
				after := graph.Build(shop(t, v.Fix.Command), realmdraw.Issuer)
				list := after.Issues
				if last.Exchange {
					list = after.Exchanges
				}
				if slices.Contains(list(last.From), last.To) {
					t.Errorf("%s\n%s\nand still %+v", v.Fix.Sentence, v.Fix.Command, last)
				}
			}
			if diff := cmp.Diff(tt.want, shown(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
