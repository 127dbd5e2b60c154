package account

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// ownerKey is where a request's context has who asks.
type ownerKey struct{}

func withOwner(ctx context.Context, o *account.Owner) context.Context {
	return context.WithValue(ctx, ownerKey{}, o)
}

// ownerIn is who asks; nil, who may do nothing, where nobody was let in.
func ownerIn(ctx context.Context) *account.Owner {
	o, _ := ctx.Value(ownerKey{}).(*account.Owner)
	return o
}
