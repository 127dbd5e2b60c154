package subject_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/subject"
)

var oids = map[string]asn1.ObjectIdentifier{
	"CN": {2, 5, 4, 3}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "C": {2, 5, 4, 6}, "E": {1, 2, 840, 113549, 1, 9, 1}, "X": {1, 2, 3, 4},
}

type pair struct{ kind, value string }

// certificate is one whose subject has these attributes, in the order of the encoding; those of one list belong together.
func certificate(t *testing.T, parts ...[]pair) *x509.Certificate {
	t.Helper()
	var sequence pkix.RDNSequence
	for _, part := range parts {
		var set pkix.RelativeDistinguishedNameSET
		for _, p := range part {
			set = append(set, pkix.AttributeTypeAndValue{Type: oids[p.kind], Value: p.value})
		}
		sequence = append(sequence, set)
	}
	raw, err := asn1.Marshal(sequence)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: raw, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIs(t *testing.T) {
	plain := certificate(t, []pair{{"C", "DE"}}, []pair{{"O", "Acme"}}, []pair{{"CN", "till"}})
	odd := certificate(t, []pair{{"O", `Acme, "Inc" + Co`}}, []pair{{"CN", " till\\ "}})
	joined := certificate(t, []pair{{"O", "Acme"}}, []pair{{"CN", "till"}, {"OU", "shops"}})
	for _, tt := range []struct {
		name string
		c    *x509.Certificate
		text string
		want bool
	}{
		{"as RFC 4514 has it", plain, "CN=till,O=Acme,C=DE", true},
		{"blanks", plain, "CN=till, O=Acme , C = DE", true},
		{"semicolons", plain, "CN=till;O=Acme;C=DE", true},
		{"small letters of types", plain, "cn=till,o=Acme,c=DE", true},
		{"numbers of types", plain, "2.5.4.3=till,OID.2.5.4.10=Acme,C=DE", true},
		{"encoded", plain, "CN=#130474696c6c,O=Acme,C=DE", true},
		{"bytes", plain, `CN=\74ill,O=Acme,C=DE`, true},
		{"as encoded", plain, "C=DE,O=Acme,CN=till", false},
		{"a part", plain, "CN=till", false},
		{"more", plain, "CN=till,OU=x,O=Acme,C=DE", false},
		{"capitals of values", plain, "CN=Till,O=Acme,C=DE", false},
		{"nothing", plain, "", false}, {"no name", plain, "till", false}, {"unknown type", plain, "XY=till,O=Acme,C=DE", false},
		{"open quotes", plain, `CN="till,O=Acme,C=DE`, false}, {"open escape", plain, `CN=till,O=Acme,C=DE\`, false},
		{"quotes", odd, `CN=" till\\ ",O="Acme, \"Inc\" + Co"`, true},
		{"escapes", odd, `CN=\ till\\\ ,O=Acme\, \"Inc\" \+ Co`, true},
		{"without the escapes", odd, `CN=till\\,O=Acme, "Inc" + Co`, false},
		{"joined", joined, "CN=till+OU=shops,O=Acme", true}, {"joined the other way", joined, "OU=shops + CN=till,O=Acme", true},
		{"apart", joined, "CN=till,OU=shops,O=Acme", false}, {"half", joined, "CN=till,O=Acme", false},
	} {
		if got := subject.Is(tt.c, tt.text); got != tt.want {
			t.Errorf("%s: %q: %v", tt.name, tt.text, got)
		}
	}
}

func TestMatches(t *testing.T) {
	plain := certificate(t, []pair{{"C", "DE"}}, []pair{{"O", "Acme"}}, []pair{{"CN", "till"}})
	forged := certificate(t, []pair{{"O", "Acme, CN=admin"}}, []pair{{"CN", "till"}})
	mail := certificate(t, []pair{{"CN", "till"}}, []pair{{"E", "a@b.example"}}, []pair{{"X", "y"}})
	for _, tt := range []struct {
		name string
		c    *x509.Certificate
		text string
		want bool
	}{
		{"as Java has it", plain, "CN=till, O=Acme, C=DE", true},
		{"pattern", plain, "(.*?)(?:CN=till)(.*?)", true},
		{"part", plain, "CN=till", false}, {"empty", plain, "", false}, {"broken", plain, "CN=(", false},
		{"a value cannot pass for a part", forged, "CN=till, O=Acme, CN=admin", false},
		{"it is in quotes", forged, `CN=till, O="Acme, CN=admin"`, true},
		{"names of Java", mail, `OID\.1\.2\.3\.4=y, EMAILADDRESS=a@b\.example, CN=till`, true},
	} {
		if got := subject.Matches(tt.c, tt.text); got != tt.want {
			t.Errorf("%s: %q: %v", tt.name, tt.text, got)
		}
	}
}

func FuzzIs(f *testing.F) {
	f.Add("CN=a,O=b")
	f.Add(`CN="a\"",O=#0c0162+C=\20`)
	f.Fuzz(func(t *testing.T, text string) {
		var none x509.Certificate
		if subject.Is(&none, text) || subject.Matches(&none, text) {
			t.Errorf("%q is the subject of nothing", text)
		}
		_ = subject.Is(&x509.Certificate{RawSubject: []byte("0\x0c1\n0\x08\x06\x03U\x04\x03\x0c\x01a")}, text)
	})
}
