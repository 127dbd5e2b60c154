package keycloak

// BoundMembers are the members of a realm that are settings here.
func BoundMembers() []string {
	var out []string
	for _, f := range settingFields {
		out = append(out, f.name)
	}
	return append(out, "smtpServer")
}

// BindsSetting tells whether an attribute of a realm is a setting here.
func BindsSetting(name string) bool { return binds(settingAttributes, name) }

// BindsClient tells whether an attribute of a client is a setting here.
func BindsClient(name string) bool { return name == realmClient || binds(clientAttributes, name) }

func binds[T any](bound []attribute[T], name string) bool {
	for _, a := range bound {
		if a.name == name {
			return true
		}
	}
	return false
}
