package armor_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
)

// TestDecode reads PEM and base64, however they were pasted, and nothing else.
func TestDecode(t *testing.T) {
	const begin, end = "-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----"
	for name, text := range map[string]string{
		"PEM":                 begin + "aGVsbG8gd29ybGQ=" + end + "\n",
		"PEM, with space":     "  " + begin + "aGVsbG8g\nd29ybGQ=" + end,
		"PEM, behind words":   "subject=web\n" + begin + "aGVsbG8gd29ybGQ=" + end,
		"PEM, of two":         begin + "aGVsbG8gd29ybGQ=" + end + "\n" + begin + "YnllCg==" + end,
		"base64":              "aGVsbG8gd29ybGQ=",
		"base64, in lines":    " aGVsbG8g\r\nd29y\tbGQ=\n",
		"PEM of another kind": "-----BEGIN PUBLIC KEY-----\naGVsbG8gd29ybGQ=\n-----END PUBLIC KEY-----",
	} {
		if der, err := armor.Decode(text); err != nil || string(der) != "hello world" {
			t.Errorf("%s: %q, %v", name, der, err)
		}
	}
	for name, text := range map[string]string{
		"words": "no key at all", "base64 of URLs": "_-__", "PEM without an end": begin + "aGVsbG8gd29ybGQ=", "base64 that is cut": "aGVsbG8gd29ybGQ",
	} {
		if der, err := armor.Decode(text); err == nil {
			t.Errorf("%s: %q", name, der)
		}
	}
}
