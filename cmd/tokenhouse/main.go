// Command tokenhouse is an identity and token-exchange server compatible with Keycloak.
package main

import (
	"os"

	"github.com/tokenhouse/tokenhouse/internal/cli"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

func main() { os.Exit(cli.Main(os.Args[1:], version)) }
