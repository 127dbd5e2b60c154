package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/cli/admin"
)

// remote are the flags of commands that can ask a server over its administration API.
type remote struct{ server, token, config string }

// lastServer is what --server alone means: the server that was signed in at last.
const lastServer = "session"

func (r *remote) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.server, "server", "", "ask this server, as tokenhouse admin is signed in there; alone: where it signed in last")
	f.Lookup("server").NoOptDefVal = lastServer
	f.StringVar(&r.token, "token", "", "access token for --server, in place of a session")
	f.StringVar(&r.config, "admin-config", "", "file with the sessions of tokenhouse admin (default ~/.keycloak/kcadm.config)")
}

// asked tells whether a server is to be asked.
func (r *remote) asked(cmd *cobra.Command) bool { return cmd.Flags().Changed("server") }

func (r *remote) open(ctx context.Context, p *program) (*admin.Remote, error) {
	o := admin.RemoteOptions{Server: r.server, Token: r.token, Config: r.config}
	if o.Server == lastServer {
		o.Server = ""
	}
	return p.kcadm("tokenhouse admin").Remote(ctx, o)
}
