package lab

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
)

// Test programs and parley demo run the real Parley against emulators. The functions below return the settings for
// that, as environment variables (NAME=value) and as parts of parley.yaml, and apply them to Parley's database.

// SlackEnv returns the variables that point Parley at an emulated Slack workspace. api is the URL of its API. Slack
// sends events as signed HTTP requests if usesRequests is true, and otherwise over Socket Mode.
func SlackEnv(s *slackfake.Server, api string, usesRequests bool) []string {
	vars := []string{"SLACK_BOT_TOKEN=" + s.BotToken(), "SLACK_API_URL=" + api}
	if usesRequests {
		return append(vars, "SLACK_SIGNING_SECRET="+s.SigningSecret())
	}
	return append(vars, "SLACK_APP_TOKEN="+s.AppToken())
}

// TeamsEnv returns the variables that point Parley at an emulated Microsoft 365 organisation. It turns
// off signing in to Parley's pages with Microsoft, because the emulator issues tokens only to bots.
func TeamsEnv(t *teamsfake.Server) []string {
	return []string{
		"TEAMS_APP_ID=" + t.AppID(),
		"TEAMS_APP_PASSWORD=" + t.AppPassword(),
		"TEAMS_TENANT_ID=" + t.TenantID(),
		"TEAMS_LOGIN_URL=" + t.LoginURL(),
		"TEAMS_OPENID_URL=" + t.OpenIDURL(),
		"TEAMS_SERVICE_URLS=" + t.ServiceURL(),
		"TEAMS_GRAPH_URL=" + t.GraphURL(),
		"TEAMS_SIGN_IN=off",
	}
}

// Chats selects the chats in which agents work.
type Chats struct{ Slack, Teams bool }

// Agents returns the agents section of parley.yaml: Ann, an admin, and Ben, with their ids in the selected chats.
func Agents(in Chats) string {
	ann := "  - {email: ann@acme.test, name: Ann Lee"
	ben := "  - {email: ben@acme.test, name: Ben Katz"
	if in.Slack {
		ann += ", slack: " + Ann
		ben += ", slack: " + Ben
	}
	if in.Teams {
		ann += ", teams: " + TeamsAnn
		ben += ", teams: " + TeamsBen
	}
	return "agents:\n" + ann + ", roles: [admin]}\n" + ben + "}\n"
}

// MailServers returns the imap and smtp lines of a mail account in parley.yaml. imap and smtp are host:port; security
// has the values of parley.yaml, such as "none".
func MailServers(imap, smtp, security, username, password string) string {
	server := func(name, address string) string {
		host, port, _ := net.SplitHostPort(address) // can't fail: the address comes from a listener
		return fmt.Sprintf("      %s: {host: %s, port: %s, security: %s, username: %s, password: %s}\n",
			name, host, port, security, username, password)
	}
	return server("imap", imap) + server("smtp", smtp)
}

// SetUp migrates Parley's database and applies yaml, the text of a parley.yaml, unless it is empty. specs are as for Apply.
func SetUp(ctx context.Context, env app.Env, yaml string, specs []channels.Spec) error {
	ignoreProgress := func(string) {}
	db, err := app.OpenDatabase(ctx, env, slog.New(slog.DiscardHandler), ignoreProgress)
	if err != nil {
		return err
	}
	defer db.Close()

	if err := db.Migrate(ctx, env); err != nil {
		return err
	}
	if yaml == "" {
		return nil
	}
	return Apply(ctx, db, yaml, specs)
}

// Apply configures Parley from yaml, the text of a parley.yaml or a part of one. specs are the kinds of channels that it
// may use; nil means app.Specs.
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
