package letter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/letter"
)

func TestWrite(t *testing.T) {
	f := letter.Facts{To: "vera@shop.test", Realm: "Fish & <Chips>", Link: "https://id.test/x?a=1&b=2", Life: 5 * time.Minute}
	tests := map[string]struct {
		kind          letter.Kind
		locale        string
		life          time.Duration
		subject, said string
	}{
		"verify":           {letter.VerifyEmail, "en", 5 * time.Minute, "Verify email", "within 5 minutes."},
		"reset":            {letter.ResetPassword, "en", time.Hour, "Reset password", "within 1 hour."},
		"German":           {letter.VerifyEmail, "de-AT", 2 * time.Hour, "E-Mail-Adresse bestätigen", "gilt 2 Stunden."},
		"unknown language": {letter.ResetPassword, "tlh", time.Minute, "Reset password", "within 1 minute."},
		"no language":      {letter.VerifyEmail, "", 90 * time.Minute, "Verify email", "within 90 minutes."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f.Life = tt.life
			l := letter.Write(tt.kind, tt.locale, f)
			if l.To != f.To || l.Subject != tt.subject {
				t.Errorf("to %q about %q", l.To, l.Subject)
			}
			if !strings.Contains(l.Text, tt.said) || !strings.Contains(l.Text, "\n"+f.Link+"\n") || !strings.Contains(l.Text, f.Realm) {
				t.Errorf("text: %s", l.Text)
			}
			if !strings.Contains(l.HTML, `href="https://id.test/x?a=1&amp;b=2"`) || !strings.Contains(l.HTML, "Fish &amp; &lt;Chips&gt;") {
				t.Errorf("HTML: %s", l.HTML)
			}
		})
	}
}
