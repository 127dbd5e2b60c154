package mint

import "github.com/tokenhouse/tokenhouse/internal/core/token"

// Access composes an access token. For must be resolved for use mapper.Access or mapper.Lightweight.
func Access(q Request) Token { panic("provisional") }

// ID composes an ID token (OpenID Connect Core §2). For is that of the access token beside it.
// accessToken is that one, signed, for at_hash; empty where there is none. alg signs the ID token.
func ID(q Request, accessToken, alg string) Token { panic("provisional") }

// Refresh composes a refresh token, or an offline token where the session is one; access is the token
// issued beside it. ReuseID is for the caller to set where refresh tokens rotate.
func Refresh(q Request, access *token.Claims) Token { panic("provisional") }

// Response are the members that mappers add to the token endpoint's answer.
func Response(q Request) token.Object { panic("provisional") }

// UserInfo are the claims that the userinfo endpoint answers. For must be resolved for use
// mapper.UserInfo.
func UserInfo(q Request) token.Object { panic("provisional") }

// Introspection is what introspection tells of a token: its own claims, and those that mappers write
// now. For must be resolved for use mapper.Introspection, with the token's own filter.
func Introspection(q Request, held *token.Claims) Token { panic("provisional") }
