package federation

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

// reservedNotes are notes that say how somebody signed in: no mapper writes them. Letters match in any case.
var reservedNotes = []string{session.NoteAuthTime, session.NoteLevels, session.NoteSSO, session.NoteLevel, session.NoteACR, session.NoteAgent}

// reservedPrefixes begin the names of notes that say where somebody came from.
var reservedPrefixes = []string{"identity_provider", "federated_"}

// noteName is the name of a note that a mapper may write. ok is false for others; the trace says so.
func noteName(name, mapper string, t *explain.Trace) (ok bool) {
	lower := strings.ToLower(name)
	if slices.ContainsFunc(reservedNotes, func(r string) bool { return strings.EqualFold(r, name) }) ||
		slices.ContainsFunc(reservedPrefixes, func(p string) bool { return strings.HasPrefix(lower, p) }) {
		t.Add(explain.ProviderNote, explain.Dropped, name, mapper)
		return false
	}
	return name != ""
}

// presetNote gives the session a note, whatever the provider says.
func presetNote(p *preprocessing, m *Mapper) {
	name := m.Config["attribute"]
	if !noteName(name, m.Name, p.trace) {
		return
	}
	if p.Notes == nil {
		p.Notes = map[string]string{}
	}
	p.Notes[name] = m.Config["attribute.value"]
	p.trace.Add(explain.ProviderNote, explain.Added, name, m.Name)
}

// noteClaims makes notes of claims, of those that are texts and have a value that the mapper names.
func noteClaims(a *adoption, m *Mapper) {
	for _, c := range m.conditions() {
		value, ok := a.Person.claim(c.Key).(string)
		if !ok || !c.holds(value, m.on("are.claim.values.regex")) || !noteName(c.Key, m.Name, &a.Trace) {
			continue
		}
		if a.Notes == nil {
			a.Notes = map[string]string{}
		}
		a.Notes[c.Key] = value
		a.Trace.Add(explain.ProviderNote, explain.Added, c.Key, m.Name)
	}
}
