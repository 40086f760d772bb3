package lab

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
)

// SlackEnv returns the variables that point Parley at a workspace by its API's address, in Socket
// Mode or with signed requests.
func SlackEnv(s *slackfake.Server, api string, requests bool) []string {
	vars := []string{"SLACK_BOT_TOKEN=" + s.BotToken(), "SLACK_API_URL=" + api}
	if requests {
		return append(vars, "SLACK_SIGNING_SECRET="+s.SigningSecret())
	}
	return append(vars, "SLACK_APP_TOKEN="+s.AppToken())
}

// TeamsEnv returns the variables that point Parley at an organisation. Signing in to the site by Microsoft is off: the
// emulator gives tokens only to bots.
func TeamsEnv(t *teamsfake.Server) []string {
	return []string{
		"TEAMS_APP_ID=" + t.AppID(), "TEAMS_APP_PASSWORD=" + t.AppPassword(), "TEAMS_TENANT_ID=" + t.TenantID(), "TEAMS_LOGIN_URL=" + t.LoginURL(),
		"TEAMS_OPENID_URL=" + t.OpenIDURL(), "TEAMS_SERVICE_URLS=" + t.ServiceURL(), "TEAMS_GRAPH_URL=" + t.GraphURL(),
		"TEAMS_SIGN_IN=off",
	}
}

// Agents returns parley.yaml's list of agents, Ann and Ben, with their ids in the chats that there are.
func Agents(slack, teams bool) string {
	agent := func(email, name, inSlack, inTeams, more string) string {
		line := fmt.Sprintf("  - {email: %s, name: %s", email, name)
		if slack {
			line += ", slack: " + inSlack
		}
		if teams {
			line += ", teams: " + inTeams
		}
		return line + more + "}\n"
	}
	return "agents:\n" + agent("ann@acme.test", "Ann Lee", Ann, TeamsAnn, ", roles: [admin]") + agent("ben@acme.test", "Ben Katz", Ben, TeamsBen, "")
}

// MailServers returns an account's lines about its servers, which are host:port, for parley.yaml.
func MailServers(imap, smtp, security, username, password string) string {
	server := func(name, address string) string {
		host, port, _ := net.SplitHostPort(address) // it can't fail: the address is a listener's
		return fmt.Sprintf("      %s: {host: %s, port: %s, security: %s, username: %s, password: %s}\n", name, host, port, security, username, password)
	}
	return server("imap", imap) + server("smtp", smtp)
}

// SetUp migrates Parley's database and applies parley.yaml; "" means none.
func SetUp(ctx context.Context, env app.Env, yaml string, specs []channels.Spec) error {
	db, err := app.OpenDatabase(ctx, env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, env); err != nil || yaml == "" {
		return err
	}
	return Apply(ctx, db, yaml, specs)
}

// Apply sets Parley up by a parley.yaml, or a part of one; nil specs are the product's channels.
func Apply(ctx context.Context, db *app.Database, yaml string, specs []channels.Spec) error {
	if specs == nil {
		specs = app.Specs()
	}
	file, err := setup.Parse([]byte(yaml), os.LookupEnv)
	if err != nil {
		return err
	}
	_, err = setup.Apply(ctx, db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: specs, Operator: true})
	return err
}

// FreeAddress finds an address of loopback at which nobody listens, for a Parley of which the
// address has to be known before it runs.
func FreeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	var err error
	for range portTries {
		var l net.Listener
		// The port is none of those that the system itself gives away: such a one could be taken before Parley starts.
		if l, err = lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports))); err == nil { //nolint:gosec // no secret
			return l.Addr().String(), l.Close()
		}
	}
	return "", fmt.Errorf("find a free address: %w", err)
}

// FreeAddress tries portTries times, each time one of the ports from firstPort on.
const (
	firstPort = 20_000
	ports     = 12_000
	portTries = 100
)
