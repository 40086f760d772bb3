package main

import (
	"context"
	"fmt"

	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
)

// serveCommand is `parley serve`, which runs Parley: it relays messages between customers, who write mails or use
// WhatsApp, for example, and agents in Slack or Teams. kong, which parses the command line, fills the fields and calls
// Run. The configuration comes from environment variables.
type serveCommand struct {
	MovedTime bool `hidden:"" help:"Accept a database whose clock was moved (demo, torture)."`

	// TortureFlags are hidden flags with which the fault-injection test, parley torture, starts a process. A build
	// without emulators doesn't have them.
	TortureFlags `embed:""`
}

// Help is shown by `parley serve --help`.
func (serveCommand) Help() string {
	return `Without DATABASE_URL, serve runs an embedded PostgreSQL in PARLEY_DATA (default ./data).

docs/operations.md lists all variables. WHATSAPP_API_URL, MESSENGER_API_URL and
TWILIO_API_URL replace a provider's base address (without the version).
If the variables of Slack or Teams are not set, serve uses the credentials that an admin saved
on the page First steps.

Examples:
  parley serve
  DATABASE_URL=postgres://parley@db/parley SLACK_BOT_TOKEN=xoxb-… SLACK_APP_TOKEN=xapp-… parley serve
  PARLEY_PUBLIC_URL=https://help.example.org TEAMS_APP_ID=… TEAMS_APP_PASSWORD_FILE=/run/secrets/teams TEAMS_TENANT_ID=… parley serve`
}

// Run serves until the process gets SIGTERM or an interrupt.
func (c serveCommand) Run(ctx context.Context) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}
	analyzer, closeAnalyzer, err := app.NewAnalyzer(ctx, env, log)
	if err != nil {
		return err
	}
	defer closeAnalyzer()

	options := app.Options{MovedTime: c.MovedTime, Analyzer: analyzer}
	options = c.applyTo(options, env)
	return app.Serve(ctx, env, log, printRemark, options)
}

// versionCommand is `parley version`.
type versionCommand struct{}

// Run prints the version of the program.
func (versionCommand) Run() error {
	_, err := fmt.Println("parley", operate.String())
	return err
}
