package event

import "strings"

// SavedByDefault tells whether a realm that keeps events, and names no kinds, keeps this one: all but
// the frequent ones that change nothing. As in Keycloak.
func (k Kind) SavedByDefault() bool {
	switch Kind(strings.TrimSuffix(string(k), "_ERROR")) {
	case RefreshToken, IntrospectToken, UserInfoRequest:
		return false
	}
	return true
}
