package federation

// Sync says when a mapper is applied to a user who is known already. Keycloak: sync mode.
type Sync string

const (
	SyncImport  Sync = "IMPORT"  // never: only to new users
	SyncForce   Sync = "FORCE"   // at each sign-in
	SyncLegacy  Sync = "LEGACY"  // as Keycloak did before it had sync modes: each kind in its own way
	SyncInherit Sync = "INHERIT" // as the provider says
)

// syncOf reads a sync mode. What is no sync mode is IMPORT, which changes the least.
func syncOf(text string, absent Sync) Sync {
	switch s := Sync(text); s {
	case "":
		return absent
	case SyncForce, SyncLegacy, SyncInherit:
		return s
	}
	return SyncImport
}

// within is the sync mode of a mapper whose provider has another one.
func (s Sync) within(provider Sync) Sync {
	if s == SyncInherit {
		return provider
	}
	return s
}
