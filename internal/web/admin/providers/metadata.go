package providers

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// errMissing refuses what lacks something, without saying what, as Keycloak does.
var errMissing = &render.Status{Code: http.StatusBadRequest, Text: "HTTP 400 Bad Request"}

// kind describes a kind of identity provider.
func kind(w http.ResponseWriter, r *rest.Request) error {
	k, ok := idp.Find(r.PathValue("kind"))
	if !ok {
		return errMissing
	}
	return rest.JSON(w, map[string]any{"id": k.ID, "name": k.Name, "helpText": "", "configProperties": append([]json.RawMessage{}, k.Properties...), "configMetadata": []any{}})
}

// importConfig makes the settings of an identity provider of the metadata that it publishes at a URL, or
// that is sent as a file.
func (d Deps) importConfig(w http.ResponseWriter, r *rest.Request) error {
	kind, metadata, err := d.metadata(r)
	if err != nil {
		return err
	}
	config, err := idp.Import(kind, metadata.text)
	if err != nil {
		return err
	}
	if metadata.from != "" {
		config["metadataDescriptorUrl"] = metadata.from
	}
	return rest.JSON(w, config)
}

// document is metadata, and the URL that it was fetched from.
type document struct {
	text []byte
	from string
}

func (d Deps) metadata(r *rest.Request) (kind string, found document, err error) {
	if r.IsForm() {
		file, err := r.File("file")
		kind = r.FormValue("providerId")
		if err != nil || kind == "" {
			return "", found, errMissing
		}
		return kind, document{text: file}, nil
	}
	body, err := r.Body("map<str>")
	if err != nil {
		return "", found, err
	}
	kind, found.from = body.Text("providerId"), body.Text("fromUrl")
	if kind == "" || found.from == "" {
		return "", found, errMissing
	}
	found.text, err = d.Fetch.Document(r.Context(), found.from)
	if err != nil {
		return "", found, rest.BadRequest("The metadata of the identity provider could not be fetched")
	}
	return kind, found, nil
}

// uploadCertificate reads a certificate of a form, PEM or DER or in base64, and answers with it as
// identity providers' settings hold it.
func uploadCertificate(w http.ResponseWriter, r *rest.Request) error {
	data, err := r.File("file")
	if err != nil {
		return errMissing
	}
	der := data
	if decoded, err := armor.Decode(string(data)); err == nil {
		der = decoded
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return rest.BadRequest("The file is no certificate")
	}
	return rest.JSON(w, map[string]string{
		"certificate": base64.StdEncoding.EncodeToString(certificate.Raw),
		"publicKey":   base64.StdEncoding.EncodeToString(certificate.RawSubjectPublicKeyInfo),
	})
}
