package clients

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// certificateRoutes are the addresses of the keys and certificates that a client's attributes hold; {attr}
// is what their names begin with, as "jwt.credential".
func (d Deps) certificateRoutes(change func(method, path string, h handler) rest.Route, get func(path string, need permit.Need, h handler) rest.Route) []rest.Route {
	const at = "/certificates/{attr}"
	generate := change(http.MethodPost, at+"/generate", d.newCertificate)
	generate.Exceptional = true
	return []rest.Route{
		get(at, permit.ToViewClients, d.certificate),
		generate,
		change(http.MethodPost, at+"/upload", d.uploadCertificate("upload")),
		change(http.MethodPost, at+"/upload-certificate", d.uploadCertificate("upload-certificate")),
		change(http.MethodPost, at+"/download", d.noKeystore),
		change(http.MethodPost, at+"/generate-and-download", d.noKeystore),
	}
}

func (d Deps) certificate(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	kept, err := d.Kept.Extra(r.Context(), r.Realm.Key, realm.KindClient, c.Key)
	if err != nil {
		return err
	}
	o := keycloak.Certificate(shown(r, c, kept), r.PathValue("attr"))
	if !r.May(permit.ToManageClients) {
		delete(o, "privateKey")
	}
	return rest.JSON(w, o)
}

func (d Deps) newCertificate(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	made, err := d.Clients.NewCertificate(r.Context(), r.Author, r.Realm.Name, c.Key, r.PathValue("attr"))
	if err != nil {
		return refused(err)
	}
	return rest.JSON(w, made)
}

// uploadCertificate keeps what a form of type multipart/form-data brings: "file", in the format that
// "keystoreFormat" names.
func (d Deps) uploadCertificate(action string) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		o, err := uploaded(r)
		if err != nil {
			return err
		}
		if err := d.Clients.PutCertificate(r.Context(), r.Author, r.Realm.Name, c.Key, r.PathValue("attr"), action, o); err != nil {
			return refused(err)
		}
		return rest.JSON(w, o)
	}
}

// longestUpload is how much of an upload is read into memory, in bytes: none of the formats needs more.
const longestUpload = 1 << 20

func uploaded(r *rest.Request) (keycloak.Object, error) {
	if err := r.ParseMultipartForm(longestUpload); err != nil {
		return nil, rest.BadRequest("the body is no multipart/form-data")
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		return nil, rest.BadRequest("file cannot be null")
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, longestUpload))
	if err != nil {
		return nil, err
	}
	return parseUpload(r.FormValue("keystoreFormat"), string(data))
}

// parseUpload is the representation of an upload. Certificates and keys become base64 DER.
func parseUpload(format, text string) (keycloak.Object, error) {
	o := keycloak.Object{}
	switch format {
	case "Certificate PEM":
		der, err := armor.Decode(text)
		if err != nil {
			return nil, rest.BadRequest("the certificate cannot be read: it is neither PEM nor base64")
		}
		if _, err := x509.ParseCertificate(der); err != nil {
			return nil, rest.BadRequest("the certificate cannot be read: it is no X.509")
		}
		o.Put("certificate", base64.StdEncoding.EncodeToString(der))
	case "Public Key PEM":
		der, err := armor.Decode(text)
		if err != nil {
			return nil, rest.BadRequest("the public key cannot be read: it is neither PEM nor base64")
		}
		if _, err := x509.ParsePKIXPublicKey(der); err != nil {
			return nil, rest.BadRequest("the public key cannot be read: it is no SubjectPublicKeyInfo")
		}
		o.Put("publicKey", base64.StdEncoding.EncodeToString(der))
	case "JSON Web Key Set":
		var set struct{ Keys []json.RawMessage }
		if json.Unmarshal([]byte(text), &set) != nil || len(set.Keys) == 0 {
			return nil, rest.BadRequest("the key set cannot be read: it has no member keys")
		}
		o.Put("jwks", text)
	case "JKS", "PKCS12", "BCFKS":
		return nil, rest.BadRequest("keystores of format " + format + " are not read: upload the certificate as Certificate PEM, or a JSON Web Key Set")
	default:
		return nil, rest.BadRequest("keystoreFormat is none of Certificate PEM, Public Key PEM and JSON Web Key Set")
	}
	return o, nil
}

// noKeystore refuses to write a keystore of Java's.
func (d Deps) noKeystore(http.ResponseWriter, *rest.Request, *realm.Client) error {
	return rest.BadRequest("keystores are not written: use certificates/{attr}/generate, which answers the key and the certificate")
}
