package account

import (
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// linked is an identity provider with who the owner is there.
type linked struct {
	Connected bool   `json:"connected"`
	Social    bool   `json:"social"`
	Alias     string `json:"providerAlias"`
	Provider  string `json:"providerName"`
	Name      string `json:"displayName"`
	Place     string `json:"guiOrder,omitempty"`
	Username  string `json:"linkedUsername,omitempty"`
}

// social are the kinds of identity providers that Keycloak calls so.
var social = []string{"bitbucket", "facebook", "github", "gitlab", "google", "instagram", "linkedin-openid-connect", "microsoft", "openshift-v4",
	"paypal", "stackoverflow", "twitter"}

// links lists the realm's identity providers; with linked=true or false only those where the owner is known, or not.
func (s *site) links(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	all, err := s.Accounts.Links(r.Context(), o)
	if err != nil {
		return err
	}
	asked := r.URL.Query().Get("linked")
	out := []linked{}
	for _, l := range all {
		p := l.Provider
		shown := linked{Connected: l.Link != nil, Social: slices.Contains(social, p.Kind), Alias: p.Alias, Provider: p.Alias, Name: l.Name, Place: p.Config["guiOrder"]}
		if l.Link != nil {
			shown.Username = l.Link.Username
		}
		if asked == "" || (asked == "true") == shown.Connected {
			out = append(out, shown)
		}
	}
	return rest.JSON(w, out)
}

func (s *site) unlink(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	return rest.Done(w, s.Accounts.Unlink(r.Context(), o, r.PathValue("provider")))
}

// group is a group that the owner is in.
type group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Path string `json:"path"`
}

func (s *site) groups(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	out := []group{}
	for _, g := range o.User.Joined() {
		out = append(out, group{g.Key, g.Name, g.Path})
	}
	return rest.JSON(w, out)
}

// locales lists the languages that the owner can choose from.
func (s *site) locales(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	locales, err := s.Accounts.Locales(r.Context(), o)
	if err != nil {
		return err
	}
	return rest.JSON(w, append([]string{}, locales...))
}

// resources says that nobody shares resources here.
func (s *site) resources(http.ResponseWriter, *http.Request, *account.Owner) error {
	return &render.Message{Code: http.StatusForbidden, Text: "User-managed access not enabled"}
}
