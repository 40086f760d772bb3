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

// Test programs and parley demo run the real Parley against emulators. These functions return its settings for
// that, as environment variables (NAME=value) and as parts of a parley.yaml, and apply them to its database.

// SlackEnv returns the variables that point Parley at an emulated Slack workspace. api is the URL of its API. With
// usesRequests Slack sends events as signed HTTP requests, otherwise in Socket Mode.
func SlackEnv(s *slackfake.Server, api string, usesRequests bool) []string {
	vars := []string{"SLACK_BOT_TOKEN=" + s.BotToken(), "SLACK_API_URL=" + api}
	if usesRequests {
		return append(vars, "SLACK_SIGNING_SECRET="+s.SigningSecret())
	}
	return append(vars, "SLACK_APP_TOKEN="+s.AppToken())
}

// TeamsEnv returns the variables that point Parley at an emulated Microsoft 365 organisation. Signing in to the
// site by Microsoft is off, because the emulator gives tokens only to bots.
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

// Chats are those in which agents work.
type Chats struct{ Slack, Teams bool }

// Agents returns the agents of a parley.yaml: Ann, who is an admin, and Ben, with their ids in these chats.
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

// MailServers returns the lines about the servers of a mail account in a parley.yaml. imap and smtp are host:port,
// security is as in parley.yaml, such as "none".
func MailServers(imap, smtp, security, username, password string) string {
	server := func(name, address string) string {
		host, port, _ := net.SplitHostPort(address) // it can't fail: the address is a listener's
		return fmt.Sprintf("      %s: {host: %s, port: %s, security: %s, username: %s, password: %s}\n",
			name, host, port, security, username, password)
	}
	return server("imap", imap) + server("smtp", smtp)
}

// SetUp migrates Parley's database and applies a parley.yaml unless that is "". specs are as for Apply.
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

// Apply sets Parley up by a parley.yaml, or a part of one. specs are the channels that it may name; nil means
// app.Specs.
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
