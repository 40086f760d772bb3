package main

import (
	"context"
	"fmt"

	"parley/cmd/parley/app"
	"parley/cmd/parley/build"
)

// serveCommand is `parley serve`.
type serveCommand struct {
	MovedTime bool `hidden:"" help:"Accept a database whose clock was moved (demo, torture)."`

	// TortureFlags are further hidden flags, with which parley torture starts a replica. A program that was built
	// without emulators has none of them.
	TortureFlags `embed:""`
}

// Help is shown by `parley serve --help`.
func (serveCommand) Help() string {
	return `Without DATABASE_URL an embedded PostgreSQL runs in PARLEY_DATA (default ./data).

All variables are in docs/operations.md. WHATSAPP_API_URL, MESSENGER_API_URL and
TWILIO_API_URL take the place of a provider's base address (without the version).
If the variables of Slack or Teams are not set, serve uses the credentials that an admin saved
on the page First steps.

Examples:
  parley serve
  DATABASE_URL=postgres://parley@db/parley SLACK_BOT_TOKEN=xoxb-… SLACK_APP_TOKEN=xapp-… parley serve
  PARLEY_PUBLIC_URL=https://help.example.org TEAMS_APP_ID=… TEAMS_APP_PASSWORD_FILE=/run/secrets/teams TEAMS_TENANT_ID=… parley serve`
}

// Run serves until SIGTERM or an interrupt.
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

// Run prints the version that the build recorded.
func (versionCommand) Run() error {
	_, err := fmt.Println("parley", build.String())
	return err
}
