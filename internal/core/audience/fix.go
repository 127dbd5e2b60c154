package audience

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Fixes are changes each of which makes want an audience of what q asks for; none where it is one already,
// or where no one change is enough. Each was tried on a copy before it is offered. A fix without a command is
// a change to the request.
func Fixes(q Request, want string) []explain.Fix {
	q.Explain = false
	f := fixer{q: q, want: want, target: q.Realm.Client(want), now: Resolve(q)}
	if slices.Contains(f.now.Audiences, want) {
		return nil
	}
	needed := f.needed()
	if needed != nil && f.try(*needed) {
		return []explain.Fix{needed.fix()}
	}
	var out []explain.Fix
	for _, propose := range proposals {
		left := mostOfAKind
		for _, c := range propose(&f) {
			if needed != nil {
				c = needed.and(c)
			}
			if left > 0 && f.try(c) {
				out = append(out, c.fix())
				left--
			}
		}
	}
	return out
}

// mostOfAKind is how many changes of a kind are offered: the third scope that has the same mapper helps nobody.
const mostOfAKind = 2

// proposals are the kinds of change, those first that change least for others.
var proposals = []func(*fixer) []change{
	(*fixer).askFor,
	(*fixer).switchOn,
	(*fixer).ownMapper,
	(*fixer).scopeMapper,
	(*fixer).assignScope,
	(*fixer).giveRole,
	(*fixer).mapRole,
	(*fixer).giveAndMapRole,
}

// fixer looks for changes that lead to an audience.
type fixer struct {
	q      Request
	want   string
	target *realm.Client // nil: want is no client
	now    Resolution
}

// change is something to do: in words, as commands, and to a copy.
type change struct {
	sentence string
	commands []string
	apply    func(*trial)
}

func (c change) fix() explain.Fix {
	return explain.Fix{Sentence: c.sentence, Command: explain.All(c.commands...)}
}

// and is both changes together.
func (c change) and(d change) change {
	return change{
		sentence: c.sentence + ", and " + d.sentence,
		commands: slices.Concat(c.commands, d.commands),
		apply:    func(t *trial) { c.apply(t); d.apply(t) },
	}
}

// trial is a copy of the request and its realm, to change.
type trial struct {
	draft *realm.Draft
	q     Request
}

// try tells whether a change leads to the audience.
func (f *fixer) try(c change) bool {
	t := trial{draft: realm.Edit(f.q.Realm), q: f.q}
	c.apply(&t)
	t.q.Realm = t.draft.Realm()
	if t.q.Client = t.q.Realm.ClientByKey(f.q.Client.Key); t.q.Client == nil {
		return false
	}
	found := Resolve(t.q)
	return slices.Contains(found.Audiences, f.want)
}

// editClient changes a copy of a client. What change puts into its lists it must put into new ones.
func (t *trial) editClient(key string, change func(*realm.Client)) {
	if old := t.draft.Realm().ClientByKey(key); old != nil {
		c := *old
		change(&c)
		t.draft.PutClient(&c)
	}
}

// editScope changes a copy of a client scope likewise.
func (t *trial) editScope(key string, change func(*realm.ClientScope)) {
	if old := t.draft.Realm().ScopeByKey(key); old != nil {
		s := *old
		change(&s)
		t.draft.PutScope(&s)
	}
}

// give gives the user a role.
func (t *trial) give(role *realm.Role) {
	u := *t.q.User
	u.Roles = append(slices.Clip(u.Roles), role.Key)
	t.q.User = &u
}

// needed is what every other change needs too: a client that is enabled, and a filter that lets it through.
func (f *fixer) needed() *change {
	var all *change
	add := func(c change) {
		if all != nil {
			c = all.and(c)
		}
		all = &c
	}
	if f.target != nil && !f.target.Enabled {
		key := f.target.Key
		add(change{
			sentence: "enable client " + f.want,
			commands: []string{f.command("update", "clients/"+key, explain.Setting{Field: "enabled", Value: "true"})},
			apply:    func(t *trial) { t.editClient(key, func(c *realm.Client) { c.Enabled = true }) },
		})
	}
	if f.q.Audiences != nil && !slices.Contains(f.q.Audiences, f.want) {
		add(change{
			sentence: "name it in the request (audience=" + f.want + ")",
			apply:    func(t *trial) { t.q.Audiences = append(slices.Clip(t.q.Audiences), f.want) },
		})
	}
	return all
}
