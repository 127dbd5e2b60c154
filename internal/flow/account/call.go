package account

import (
	"errors"
	"slices"
)

// Call is something that people ask of their account.
type Call string

const (
	ReadProfile      Call = "read profile"
	WriteProfile     Call = "write profile"
	ReadSessions     Call = "read sessions"
	EndSessions      Call = "end sessions"
	ReadCredentials  Call = "read credentials"
	WriteCredentials Call = "write credentials"
	ReadApplications Call = "read applications"
	ReadConsent      Call = "read consent"
	WriteConsent     Call = "write consent"
	ReadLinks        Call = "read links"
	WriteLinks       Call = "write links"
	BeginLink        Call = "begin a link"
	DeleteAccount    Call = "delete account"
	ReadGroups       Call = "read groups"
	ReadLocales      Call = "read locales" // which are the realm's, and no secret
	AskNothing       Call = "ask nothing"  // of what is not offered, to say so
)

// ClientID is the client whose roles say what people may do with their account, and that tokens have to name as an
// audience. Where a realm does not have it, or has it switched off, nobody manages their account.
const ClientID = "account"

// Roles of the client. Those that include another are expanded in the user's roles.
const (
	manageAccount    = "manage-account"
	viewProfile      = "view-profile"
	viewApplications = "view-applications"
	viewConsent      = "view-consent"
	manageConsent    = "manage-consent"
	viewGroups       = "view-groups"
	manageLinks      = "manage-account-links"
	deleteAccount    = "delete-account"
)

// needs are the roles of which a call needs one, or none at all; a call that is not here is for nobody. As in Keycloak
// manage-account-links lets begin a link, and neither see nor end one.
var needs = map[Call][]string{
	ReadProfile:      {manageAccount, viewProfile},
	WriteProfile:     {manageAccount},
	ReadSessions:     {manageAccount, viewProfile},
	EndSessions:      {manageAccount},
	ReadCredentials:  {manageAccount, viewProfile},
	WriteCredentials: {manageAccount},
	ReadApplications: {manageAccount, viewApplications},
	ReadConsent:      {manageAccount, viewConsent, manageConsent},
	WriteConsent:     {manageAccount, manageConsent},
	ReadLinks:        {manageAccount, viewProfile},
	WriteLinks:       {manageAccount},
	BeginLink:        {manageAccount, manageLinks},
	DeleteAccount:    {deleteAccount},
	ReadGroups:       {manageAccount, viewGroups},
	ReadLocales:      {},
	AskNothing:       {},
}

// ErrForbidden refuses a call that the owner has no role for.
var ErrForbidden = errors.New("none of the roles that the call needs")

// Demand is nil where the owner's roles let them make the call, and ErrForbidden where not.
func (o *Owner) Demand(c Call) error {
	roles, known := needs[c]
	if known && (len(roles) == 0 || slices.ContainsFunc(roles, o.has)) {
		return nil
	}
	return ErrForbidden
}
