package keystore

import (
	"crypto/rsa"
	"os"
	"path/filepath"
	"testing"
)

// The stores of testdata hold one key and its certificate, under the alias deployer. keytool of Java 17 made those
// named java and trust, OpenSSL 3 the others, legacy with its ciphers of before.

func TestKey(t *testing.T) {
	want := openKey(t, "key.pem", "", "", "")
	for _, name := range []string{"java.p12", "openssl.p12", "legacy.p12", "java.jks"} {
		t.Run(name, func(t *testing.T) {
			if !openKey(t, name, "changeit", "keypass1", "DEPLOYER").Equal(want) {
				t.Error("another key")
			}
			if _, err := Key(file(t, name), "changeit", "keypass1", "nobody"); err == nil {
				t.Error("found a key that is not there")
			}
			if _, err := Key(file(t, name), "wrong", "wrong", "deployer"); err == nil {
				t.Error("opened by a wrong password")
			}
		})
	}
	if _, err := Key(file(t, "java.jks"), "changeit", "wrong", "deployer"); err == nil {
		t.Error("a wrong password opened the key in an open store")
	}
}

func TestCertificates(t *testing.T) {
	want, err := Certificates(file(t, "certificate.pem"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"trust.p12", "trust.jks", "openssl.p12"} {
		got, err := Certificates(file(t, name), "changeit")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !got.Equal(want) {
			t.Errorf("%s: other certificates", name)
		}
	}
	if _, err := Certificates(file(t, "key.pem"), ""); err == nil {
		t.Error("found certificates where there is a key alone")
	}
}

// FuzzKey: whatever the file is, reading it ends with a key or an error.
func FuzzKey(f *testing.F) {
	for _, name := range []string{"java.p12", "legacy.p12", "java.jks", "trust.jks", "key.pem"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, store []byte) {
		if key, err := Key(store, "changeit", "keypass1", "deployer"); (key == nil) == (err == nil) {
			t.Errorf("key %v, error %v", key, err)
		}
	})
}

func openKey(t *testing.T, name, password, keyPassword, alias string) *rsa.PrivateKey {
	t.Helper()
	k, err := Key(file(t, name), password, keyPassword, alias)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return k.(*rsa.PrivateKey)
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
