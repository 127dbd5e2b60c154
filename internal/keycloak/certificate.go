package keycloak

// The members of the representation of a client's certificate, and the attributes that keep them, below
// a prefix as "jwt.credential".
var certificateMembers = map[string]string{
	"certificate": ".certificate", "privateKey": ".private.key", "publicKey": ".public.key", "kid": ".kid",
}

// Certificate is the representation of the certificate that a client's attributes keep under a prefix. The
// client's own representation is given.
func Certificate(client Object, prefix string) Object {
	attributes := Value[map[string]string](client, "attributes")
	out := Object{}
	for member, suffix := range certificateMembers {
		if value := attributes[prefix+suffix]; value != "" {
			out.Put(member, value)
		}
	}
	if set := attributes[jwksAttribute]; prefix == signingPrefix && set != "" && attributes["use.jwks.string"] == "true" {
		out.Put("jwks", set)
	}
	return out
}

// CertificateUpdate is the update of a client that gives it this certificate under a prefix, and takes what
// it had there.
func CertificateUpdate(certificate Object, prefix string) Object {
	attributes := map[string]string{}
	for member, suffix := range certificateMembers {
		attributes[prefix+suffix] = certificate.Text(member)
	}
	if set := certificate.Text("jwks"); set != "" {
		attributes[jwksAttribute], attributes["use.jwks.string"], attributes["use.jwks.url"] = set, "true", "false"
	}
	o := Object{}
	o.Put("attributes", attributes)
	return o
}

const (
	signingPrefix = "jwt.credential" // of the key by which a client signs assertions
	jwksAttribute = "jwks.string"
)
