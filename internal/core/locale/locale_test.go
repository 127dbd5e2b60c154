package locale_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
)

func TestChoose(t *testing.T) {
	offered := []string{"en", "de", "fr", "pt-BR"}
	for name, tt := range map[string]struct {
		wishes   locale.Wishes
		fallback string
		want     string
	}{
		"nothing is wished":              {locale.Wishes{}, "fr", "fr"},
		"the fallback is not offered":    {locale.Wishes{}, "it", "en"},
		"no fallback":                    {locale.Wishes{}, "", "en"},
		"chosen before all":              {locale.Wishes{Chosen: "fr", Own: "de", Client: []string{"de"}, Kept: "de", Browser: "de"}, "de", "fr"},
		"chosen is not offered":          {locale.Wishes{Chosen: "it", Own: "de"}, "en", "de"},
		"own before the application's":   {locale.Wishes{Own: "de", Client: []string{"fr"}}, "en", "de"},
		"the application's before kept":  {locale.Wishes{Client: []string{"it", "fr"}, Kept: "de"}, "en", "fr"},
		"kept before the browser's":      {locale.Wishes{Kept: "de", Browser: "fr"}, "en", "de"},
		"the browser's by weight":        {locale.Wishes{Browser: "it, fr;q=0.5, de;q=0.8"}, "en", "de"},
		"what the browser does not want": {locale.Wishes{Browser: "de;q=0, fr;q=0.1"}, "en", "fr"},
		"nonsense of the browser":        {locale.Wishes{Browser: ";;q=,de;q=x,*"}, "fr", "fr"},
		"a region":                       {locale.Wishes{Browser: "de-AT"}, "en", "de"},
		"a region that is offered":       {locale.Wishes{Browser: "pt-BR"}, "en", "pt-BR"},
		"another region":                 {locale.Wishes{Browser: "pt-PT"}, "en", "en"},
	} {
		if got := locale.Choose(offered, tt.fallback, tt.wishes); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
