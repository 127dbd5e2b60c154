package verify_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

func TestRefreshRefusal(t *testing.T) {
	tests := map[verify.Reason]string{
		verify.Unreadable:  "Invalid refresh token",
		verify.WrongType:   "Invalid refresh token",
		verify.Revoked:     "Invalid refresh token",
		verify.UserGone:    "Invalid refresh token",
		verify.Expired:     "Token is not active",
		verify.GrantGone:   "Session doesn't have required client",
		verify.OfflineGone: "Offline user session not found",
	}
	for reason, want := range tests {
		var got *oauth.Error
		err := verify.RefreshRefusal(&verify.Failure{Reason: reason})
		if !errors.As(err, &got) || got.Code != oauth.InvalidGrant || got.Description != want || got.Event != "invalid_token" {
			t.Errorf("%s: got %v, want %q", reason, err, want)
		}
		if verify.Why(err) != reason {
			t.Errorf("%s: the cause is lost: %v", reason, err)
		}
	}
	if broken := errors.New("disk full"); verify.RefreshRefusal(broken) != broken {
		t.Error("a technical error became a refusal")
	}
}
