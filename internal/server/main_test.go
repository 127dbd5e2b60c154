package server_test

import (
	"os"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/webtest"
)

func TestMain(m *testing.M) { os.Exit(webtest.Main{Tests: m}.Run()) }
