package keycloak

// BoundMembers are the members of a realm that are settings here.
func BoundMembers() []string {
	var out []string
	for _, f := range settingFields {
		out = append(out, f.name)
	}
	return append(out, "smtpServer")
}

// ReadMembers are the members of a realm that are kept as they came, and read where they count.
func ReadMembers() []string {
	out := []string{"authenticationFlows", "authenticatorConfig", "browserFlow", "firstBrokerLoginFlow", "requiredActions", "supportedLocales", "localizationTexts",
		"browserSecurityHeaders", "otpPolicyType", "otpPolicyAlgorithm", "otpPolicyDigits", "otpPolicyPeriod", "otpPolicyInitialCounter", "otpPolicyLookAheadWindow"}
	for _, prefix := range []string{passkeysBeside, passkeysAlone} {
		for _, member := range []string{"RpEntityName", "RpId", "SignatureAlgorithms", "AttestationConveyancePreference", "AuthenticatorAttachment", "RequireResidentKey",
			"UserVerificationRequirement", "CreateTimeout", "AvoidSameAuthenticatorRegister", "AcceptableAaguids", "ExtraOrigins", "PasskeysEnabled"} {
			out = append(out, prefix+member)
		}
	}
	return out
}

// BindsSetting tells whether an attribute of a realm is a setting here.
func BindsSetting(name string) bool { return binds(settingAttributes, name) }

// BindsClient tells whether an attribute of a client is a setting here.
func BindsClient(name string) bool { return name == realmClient || binds(clientAttributes, name) }

func binds[T any](bound []attribute[T], name string) bool {
	for _, a := range bound {
		if a.name == name {
			return true
		}
	}
	return false
}
