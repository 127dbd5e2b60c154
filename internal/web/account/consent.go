package account

import (
	"cmp"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// consent is what a client was allowed. Times are Unix milliseconds.
type consent struct {
	Granted []granted `json:"grantedScopes"`
	Created int64     `json:"createdDate"`
	Updated int64     `json:"lastUpdatedDate"`
}

// granted is a client scope that was allowed. Its text comes under two names, one of which is a slip in
// Keycloak's API.
type granted struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Text  string `json:"displayText,omitempty"`
	Again string `json:"displayTest,omitempty"`
}

// client is the client that the address names.
func client(r *http.Request, o *account.Owner) (*realm.Client, error) {
	id := r.PathValue("client")
	if c := o.Realm.Client(id); c != nil {
		return c, nil
	}
	return nil, &render.Message{Code: http.StatusNotFound, Text: "No client with clientId: " + id + " found."}
}

// consent answers with what a client was allowed, or with nothing where that is nothing.
func (s *site) consent(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	c, err := client(r, o)
	if err != nil {
		return err
	}
	given := o.User.ConsentTo(c.Key)
	if given == nil {
		return rest.NoContent(w)
	}
	return s.writeConsent(w, r, o, c, given)
}

// allow makes what the body lists all that a client is allowed.
func (s *site) allow(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	c, err := client(r, o)
	if err != nil {
		return err
	}
	body, err := (&rest.Request{Request: r}).Body("Consent")
	if err != nil {
		return err
	}
	scopes := []string{}
	for _, scope := range keycloak.Value[[]keycloak.Object](body, "grantedScopes") {
		scopes = append(scopes, scope.Text("id"))
	}
	given, err := s.Accounts.Allow(r.Context(), o, c, scopes)
	if err != nil {
		return err
	}
	return s.writeConsent(w, r, o, c, given)
}

func (s *site) withdraw(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	c, err := client(r, o)
	if err != nil {
		return err
	}
	return rest.Done(w, s.Accounts.Withdraw(r.Context(), o, c))
}

func (s *site) writeConsent(w http.ResponseWriter, r *http.Request, o *account.Owner, c *realm.Client, given *user.Consent) error {
	about, err := s.Accounts.About(r.Context(), o, []string{c.Key})
	if err != nil {
		return err
	}
	shown, err := s.shownConsent(r, o, c, about[c.Key], given)
	if err != nil {
		return err
	}
	return rest.JSON(w, shown)
}

func (s *site) shownConsent(r *http.Request, o *account.Owner, c *realm.Client, about keycloak.Application, given *user.Consent) (*consent, error) {
	out := &consent{Granted: []granted{}, Created: given.Created.UnixMilli(), Updated: given.Updated.UnixMilli()}
	for _, key := range given.Scopes {
		name, text := "", ""
		switch scope := o.Realm.ScopeByKey(key); {
		case scope != nil:
			name, text = scope.Name, scope.ConsentText
		case key == c.Key:
			name, text = c.ID, about.ConsentText
		default:
			continue // the scope is gone
		}
		item := granted{ID: key, Name: cmp.Or(text, name)}
		if text != "" {
			said, err := s.Texts.Said(r, pages.View{Realm: o.Realm, Base: o.Base, Wishes: locale.Wishes{Own: o.Locale()}}, text)
			if err != nil {
				return nil, err
			}
			item.Text, item.Again = said, said
		}
		out.Granted = append(out.Granted, item)
	}
	return out, nil
}
