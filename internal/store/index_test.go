package store_test

import (
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// However many users a realm has, each is found by an index. PostgreSQL reads small tables as a whole unless
// it may not.
func TestUsersAreFoundByIndex(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{
		"sqlite":   storetest.File,
		"postgres": func(t testing.TB) string { return storetest.Postgres(t) + "&enable_seqscan=off" },
	} {
		t.Run(name, func(t *testing.T) {
			for by, plan := range storetest.Open(t, url(t)).Plans(t) {
				column := strings.ReplaceAll(by, " ", "_")
				searched := strings.Contains(plan, "(realm=? AND "+column+"=?)") || strings.Contains(plan, "Index Cond: ((realm = ") && strings.Contains(plan, "("+column+" = ")
				if !searched || strings.Contains(plan, "SCAN") || strings.Contains(plan, "Seq Scan") {
					t.Errorf("by %s:\n%s", by, plan)
				}
			}
		})
	}
}
