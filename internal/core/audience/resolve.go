package audience

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
)

// Resolve decides where a token may be used.
func Resolve(q Request) Resolution { panic("provisional") }

// For is the resolution of the same request for another use, as of the ID token beside an access token.
func (r *Resolution) For(use mapper.Use) Resolution { panic("provisional") }

// ScopeClaim is the value of claim and member "scope": "openid" where it was asked for, and the names
// of the scopes in play that are shown.
func (r *Resolution) ScopeClaim() string { panic("provisional") }

// Fixes are the changes of configuration each of which makes want an audience of what q asks for; none
// where it is one already.
func Fixes(q Request, want string) []explain.Fix { panic("provisional") }
