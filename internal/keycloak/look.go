package keycloak

import (
	"regexp"
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
		Accent:         colour(attributes["tokenhouse.theme.accent"]),
		AccentDark:     colour(attributes["tokenhouse.theme.accent-dark"]),
		Background:     colour(attributes["tokenhouse.theme.background"]),
		BackgroundDark: colour(attributes["tokenhouse.theme.background-dark"]),
	}
	if logo := attributes["tokenhouse.theme.logo"]; strings.HasPrefix(logo, "https://") || strings.HasPrefix(logo, "data:image/") {
		look.Logo = logo
	}
	for member, value := range Value[map[string]string](o, "browserSecurityHeaders") {
		if header, ok := guards[member]; ok && !strings.ContainsAny(value, "\r\n\x00") {
			look.Headers[header] = value
		}
	}
	return look
}

var sixDigits = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func colour(text string) string {
	if sixDigits.MatchString(text) {
		return text
	}
	return ""
}
