package session

// Notes that say how a user signed in, by Keycloak's names. No identity provider's mapper writes them.
const (
	NoteAuthTime = "AUTH_TIME" // of sessions, to whom asks for it by this name: it is in Session.AuthTime
	NoteLevels   = "loa-map"   // of sessions: when which level of assurance was reached, as login.Reached writes it
	NoteSSO      = "SSO_AUTH"  // of grants: "true" where a session that was there already was enough
	NoteLevel    = "LEVEL"     // of grants: the level of assurance that was reached, where the flow gives levels
	NoteACR      = "ACR"       // of grants: which authentication context classes the client asked for, as oauth.ACR writes it
)
