package account

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// method is a way to prove who one is, with the credentials for it where they were asked for.
type method struct {
	Kind      string   `json:"type"`
	Category  string   `json:"category"`
	Name      string   `json:"displayName"`
	Help      string   `json:"helptext"`
	Icon      string   `json:"iconCssClass"`
	Create    string   `json:"createAction,omitempty"`
	Update    string   `json:"updateAction,omitempty"`
	Removable bool     `json:"removeable"`
	Owned     *[]owned `json:"userCredentialMetadatas,omitempty"`
}

type owned struct {
	Credential keycloak.Object `json:"credential"`
}

// credentials lists the ways in which the owner can prove who they are: of one type, or without the credentials
// themselves, as the request asks for.
func (s *site) credentials(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	all, err := s.Accounts.Methods(r.Context(), o)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	out := []method{}
	for _, m := range all {
		if kind := query.Get("type"); kind != "" && kind != m.Kind {
			continue
		}
		shown := method{Kind: m.Kind, Category: m.Category, Name: m.Words + "-display-name", Help: m.Words + "-help-text", Icon: m.Icon,
			Create: m.Create, Update: m.Update, Removable: m.Removable}
		if query.Get("user-credentials") != "false" {
			list := []owned{}
			for _, c := range m.Owned {
				credential := keycloak.FromCredential(c)
				delete(credential, "secretData")
				list = append(list, owned{credential})
			}
			shown.Owned = &list
		}
		out = append(out, shown)
	}
	return rest.JSON(w, out)
}

func (s *site) removeCredential(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	return rest.Done(w, s.Accounts.RemoveCredential(r.Context(), o, r.PathValue("credential")))
}

// labelCredential names a credential; the body is a JSON text.
func (s *site) labelCredential(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	checked, err := rest.Check("str", data)
	if err != nil {
		return err
	}
	var label string
	if err := json.Unmarshal(checked, &label); err != nil {
		return errLabel
	}
	return rest.Done(w, rest.TakenOf(s.Accounts.LabelCredential(r.Context(), o, r.PathValue("credential"), label)))
}

var errLabel = rest.BadRequest("invalidRequestMessage")

// moveCredential puts a credential behind another, or first.
func (s *site) moveCredential(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	return rest.Done(w, s.Accounts.MoveCredential(r.Context(), o, r.PathValue("credential"), r.PathValue("after")))
}
