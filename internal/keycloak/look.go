package keycloak

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// guards are the members of browserSecurityHeaders and the headers that they stand for.
var guards = map[string]string{
	"contentSecurityPolicy":           "Content-Security-Policy",
	"contentSecurityPolicyReportOnly": "Content-Security-Policy-Report-Only",
	"xContentTypeOptions":             "X-Content-Type-Options",
	"xFrameOptions":                   "X-Frame-Options",
	"xRobotsTag":                      "X-Robots-Tag",
	"strictTransportSecurity":         "Strict-Transport-Security",
	"referrerPolicy":                  "Referrer-Policy",
}

// KeptLook is how a realm wants its pages. Colours and addresses that are none are left out, and so are
// header values that no header can have: a page must not break by them.
func KeptLook(kept realm.Extra) realm.Look {
	o := Object(kept)
	attributes := Value[map[string]string](o, "attributes")
	look := realm.Look{
		Name:           o.Text("displayName"),
		Locales:        Value[[]string](o, "supportedLocales"),
		Texts:          Value[map[string]map[string]string](o, "localizationTexts"),
		Headers:        map[string]string{},
		Accent:         theme(attributes, "accent"),
		AccentDark:     theme(attributes, "accent-dark"),
		Background:     theme(attributes, "background"),
		BackgroundDark: theme(attributes, "background-dark"),
		Logo:           theme(attributes, "logo"),
	}
	for member, value := range Value[map[string]string](o, "browserSecurityHeaders") {
		if header, ok := guards[member]; ok && !strings.ContainsAny(value, "\r\n\x00") {
			look.Headers[header] = value
		}
	}
	return look
}
