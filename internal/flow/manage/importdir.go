package manage

import (
	"cmp"
	"context"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// usersFile is the name of a file with some of a realm's users: Keycloak's export to a directory puts
// users beside their realm, and federated ones apart.
var usersFile = regexp.MustCompile(`^(.+)-(?:federated-)?users-(\d+)\.json$`)

// ImportFS imports a directory of realm files: each *.json is one, but for <realm>-users-N.json, which
// holds more users of <realm>-realm.json or <realm>.json beside it. All are read before any is stored.
func (m *Realms) ImportFS(ctx context.Context, fsys fs.FS, o ImportOptions) (Report, error) {
	realms, users, err := filesOf(fsys)
	if err != nil {
		return Report{}, err
	}
	var plans []*plan
	for _, name := range realms {
		docs := []document{file(fsys, name)}
		for _, more := range users[strings.TrimSuffix(strings.TrimSuffix(name, ".json"), "-realm")] {
			docs = append(docs, file(fsys, more))
		}
		made, err := m.plan(docs)
		if err != nil {
			return Report{}, err
		}
		plans = append(plans, made...)
	}
	// The master realm first: the others get their management clients there.
	slices.SortStableFunc(plans, func(a, b *plan) int {
		return cmp.Compare(strconv.FormatBool(a.name() != master), strconv.FormatBool(b.name() != master))
	})
	return m.carryOut(ctx, plans, o)
}

// filesOf sorts the files of a directory into realms, and users by their realm's name.
func filesOf(fsys fs.FS) (realms []string, users map[string][]string, err error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, nil, err
	}
	if _, err := fs.Stat(fsys, "."); err != nil {
		return nil, nil, err
	}
	users = map[string][]string{}
	for _, name := range names {
		if match := usersFile.FindStringSubmatch(name); match != nil {
			users[match[1]] = append(users[match[1]], name)
			continue
		}
		realms = append(realms, name)
	}
	for _, list := range users {
		slices.SortFunc(list, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	}
	return realms, users, nil
}

func number(name string) int {
	n, _ := strconv.Atoi(usersFile.FindStringSubmatch(name)[2])
	return n
}

func file(fsys fs.FS, name string) document {
	return document{name: name, open: func() (io.ReadCloser, error) { return fsys.Open(name) }}
}
