package login

import "slices"

// Departure is a page that asks a browser whether to sign out, and what is to happen then (OpenID Connect
// RP-Initiated Logout 1.0 §2).
type Departure struct {
	Tab         string  // names it in addresses
	Code        string  // session_code, that its form must bring
	Client      string  // client_id of who wishes it; empty: that is not known
	RedirectURI string  // where to go afterwards, checked; empty: nowhere
	State       *string // goes back with it; nil: none came
}

// maxDepartures is how many of these pages are kept for a browser; the oldest is given up for another.
const maxDepartures = 10

// Leave adds a departure, and gives up the oldest where there are too many.
func (b *Browser) Leave(d Departure) {
	if len(b.Leaving) >= maxDepartures {
		b.Leaving = slices.Delete(b.Leaving, 0, len(b.Leaving)-maxDepartures+1)
	}
	b.Leaving = append(b.Leaving, d)
}

// Departure finds the departure of a tab, or gives nil.
func (b *Browser) Departure(tab string) *Departure {
	for i := range b.Leaving {
		if b.Leaving[i].Tab == tab {
			return &b.Leaving[i]
		}
	}
	return nil
}

// Empty tells whether the browser has begun nothing: then there is nothing to keep.
func (b *Browser) Empty() bool { return len(b.Tabs) == 0 && len(b.Leaving) == 0 }

// Return takes a departure away whose browser is back.
func (b *Browser) Return(tab string) {
	b.Leaving = slices.DeleteFunc(b.Leaving, func(d Departure) bool { return d.Tab == tab })
}
