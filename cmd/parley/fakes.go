//go:build !served

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai/openaifake"
	"parley/channels/wire"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/lab"
)

// fakesCommand is `parley fakes`. It runs emulators of all providers, such as Slack, WhatsApp and a mail server, so that
// developers can use `parley serve` without an account at any of them. kong, which parses the command line, fills the
// fields and calls Run.
type fakesCommand struct {
	Env       string `required:"" placeholder:"FILE" help:"Write to FILE, as lines NAME=value, the variables that make parley serve use the emulators."`
	Surface   string `enum:"slack,teams,both" default:"both" help:"The chats that FILE configures: slack, teams or both."`
	Slack     string `default:"127.0.0.1:0" help:"Address of the Slack emulator."`
	Teams     string `default:"127.0.0.1:0" help:"Address of the Microsoft Teams emulator."`
	IMAP      string `default:"127.0.0.1:0" name:"imap" help:"Address of the IMAP server."`
	SMTP      string `default:"127.0.0.1:0" name:"smtp" help:"Address of the SMTP server."`
	Graph     string `default:"127.0.0.1:0" help:"Address of Meta's Graph API: WhatsApp and Messenger."`
	Twilio    string `default:"127.0.0.1:0" help:"Address of Twilio's API: SMS and WhatsApp."`
	OIDC      string `default:"127.0.0.1:0" name:"oidc" help:"Address of the OpenID provider with which agents sign in."`
	Model     string `placeholder:"ADDRESS" help:"Address of an OpenAI-compatible server, which answers by Parley's own rules. Without it, FILE configures no model."`
	PublicURL string `default:"http://127.0.0.1:8080" env:"PARLEY_PUBLIC_URL" placeholder:"URL" name:"public-url" help:"Address of the parley serve that uses the emulators. Teams, Meta and Twilio send their requests there."`
	HTTP      bool   `name:"http" help:"Make Slack send its events as signed requests (Events API) instead of over Socket Mode."`
}

// Help is shown by `parley fakes --help`.
func (fakesCommand) Help() string {
	return `Emulates every provider that Parley uses, until it is interrupted.

Example:
  parley fakes --env fakes.env &
  set -a; . ./fakes.env; set +a
  parley serve

FILE has two kinds of variables. Those without FAKE_ are for parley serve. Those with FAKE_ are for you: ids and
tokens for parley.yaml, and addresses at which programs can act as customers and agents.

Mail: FAKE_IMAP_ADDR and FAKE_SMTP_ADDR are host:port; parley.yaml needs host and port separately, and
security: none. FAKE_MAIL_USERNAME is the mailbox's address, FAKE_MAIL_PASSWORD its password. Anybody who sends
a mail to it by SMTP from another domain is a customer; that needs no login.

Slack and Teams: the agents are ann@acme.test and ben@acme.test. Teams adds Parley's app to its team once
parley serve answers at URL/teams/messages; after that, "#support" can be a teams_channel. At FAKE_TEAMS_CONTROL
programs can act as people and see what was posted (see bot/teams/teamsfake). With --http Slack's emulator sends
nothing until POST /_fake/admin/use_http sets the address (see bot/slack/slackfake).

The site: agents sign in with "Acme", where you choose a person. One of them is a stranger, who is refused.

WhatsApp, Messenger and SMS: their webhooks go to addresses that end with an account's name, so
parley.yaml must use these names:
  URL/hooks/wa     WhatsApp
  URL/hooks/page   Messenger
  URL/hooks/sms    SMS
  URL/hooks/twa    WhatsApp by Twilio
URL is --public-url, whose default is where parley serve listens by default. FILE sets PARLEY_PUBLIC_URL to it.
At FAKE_PHONES_CONTROL programs write, tap and read as customers (see docs/contributing.md), at
FAKE_TWILIO_CONTROL as Twilio's customers.

A model: with --model 127.0.0.1:0 FILE also configures an emulated language model.`
}

// Run runs the emulators until it is interrupted.
func (c fakesCommand) Run(ctx context.Context) error {
	emulators, err := demo.New(ctx, c.emulatorOptions())
	if err != nil {
		return err
	}

	vars := emulators.Env()
	stopModel := func() error { return nil }
	if c.Model != "" {
		model, err := openaifake.Start(ctx, c.Model, openaifake.Options{
			Key:       "sk-fake",
			Models:    []string{"fake-model"},
			Abilities: openaifake.Modern(),
			Answers:   offline.New(),
		})
		if err != nil {
			return errors.Join(err, emulators.Close())
		}
		vars = append(vars, model.Env()...)
		stopModel = model.Stop
	}

	if err := lab.WriteEnv(c.Env, vars); err != nil {
		return errors.Join(err, stopModel(), emulators.Close())
	}

	fmt.Println("The emulators run; their addresses are in " + c.Env + ". Stop them with Ctrl-C.")
	var waiters sync.WaitGroup                          // both wait until parley serve answers
	waiters.Go(func() { _ = emulators.Subscribe(ctx) }) // fails only if ctx ends
	waiters.Go(func() { installApp(ctx, emulators) })
	<-ctx.Done()
	waiters.Wait()
	return errors.Join(stopModel(), emulators.Close())
}

// emulatorOptions returns the options of the emulators that the command line asks for.
func (c fakesCommand) emulatorOptions() demo.CompanyOptions {
	return demo.CompanyOptions{
		PublicURL: strings.TrimRight(c.PublicURL, "/"),
		IMAPAddr:  c.IMAP,
		SMTPAddr:  c.SMTP,
		SlackAddr: c.Slack,
		HTTPMode:  c.HTTP,
		TeamsOptions: demo.TeamsOptions{
			Teams:        c.Surface != demo.SurfaceSlack,
			NoSlack:      c.Surface == demo.SurfaceTeams,
			TeamsAddr:    c.Teams,
			TeamsRetries: slices.Repeat([]time.Duration{teamsRetryPause}, teamsTries),
		},
		Phones:     true,
		GraphAddr:  c.Graph,
		TwilioAddr: c.Twilio,
		OIDCAddr:   c.OIDC,
	}
}

const (
	// teamsRetryPause is the pause before the emulated Teams sends an event again that parley serve did not accept.
	teamsRetryPause = time.Second
	// teamsTries is how often it retries an event: for 35 s, as the real Teams does.
	teamsTries = 35
)

// installApp adds Parley's app to the emulated team in Teams. It tries until parley serve accepts that, and prints each
// new reason for a failure once.
func installApp(ctx context.Context, emulators *demo.Company) {
	lastReason := ""
	for {
		err := emulators.Install(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if reason := err.Error(); reason != lastReason {
			lastReason = reason
			printRemark("Teams tries to add Parley's app until serve takes that. So far: " + reason)
		}
		if !wire.For(ctx, teamsRetryPause) {
			return
		}
	}
}
