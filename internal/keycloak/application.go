package keycloak

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// Application is what a client tells people of itself. All of it may be empty.
type Application struct {
	Name        string
	Description string
	Logo        string // address of an image
	Policy      string // address of what it does with data
	Terms       string // address of its terms of service
	ConsentText string // of the client itself in a list of what was allowed
}

// KeptApplication is what a client keeps for people.
func KeptApplication(kept realm.Extra) Application {
	o := Object(kept)
	attributes := Value[map[string]string](o, "attributes")
	return Application{Name: o.Text("name"), Description: o.Text("description"), Logo: attributes["logoUri"], Policy: attributes["policyUri"],
		Terms: attributes["tosUri"], ConsentText: attributes["consent.screen.text"]}
}

// KeptLocales are the languages that a realm offers.
func KeptLocales(kept realm.Extra) []string { return Value[[]string](Object(kept), "supportedLocales") }
