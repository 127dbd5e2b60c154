package clients

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// installations write what an adapter of Keycloak's needs to run as a client, by the names of the formats.
var installations = map[string]func(adapter) ([]byte, error){
	"keycloak-oidc-keycloak-json":       adapter.json,
	"keycloak-oidc-jboss-subsystem":     adapter.subsystem,
	"keycloak-oidc-jboss-subsystem-cli": adapter.commands,
}

// installationsOfSAML are formats for clients that are kept and not acted on.
var installationsOfSAML = []string{"keycloak-saml", "keycloak-saml-subsystem", "keycloak-saml-subsystem-cli",
	"mod-auth-mellon", "saml-idp-descriptor", "saml-sp-descriptor"}

func (d Deps) installation(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	name := r.PathValue("provider")
	write := installations[name]
	switch {
	case slices.Contains(installationsOfSAML, name):
		return rest.BadRequest("SAML clients are kept, and there is no server behind " + name)
	case write == nil:
		return rest.NotFound("Unknown Provider")
	}
	kept, err := d.Kept.Extra(r.Context(), r.Realm.Key, realm.KindClient, c.Key)
	if err != nil {
		return err
	}
	with := *c
	with.Extra = kept
	text, err := write(adapter{keycloak.AdapterOf(r.Realm, &with, r.Base)})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	_, err = w.Write(text)
	return err
}

// adapter writes the configuration of an adapter.
type adapter struct{ keycloak.Adapter }

func (a adapter) json() ([]byte, error) { return json.MarshalIndent(a.Adapter, "", "  ") }

// settings are the adapter's settings as WildFly has them, but for credentials.
func (a adapter) settings() [][2]string {
	out := [][2]string{{"realm", a.Realm}, {"auth-server-url", a.Server}}
	switch {
	case a.BearerOnly:
		out = append(out, [2]string{"bearer-only", "true"})
	case a.Public:
		out = append(out, [2]string{"public-client", "true"})
	}
	out = append(out, [2]string{"ssl-required", strings.ToUpper(a.SSLRequired)}, [2]string{"resource", a.Resource})
	if a.VerifyAudience {
		out = append(out, [2]string{"verify-token-audience", "true"})
	}
	if a.UseClientRoles {
		out = append(out, [2]string{"use-resource-role-mappings", "true"})
	}
	return out
}

// subsystem is the adapter's part of a WildFly configuration file.
func (a adapter) subsystem() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<secure-deployment name=\"WAR MODULE NAME.war\">\n")
	for _, s := range a.settings() {
		fmt.Fprintf(&b, "    <%s>%s</%s>\n", s[0], escaped(s[1]), s[0])
	}
	for name, value := range sorted(a.Credentials) {
		fmt.Fprintf(&b, "    <credential name=%q>", name)
		if parts, ok := value.(map[string]any); ok {
			b.WriteByte('\n')
			for part, value := range sorted(parts) {
				fmt.Fprintf(&b, "        <%s>%s</%s>\n", part, escaped(fmt.Sprint(value)), part)
			}
			b.WriteString("    </credential>\n")
			continue
		}
		fmt.Fprintf(&b, "%s</credential>\n", escaped(fmt.Sprint(value)))
	}
	b.WriteString("</secure-deployment>\n")
	return b.Bytes(), nil
}

// sorted are the members by name.
func sorted(members map[string]any) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !yield(name, members[name]) {
				return
			}
		}
	}
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return b.String()
}

// commands are what configures the adapter in WildFly's command line.
func (a adapter) commands() ([]byte, error) {
	const deployment = `/subsystem=keycloak/secure-deployment="WAR MODULE NAME.war"`
	var settings []string
	for _, s := range a.settings() {
		settings = append(settings, s[0]+"="+quoted(s[1]))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s/:add( \\\n    %s)\n", deployment, strings.Join(settings, ", \\\n    "))
	for name, value := range sorted(a.Credentials) {
		parts, ok := value.(map[string]any)
		if !ok {
			fmt.Fprintf(&b, "%s/credential=%s:add(value=%s)\n", deployment, name, quoted(fmt.Sprint(value)))
			continue
		}
		for part, value := range sorted(parts) {
			fmt.Fprintf(&b, "%s/credential=%s.%s:add(value=%s)\n", deployment, name, part, quoted(fmt.Sprint(value)))
		}
	}
	return b.Bytes(), nil
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
