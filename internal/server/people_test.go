package server_test

import (
	"strings"
	"testing"
)

// TestUsersDoNotCarryRights: who may manage users gives nobody the roles of a group that are not theirs to give.
func TestUsersDoNotCarryRights(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"guarded.json": []byte(guarded)})
	helper, root := newOfficer(t, base, "guarded", "helper"), newOfficer(t, base, "master", "admin")
	helper.call(403, "POST", "guarded/users", `{"username": "mole", "groups": ["/admins/deputies"]}`)
	helper.call(403, "PUT", "guarded/users/chief/groups/deputies-key", "")
	helper.call(201, "POST", "guarded/users", `{"username": "clerk", "groups": ["sales"]}`)
	helper.call(204, "PUT", "guarded/users/chief/groups/sales-key", "")
	root.call(201, "POST", "guarded/users", `{"username": "deputy", "groups": ["/admins/deputies"]}`)
	if found := root.call(200, "GET", "guarded/users?username=mole", ""); found != "[]" {
		t.Errorf("the refused user is there: %s", found)
	}
}

// TestUserIsWrittenAsRead puts what was read: it is taken, and changes nothing.
func TestUserIsWrittenAsRead(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"guarded.json": []byte(guarded)})
	root := newOfficer(t, base, "master", "admin")
	for _, path := range []string{"guarded/users/chief", "guarded/users/profile"} {
		was := root.call(200, "GET", path, "")
		want := 204
		if strings.HasSuffix(path, "profile") {
			want = 200
		}
		root.call(want, "PUT", path, was)
		if is := root.call(200, "GET", path, ""); is != was {
			t.Errorf("%s: %s, was %s", path, is, was)
		}
	}
	root.call(204, "PUT", "guarded/users/chief/reset-password", `{"type": "password", "value": "hush-hush"}`)
	if credentials := root.call(200, "GET", "guarded/users/chief/credentials", ""); strings.Contains(credentials, "secretData") || strings.Contains(credentials, "salt") {
		t.Errorf("credentials show secrets: %s", credentials)
	}
}

// TestStrangeUsersAreRefused: no request of a caller's is the server's fault.
func TestStrangeUsersAreRefused(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			_, base := start(t, db.open(t), map[string][]byte{"guarded.json": []byte(guarded)})
			root := newOfficer(t, base, "master", "admin")
			for _, c := range []struct {
				want               int
				method, path, body string
			}{
				{400, "POST", "users", ""},
				{400, "POST", "users", "null"},
				{400, "POST", "users", `{"username": "a\u0000bc"}`},
				{400, "POST", "users", `{"username": "abc", "attributes": {"locale": {"x": 1}}}`},
				{400, "POST", "users", `{"username": "abc", "groups": ["/\u0000"]}`},
				{400, "PUT", "users/chief", ""},
				{400, "PUT", "users/chief", `{"email": "a\u0000@b.test"}`},
				{400, "PUT", "users/chief/reset-password", "null"},
				{400, "POST", "users/chief/federated-identity/x", ""},
				{400, "PUT", "users/profile", "null"},
				{400, "PUT", "users/profile", `{}`},
				{400, "PUT", "users/chief/execute-actions-email", `["\u0000"]`},
				{404, "GET", "users?max=many", ""},
				{400, "GET", "users?createdAfter=yesterday", ""},
				{200, "GET", "users?search=%22%22&q=%3A&idpUserId=%27", ""},
				{200, "GET", "users/count?search=id:none", ""},
				{404, "DELETE", "users/none", ""},
				{404, "PUT", "users/chief/groups/none", ""},
				{404, "POST", "users/chief/credentials/none/moveToFirst", ""},
				{404, "DELETE", "sessions/none?isOffline=true", ""},
			} {
				root.call(c.want, c.method, "guarded/"+c.path, c.body)
			}
		})
	}
}
