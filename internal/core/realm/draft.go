package realm

// Kind is a kind of configuration document.
type Kind string

const (
	KindRealm    Kind = "realm" // Doc is *Settings
	KindClient   Kind = "client"
	KindScope    Kind = "clientscope"
	KindRole     Kind = "role"
	KindProvider Kind = "provider"
	KindKey      Kind = "key"
)

// Change is one document that an edit wrote or deleted.
type Change struct {
	Kind Kind
	Key  string
	Name string // unique among its kind in the realm
	Doc  any    // *Settings, *Client, *ClientScope, *Role, *Provider or *KeyProvider; nil when deleted
}

// Draft is a realm being edited: a copy-on-write view that remembers what was touched. Values handed
// to Put belong to the draft from then on; values read from it must be copied before they are changed.
//
// A document that is put with Extra nil keeps the Extra that is stored of it; one with Extra set,
// even empty, replaces it.
type Draft struct {
	now     Realm
	changes map[changeID]Change
	order   []changeID

	// LoadExtra reads what is kept but not acted on of a stored document; the store sets it, since
	// snapshots do not carry Extra. Nil in a draft of a realm that is not stored yet.
	LoadExtra func(kind Kind, key string) (Extra, error)

	// Replaces is the key of a stored realm that this new one takes the place of: creating this one
	// deletes that one, in the same transaction. Empty where there is none.
	Replaces string
}

// EditKept changes what is kept of the realm's own representation without acting on it. After an error
// everything is as before.
func (d *Draft) EditKept(edit func(kept Extra) error) error {
	kept := Extra{}
	if d.LoadExtra != nil {
		stored, err := d.LoadExtra(KindRealm, d.now.Key)
		if err != nil {
			return err
		}
		if stored != nil {
			kept = stored
		}
	}
	if err := edit(kept); err != nil {
		return err
	}
	settings := d.now.Settings
	settings.Extra = kept
	d.PutSettings(settings)
	return nil
}

type changeID struct {
	kind Kind
	key  string
}

// Edit begins a draft of r. New begins one of a realm that does not exist yet.
func Edit(r *Realm) *Draft {
	d := &Draft{now: *r, changes: map[changeID]Change{}}
	d.now.clients, d.now.scopes, d.now.roles = r.clients.clone(), r.scopes.clone(), r.roles.clone()
	d.now.providers, d.now.keys = r.providers.clone(), r.keys.clone()
	d.now.rolesOf, d.now.workloads = r.rolesOf.clone(), r.workloads.clone()
	return d
}

// New begins the draft of a new realm.
func New(key string, s Settings) *Draft {
	d := Edit(&Realm{Key: key})
	d.PutSettings(s)
	return d
}

// Realm is the realm as the draft has it now.
func (d *Draft) Realm() *Realm { return &d.now }

// PutSettings replaces the realm's settings.
func (d *Draft) PutSettings(s Settings) {
	d.now.Settings = s
	d.note(Change{KindRealm, d.now.Key, s.Name, &d.now.Settings})
}

// PutClient adds or replaces a client, by key.
func (d *Draft) PutClient(c *Client) {
	d.now.dropWorkload(c.Key)
	d.now.clients.put(c)
	d.now.putWorkload(c)
	d.note(Change{KindClient, c.Key, c.ID, c})
}

// PutScope adds or replaces a client scope, by key.
func (d *Draft) PutScope(s *ClientScope) {
	d.now.scopes.put(s)
	d.note(Change{KindScope, s.Key, s.Name, s})
}

// PutRole adds or replaces a role, by key.
func (d *Draft) PutRole(r *Role) {
	d.now.dropRoleOf(r.Key)
	d.now.roles.put(r)
	d.now.putRoleOf(r)
	d.note(Change{KindRole, r.Key, r.name(), r})
}

// PutProvider adds or replaces an identity provider, by key.
func (d *Draft) PutProvider(p *Provider) {
	d.now.providers.put(p)
	d.note(Change{KindProvider, p.Key, p.Alias, p})
}

// PutKey adds or replaces a key provider, by key.
func (d *Draft) PutKey(k *KeyProvider) {
	d.now.keys.put(k)
	d.note(Change{KindKey, k.Key, k.Key, k})
}

// Delete removes what has this key; nothing happens where nothing has it. It does not remove what
// refers to it: readers pass over keys of things that are gone.
func (d *Draft) Delete(kind Kind, key string) {
	switch kind {
	case KindClient:
		d.now.dropWorkload(key)
		d.now.clients.drop(key)
	case KindScope:
		d.now.scopes.drop(key)
	case KindRole:
		d.now.dropRoleOf(key)
		d.now.roles.drop(key)
	case KindProvider:
		d.now.providers.drop(key)
	case KindKey:
		d.now.keys.drop(key)
	}
	d.note(Change{Kind: kind, Key: key})
}

func (d *Draft) note(c Change) {
	id := changeID{c.Kind, c.Key}
	if _, ok := d.changes[id]; !ok {
		d.order = append(d.order, id)
	}
	d.changes[id] = c
}

// Changes are the touched documents, each once, in the order they were first touched.
func (d *Draft) Changes() []Change {
	out := make([]Change, len(d.order))
	for i, id := range d.order {
		out[i] = d.changes[id]
	}
	return out
}

// With gives the realm that follows from r when these documents change: what a store reads again
// after somebody else's edit. Nothing is checked.
func (r *Realm) With(version int64, changes []Change) *Realm {
	d := Edit(r)
	for _, c := range changes {
		switch doc := c.Doc.(type) {
		case nil:
			d.Delete(c.Kind, c.Key)
		case *Settings:
			d.PutSettings(*doc)
		case *Client:
			d.PutClient(doc)
		case *ClientScope:
			d.PutScope(doc)
		case *Role:
			d.PutRole(doc)
		case *Provider:
			d.PutProvider(doc)
		case *KeyProvider:
			d.PutKey(doc)
		}
	}
	next := d.now
	next.Version = version
	return &next
}
