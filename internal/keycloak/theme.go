package keycloak

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// themePrefix begins the names of a realm's attributes that say how its pages look.
const themePrefix = "tokenhouse.theme."

// themes are these attributes, with what is wrong with a value; empty where nothing is. What gets by stands in style
// sheets and addresses of pages, so that nothing may that could be anything else there.
var themes = map[string]func(value string) string{
	"accent": wrongColour, "accent-dark": wrongColour, "background": wrongColour, "background-dark": wrongColour, "logo": wrongLogo,
}

var sixDigits = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func wrongColour(value string) string {
	if sixDigits.MatchString(value) {
		return ""
	}
	return "is no colour: # and six hexadecimal digits"
}

// imageData is an image in the address itself. Of SVG browsers run no script where an <img> shows it.
var imageData = regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$`)

// hostName is a host with or without port, of which nothing means anything in a Content-Security-Policy.
var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]+(?::[0-9]+)?$`)

func wrongLogo(value string) string {
	if imageData.MatchString(value) {
		return ""
	}
	u, err := url.Parse(value)
	if err == nil && u.Scheme == "https" && u.User == nil && hostName.MatchString(u.Host) && !strings.ContainsAny(value, " \"'<>\\`") {
		return ""
	}
	return "is no address of an image: https://… or data:image/…;base64,…"
}

// themeNotes are what is wrong with a realm's attributes about looks. An empty value is none.
func themeNotes(attributes map[string]string) []Note {
	var notes []Note
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		setting, ours := strings.CutPrefix(name, themePrefix)
		if !ours || attributes[name] == "" {
			continue
		}
		wrong, known := themes[setting]
		text := "is no setting of looks"
		if known {
			text = wrong(attributes[name])
		}
		if text != "" {
			notes = append(notes, Note{Path: "attributes." + name, Text: text, Bad: true})
		}
	}
	return notes
}

// theme is an attribute about looks; empty where it is not there, or is nothing that may stand on a page.
func theme(attributes map[string]string, setting string) string {
	value := attributes[themePrefix+setting]
	if value == "" || themes[setting](value) != "" {
		return ""
	}
	return value
}
