package explain_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

func TestCommand(t *testing.T) {
	for want, got := range map[string]string{
		`tokenhouse admin update clients/42 -r shop -s enabled=true`:            explain.Command("update", "clients/42", "shop", explain.Setting{Field: "enabled", Value: "true"}),
		`tokenhouse admin update clients/42 -r shop -s 'attributes."a.b"=x##y'`: explain.Command("update", "clients/42", "shop", explain.Attribute("a.b", "x##y")),
		`tokenhouse admin create clients -r 'my shop' -s 'clientId=it'\''s'`:    explain.Command("create", "clients", "my shop", explain.Setting{Field: "clientId", Value: "it's"}),
		`tokenhouse admin create clients -r shop -s 'clientId=$(rm -r x)'`:      explain.Command("create", "clients", "shop", explain.Setting{Field: "clientId", Value: "$(rm -r x)"}),
		`tokenhouse admin create clients -r shop -s 'clientId=a b;c'`:           explain.Command("create", "clients", "shop", explain.Setting{Field: "clientId", Value: "a b;c"}),
		`tokenhouse admin create x -r shop -s 'config."c"='`:                    explain.Command("create", "x", "shop", explain.Config("c", "")),
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
