package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// newGroups makes some groups of the shop: b above ba and bb, and Çelik with a slash in a name below it.
func newGroups(t *testing.T, s *store.Store) {
	newShop(t, s)
	for _, g := range []realm.Group{
		{Key: "b", Name: "bakers", Attributes: map[string][]string{"floor": {"1", "2"}}},
		{Key: "c", Name: "Çelik", Roles: []string{"r"}},
		{Key: "a", Name: "admins"},
		{Key: "ba", Parent: "b", Name: "apprentices", Attributes: map[string][]string{"floor": {"2"}}, Extra: realm.Extra{"x": []byte("1")}},
		{Key: "bb", Parent: "b", Name: "bread/rolls"},
		{Key: "bba", Parent: "bb", Name: "night"},
	} {
		must(t, s.PutGroup(t.Context(), shop, &g, nil))
	}
}

func TestGroupsThatAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newGroups(t, s)
		top, below := "", "b"
		for what, test := range map[string]struct {
			query      realm.GroupQuery
			first, max int
			want       string
		}{
			"all":         {realm.GroupQuery{}, 0, -1, "a ba b bb bba c"},
			"top":         {realm.GroupQuery{Parent: &top}, 0, -1, "a b c"},
			"page of top": {realm.GroupQuery{Parent: &top}, 1, 1, "b"},
			"none":        {realm.GroupQuery{}, 0, 0, ""},
			"below":       {realm.GroupQuery{Parent: &below}, 0, 10, "ba bb"},
			"part":        {realm.GroupQuery{Search: "A"}, 0, -1, "a ba b bb"},
			"any letters": {realm.GroupQuery{Search: "ÇEL"}, 0, -1, "c"},
			"whole":       {realm.GroupQuery{Search: "bakers", Exact: true}, 0, -1, "b"},
			"not whole":   {realm.GroupQuery{Search: "Bakers", Exact: true}, 0, -1, ""},
			"attribute":   {realm.GroupQuery{Attributes: map[string]string{"floor": "2"}}, 0, -1, "ba b"},
			"page of it":  {realm.GroupQuery{Attributes: map[string]string{"floor": "2"}}, 1, 5, "b"},
			"beyond":      {realm.GroupQuery{Attributes: map[string]string{"floor": "2"}}, 7, 5, ""},
			"role":        {realm.GroupQuery{Role: "r"}, 0, -1, "c"},
		} {
			found, err := s.FindGroups(t.Context(), shop, test.query, test.first, test.max)
			must(t, err)
			var keys []string
			for _, g := range found {
				keys = append(keys, g.Key)
			}
			if got := strings.Join(keys, " "); got != test.want {
				t.Errorf("%s: %q, want %q", what, got, test.want)
			}
			if test.first == 0 && test.max < 0 {
				n, err := s.CountGroups(t.Context(), shop, test.query)
				must(t, err)
				if n != len(found) {
					t.Errorf("%s: %d are counted, and %d found", what, n, len(found))
				}
			}
		}
		below1, err := s.SubGroups(t.Context(), shop, []string{"a", "b", "bb", "nobody"})
		must(t, err)
		same(t, map[string]int{"b": 2, "bb": 1}, below1)
	})
}

func TestGroupByKeyAndByPath(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newGroups(t, s)
		g, err := s.Group(t.Context(), shop, "ba")
		must(t, err)
		if g.Path != "/bakers/apprentices" || string(g.Extra["x"]) != "1" {
			t.Errorf("%+v", g)
		}
		for path, want := range map[string]string{
			"/bakers": "b", "bakers/apprentices/": "ba", "/bakers/bread/rolls": "bb", "/bakers/bread/rolls/night": "bba", "/Çelik": "c",
		} {
			g, err := s.GroupByPath(t.Context(), shop, path)
			must(t, err)
			if g.Key != want {
				t.Errorf("%s leads to %s, want %s", path, g.Key, want)
			}
		}
		for _, path := range []string{"", "/", "/bakers/bread", "/night", "/bakers/apprentices/x"} {
			if err := second(s.GroupByPath(t.Context(), shop, path)); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%q: %v, want not found", path, err)
			}
		}
		if err := second(s.Group(t.Context(), shop, "nobody")); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
	})
}

func TestGroupIsEdited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newGroups(t, s)
		edit := func(key string, change func(*realm.Group)) error {
			return s.EditGroup(t.Context(), shop, key, func(g *realm.Group) ([]event.Admin, error) {
				change(g)
				return []event.Admin{{Realm: shop, Operation: "UPDATE", ResourcePath: "groups/" + key}}, nil
			})
		}
		must(t, edit("ba", func(g *realm.Group) { g.Name, g.Parent, g.Extra = "novices", "a", nil }))
		g, err := s.Group(t.Context(), shop, "ba")
		must(t, err)
		if g.Path != "/admins/novices" || string(g.Extra["x"]) != "1" {
			t.Errorf("%+v", g)
		}
		for what, test := range map[string]struct {
			key    string
			change func(*realm.Group)
			want   error
		}{
			"below itself":     {"b", func(g *realm.Group) { g.Parent = "bba" }, nil},
			"a name twice":     {"c", func(g *realm.Group) { g.Name = "bakers" }, fault.ErrConflict},
			"no such parent":   {"c", func(g *realm.Group) { g.Parent = "nobody" }, fault.ErrNotFound},
			"no such group":    {"nobody", func(*realm.Group) {}, fault.ErrNotFound},
			"below each other": {"bb", func(g *realm.Group) { g.Parent = "bba" }, nil},
		} {
			err := edit(test.key, test.change)
			if _, invalid := errors.AsType[*fault.Invalid](err); test.want == nil && !invalid || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		audit, err := s.AdminEvents(t.Context(), shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		if len(audit) != 1 {
			t.Errorf("%d admin events, want one of the edit that happened", len(audit))
		}
	})
}
