package account

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// profile answers with what people see of themselves, and what a form for it needs to know.
func (s *site) profile(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	p, err := s.Accounts.Profile(r.Context(), o)
	if err != nil {
		return err
	}
	u := keycloak.Object{}
	u.Put("id", o.User.ID)
	for name, value := range map[string]string{profile.Username: o.User.Username, profile.Email: o.User.Email,
		profile.FirstName: o.User.FirstName, profile.LastName: o.User.LastName} {
		shown := slices.ContainsFunc(p.Shown, func(a profile.Shown) bool { return a.Name == name })
		if shown && value != "" {
			u.Put(name, value)
		}
	}
	u.Put("emailVerified", o.User.EmailVerified)
	if len(p.Attributes) > 0 {
		u.Put("attributes", p.Attributes)
	}
	if r.URL.Query().Get("userProfileMetadata") != "false" {
		u.Put("userProfileMetadata", keycloak.ProfileMetadata(p.Rules, annotated(p.Shown)))
	}
	return rest.JSON(w, u)
}

// annotated gives the e-mail address the annotations that it always has here, if only none.
func annotated(shown []profile.Shown) []profile.Shown {
	shown = slices.Clone(shown)
	for i := range shown {
		if shown[i].Name == profile.Email && shown[i].Annotations == nil {
			shown[i].Annotations = map[string]json.RawMessage{}
		}
	}
	return shown
}

func (s *site) changeProfile(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	body, err := (&rest.Request{Request: r}).Body("User")
	if err != nil {
		return err
	}
	err = s.Accounts.ChangeProfile(r.Context(), o, keycloak.ProfileAttributes(body))
	if rejected, ok := errors.AsType[*account.Rejected](err); ok {
		return reject(w, rejected)
	}
	return rest.Done(w, err)
}

// rejection is the body where something is wrong with a profile. One thing alone is told outside of the list too.
type rejection struct {
	Field   string      `json:"field,omitempty"`
	Message string      `json:"errorMessage,omitempty"`
	Params  []*string   `json:"params,omitempty"`
	Errors  []rejection `json:"errors,omitempty"`
}

func reject(w http.ResponseWriter, e *account.Rejected) error {
	var body rejection
	for _, wrong := range e.Wrong {
		body.Errors = append(body.Errors, rejection{Field: wrong.Field, Message: wrong.Message, Params: wrong.Params})
	}
	if len(body.Errors) == 1 {
		body.Field, body.Message, body.Params = body.Errors[0].Field, body.Errors[0].Message, body.Errors[0].Params
	}
	status := http.StatusBadRequest
	if e.Taken {
		status = http.StatusConflict
	}
	w.Header().Del("Cache-Control")
	return render.JSON(w, status, body)
}
