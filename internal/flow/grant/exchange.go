package grant

import "context"

// Exchange gives a token for another.
func (i *Issuer) Exchange(ctx context.Context, q ExchangeRequest) (*Response, error) {
	panic("provisional")
}
