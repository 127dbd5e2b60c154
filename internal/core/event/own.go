package event

// What people do with their own account.
const (
	UpdatePassword       Kind = "UPDATE_PASSWORD"
	UpdateCredential     Kind = "UPDATE_CREDENTIAL"
	UpdateProfile        Kind = "UPDATE_PROFILE"
	UpdateEmail          Kind = "UPDATE_EMAIL"
	UpdateTOTP           Kind = "UPDATE_TOTP"
	VerifyEmail          Kind = "VERIFY_EMAIL"
	SendVerifyEmail      Kind = "SEND_VERIFY_EMAIL"
	SendResetPassword    Kind = "SEND_RESET_PASSWORD"
	ResetPassword        Kind = "RESET_PASSWORD"
	GrantConsent         Kind = "GRANT_CONSENT"
	DeleteAccount        Kind = "DELETE_ACCOUNT"
	ExecuteActions       Kind = "EXECUTE_ACTIONS"
	CustomRequiredAction Kind = "CUSTOM_REQUIRED_ACTION"

	RestartAuthentication Kind = "RESTART_AUTHENTICATION"
	FirstBrokerLogin      Kind = "IDENTITY_PROVIDER_FIRST_LOGIN"
	PostBrokerLogin       Kind = "IDENTITY_PROVIDER_POST_LOGIN"
)
