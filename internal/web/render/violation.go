package render

import "github.com/tokenhouse/tokenhouse/internal/core/profile"

// violation is what is wrong with one attribute of a profile.
type violation struct {
	Field  string `json:"field"`
	Text   string `json:"errorMessage"`
	Params []any  `json:"params"`
}

// violations is the body where several things are wrong; one alone is the body itself.
type violations struct {
	Errors []violation `json:"errors"`
}

func violated(e profile.Invalid) any {
	var out violations
	for _, v := range e {
		out.Errors = append(out.Errors, violation{v.Attribute, v.Message, append([]any{v.Attribute}, v.Params...)})
	}
	if len(out.Errors) == 1 {
		return out.Errors[0]
	}
	return out
}
