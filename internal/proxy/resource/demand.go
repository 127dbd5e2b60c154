package resource

import (
	"errors"
	"net/http"
)

// Demand is what is asked of one request, by all resources that it falls under.
type Demand struct {
	Nobody     bool   // nobody is asked who they are
	ExchangeTo string // audience that the upstream's token is for; empty: the caller's own token
	under      []*Resource
}

// ErrPath is of a path that no server should be asked for, or of a request of too many methods.
var ErrPath = errors.New("the path or the method cannot be read")

// ErrAmbiguous is of a request that falls, by different readings, under resources that want different tokens.
var ErrAmbiguous = errors.New("the path can be read in more than one way")

// Demand is what is asked of a request. An error is ErrPath or ErrAmbiguous.
func (t *Table) Demand(r *http.Request) (Demand, error) {
	under, ok := t.Of(r)
	if !ok {
		return Demand{}, ErrPath
	}
	d := Demand{Nobody: true, under: under}
	for _, u := range under {
		switch {
		case u.WhiteListed:
			continue
		case !d.Nobody && u.ExchangeTo != d.ExchangeTo:
			return Demand{}, ErrAmbiguous
		}
		d.Nobody, d.ExchangeTo = false, u.ExchangeTo
	}
	return d, nil
}

// Refuse says why a holder does not meet the demand; empty where they do.
func (d Demand) Refuse(h Holder) string {
	for _, u := range d.under {
		if why := u.Refuse(h); why != "" {
			return u.String() + ": " + why
		}
	}
	return ""
}
