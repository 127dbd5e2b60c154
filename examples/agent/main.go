// Agent acts for a user: it reads the user's token, which is for the agent, and prints one that is good at the calendar and
// says both for whom it acts (sub) and that it does (act).
//
// usage: agent ISSUER < token
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/tokenhouse/tokenhouse/brokerclient"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: agent ISSUER < token")
	}
	user, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	token, err := act(context.Background(), os.Args[1], strings.TrimSpace(string(user)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Access)
}

// act exchanges the user's token and the agent's own for one by which the agent acts for the user.
func act(ctx context.Context, issuer, user string) (*brokerclient.Token, error) {
	c, err := brokerclient.New(issuer, brokerclient.SecretBasic("agent", "agent-secret"))
	if err != nil {
		return nil, err
	}
	own, err := c.ClientCredentials(ctx, brokerclient.Own{})
	if err != nil {
		return nil, err
	}
	return c.Exchange(ctx, brokerclient.Request{SubjectToken: user, ActorToken: own.Access, Audience: []string{"calendar"}})
}
