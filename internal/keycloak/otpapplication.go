package keycloak

// otpApplications is the member of a realm that names the applications that make its one-time codes.
const otpApplications = "otpSupportedApplications"

// ShowOTPApplications names the applications that can make one-time codes by the realm's policy: of those that Keycloak
// knows, two have a period that does not change, and one makes codes by time alone.
func ShowOTPApplications(o Object) {
	byCounter := o.Text("otpPolicyType") == "hotp"
	usual := Value[int](o, "otpPolicyPeriod") == 30
	names := []string{"totpAppFreeOTPName"}
	if byCounter || usual {
		names = append(names, "totpAppGoogleName")
	}
	if !byCounter && usual && o.Text("otpPolicyAlgorithm") == "HmacSHA1" && Value[int](o, "otpPolicyDigits") == 6 {
		names = append(names, "totpAppMicrosoftAuthenticatorName")
	}
	o.Put(otpApplications, names)
}
