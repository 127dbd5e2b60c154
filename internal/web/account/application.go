package account

import (
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// application is a client as people see it.
type application struct {
	ClientID        string   `json:"clientId"`
	Name            string   `json:"clientName,omitempty"`
	Description     string   `json:"description,omitempty"`
	ConsentRequired bool     `json:"userConsentRequired"`
	InUse           bool     `json:"inUse"`
	Offline         bool     `json:"offlineAccess"`
	RootURL         string   `json:"rootUrl,omitempty"`
	BaseURL         string   `json:"baseUrl,omitempty"`
	EffectiveURL    string   `json:"effectiveUrl,omitempty"`
	Consent         *consent `json:"consent,omitempty"`
	Logo            string   `json:"logoUri,omitempty"`
	Policy          string   `json:"policyUri,omitempty"`
	Terms           string   `json:"tosUri,omitempty"`
}

// applications lists the clients that the owner uses or allowed something; with name only those whose name has it
// in it, in letters of any case.
func (s *site) applications(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	all, err := s.Accounts.Applications(r.Context(), o)
	if err != nil {
		return err
	}
	name := strings.ToLower(r.URL.Query().Get("name"))
	out := []application{}
	for _, a := range all {
		if !strings.Contains(strings.ToLower(a.About.Name), name) {
			continue
		}
		shown := application{ClientID: a.Client.ID, Name: a.About.Name, Description: a.About.Description, ConsentRequired: a.Client.ConsentRequired,
			InUse: a.InUse, Offline: a.Offline, RootURL: a.Client.RootURL, BaseURL: a.Client.BaseURL, EffectiveURL: effective(a.Client, o.Base)}
		if a.Consent != nil {
			if shown.Consent, err = s.shownConsent(r, o, a.Client, a.About, a.Consent); err != nil {
				return err
			}
			shown.Logo, shown.Policy, shown.Terms = a.About.Logo, a.About.Policy, a.About.Terms
		}
		out = append(out, shown)
	}
	return rest.JSON(w, out)
}

// effective is where a client's page is: its base URL, below its root URL where it begins with "/". Empty where
// the client has none.
func effective(c *realm.Client, base string) string {
	if !strings.HasPrefix(c.BaseURL, "/") {
		return c.BaseURL
	}
	root := strings.NewReplacer("${authBaseUrl}", base, "${authAdminUrl}", base).Replace(c.RootURL)
	if root == "" {
		root = base
	}
	return strings.TrimSuffix(root, "/") + c.BaseURL
}
