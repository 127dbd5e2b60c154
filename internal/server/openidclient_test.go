package server_test

import (
	"bufio"
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// openIDClient runs a program in Node that signs people in by openid-client. A person opens the addresses that it
// prints, and tells it where they were sent.
func openIDClient(t *testing.T, dir string) {
	web := secure(t, server.Config{}, map[string][]byte{"harbour.json": []byte(harbour)})
	authority := filepath.Join(dir, "authority.pem")
	write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})))
	c := exec.CommandContext(t.Context(), "node", "sign-in.js", web.URL+"/realms/harbour")
	c.Dir = dir
	c.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+authority)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	c.Stderr = &complaints
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, web)
	for addresses := bufio.NewScanner(out); addresses.Scan(); {
		p.open(addresses.Text())
		if p.told == nil && strings.Contains(p.page, `name="password"`) {
			p.submit("username", "alice", "password", "alice-password")
		}
		if p.told == nil && strings.Contains(p.page, "Grant Access to pier") {
			p.submit("accept", "")
		}
		if _, err := fmt.Fprintln(in, p.at); err != nil {
			t.Error(err)
		}
	}
	if err := c.Wait(); err != nil {
		t.Errorf("%v\n%s", err, complaints.Bytes())
	}
}
