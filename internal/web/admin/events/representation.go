package events

import (
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// representation is Keycloak's EventRepresentation.
type representation struct {
	ID        string            `json:"id"`
	Time      int64             `json:"time"` // Unix milliseconds
	Kind      event.Kind        `json:"type"`
	RealmID   string            `json:"realmId"`
	ClientID  string            `json:"clientId,omitempty"`
	UserID    string            `json:"userId,omitempty"`
	SessionID string            `json:"sessionId,omitempty"`
	Address   string            `json:"ipAddress,omitempty"`
	Error     string            `json:"error,omitempty"`
	Details   map[string]string `json:"details,omitempty"`
}

func represent(e *event.Event, of *realm.Realm) representation {
	return representation{
		ID:        e.ID,
		Time:      e.Time.UnixMilli(),
		Kind:      e.Kind,
		RealmID:   of.ID(),
		ClientID:  e.Client,
		UserID:    e.UserID,
		SessionID: e.Session,
		Address:   e.Address,
		Error:     e.Error,
		Details:   details(e.Details),
	}
}

// adminRepresentation is Keycloak's AdminEventRepresentation.
type adminRepresentation struct {
	ID             string            `json:"id"`
	Time           int64             `json:"time"` // Unix milliseconds
	RealmID        string            `json:"realmId"`
	Actor          actor             `json:"authDetails"`
	Operation      string            `json:"operationType"`
	ResourceType   string            `json:"resourceType"`
	ResourcePath   string            `json:"resourcePath"`
	Representation string            `json:"representation,omitempty"`
	Error          string            `json:"error,omitempty"`
	Details        map[string]string `json:"details,omitempty"`
}

// actor is Keycloak's AuthDetailsRepresentation.
type actor struct {
	RealmID  string `json:"realmId,omitempty"`
	ClientID string `json:"clientId,omitempty"`
	UserID   string `json:"userId,omitempty"`
	Address  string `json:"ipAddress,omitempty"`
}

func representAdmin(e *event.Admin, of *realm.Realm) adminRepresentation {
	return adminRepresentation{
		ID:             e.ID,
		Time:           e.Time.UnixMilli(),
		RealmID:        of.ID(),
		Actor:          actor{e.Actor.Realm, e.Actor.Client, e.Actor.UserID, e.Actor.Address},
		Operation:      e.Operation,
		ResourceType:   e.ResourceType,
		ResourcePath:   e.ResourcePath,
		Representation: e.Representation,
		Error:          e.Error,
		Details:        details(e.Details),
	}
}

func details(all []event.Detail) map[string]string {
	out := make(map[string]string, len(all))
	for _, d := range all {
		out[d.Name] = d.Value
	}
	return out
}
