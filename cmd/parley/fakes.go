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
	"parley/channels/pause"
	"parley/cmd/parley/child"
	"parley/cmd/parley/demo/company"
)

// fakesCommand is `parley fakes`. kong, which parses the command line, fills its fields and calls Run.
type fakesCommand struct {
	Env       string `required:"" placeholder:"FILE" help:"Write into FILE, as lines NAME=value, the variables that lead serve to the emulators."`
	Surface   string `enum:"slack,teams,both" default:"both" help:"The chats that FILE tells serve of: slack, teams or both."`
	Slack     string `default:"127.0.0.1:0" help:"Address of the Slack emulator."`
	Teams     string `default:"127.0.0.1:0" help:"Address of the Microsoft Teams emulator."`
	IMAP      string `default:"127.0.0.1:0" name:"imap" help:"Address of the IMAP server."`
	SMTP      string `default:"127.0.0.1:0" name:"smtp" help:"Address of the SMTP server."`
	Graph     string `default:"127.0.0.1:0" help:"Address of Meta's Graph API: WhatsApp and Messenger."`
	Twilio    string `default:"127.0.0.1:0" help:"Address of Twilio's API: SMS and WhatsApp."`
	OIDC      string `default:"127.0.0.1:0" name:"oidc" help:"Address of the OpenID provider by which agents sign in."`
	Model     string `placeholder:"ADDRESS" help:"Address of an OpenAI-compatible server, which answers by Parley's own rules. Without it, FILE names no model."`
	PublicURL string `default:"http://127.0.0.1:8080" env:"PARLEY_PUBLIC_URL" placeholder:"URL" name:"public-url" help:"Address of the serve that uses the emulators. Teams, Meta and Twilio send their requests there."`
	HTTP      bool   `name:"http" help:"Let Slack send its events as signed requests (Events API) instead of by Socket Mode."`
}

// Help is shown by `parley fakes --help`.
func (fakesCommand) Help() string {
	return `Emulates every provider that Parley speaks to, until it is interrupted.

Example:
  parley fakes --env fakes.env &
  set -a; . ./fakes.env; set +a
  parley serve

FILE has two kinds of variables. Those without FAKE_ are for serve. Those with FAKE_ are for you: ids and
tokens for parley.yaml, and addresses at which programs act for customers and agents.

Mail: FAKE_IMAP_ADDR and FAKE_SMTP_ADDR are host:port; parley.yaml wants host and port apart, and
security: none. FAKE_MAIL_USERNAME is the mailbox's address, FAKE_MAIL_PASSWORD its password. Whoever sends
a mail to it by SMTP from another domain is a customer; that needs no login.

Slack and Teams: the agents are ann@acme.test and ben@acme.test. Teams adds Parley's app to its team once
serve answers at URL/teams/messages; from then on "#support" can be a teams_channel. At FAKE_TEAMS_CONTROL
programs act for people and look on (see bot/teams/teamsfake). With --http Slack's emulator sends nothing until
POST /_fake/admin/use_http says where to (see bot/slack/slackfake).

The site: agents sign in by "Acme", where you choose who you are. The stranger among them is refused.

WhatsApp, Messenger and SMS: their webhooks go to addresses that end with an account's name, which
parley.yaml must give to these accounts:
  URL/hooks/wa     WhatsApp
  URL/hooks/page   Messenger
  URL/hooks/sms    SMS
  URL/hooks/twa    WhatsApp by Twilio
URL is --public-url, by default where serve listens by default. FILE gives it to serve as PARLEY_PUBLIC_URL.
At FAKE_PHONES_CONTROL programs write, tap and read as customers (see docs/contributing.md), at
FAKE_TWILIO_CONTROL as Twilio's customers.

A model: with --model 127.0.0.1:0 serve also asks a model, of which FILE tells it.`
}

// Run serves the emulators until it is interrupted.
func (c fakesCommand) Run(ctx context.Context) error {
	w, err := company.New(ctx, c.worldOptions())
	if err != nil {
		return err
	}

	vars, stopModel := w.Env(), func() error { return nil }
	if c.Model != "" {
		model, err := openaifake.Start(ctx, c.Model, openaifake.Options{
			Key:       "sk-fake",
			Models:    []string{"fake-model"},
			Abilities: openaifake.Modern(),
			Answers:   offline.New(),
		})
		if err != nil {
			return errors.Join(err, w.Close())
		}
		vars, stopModel = append(vars, model.Env()...), model.Stop
	}

	if err := child.WriteEnv(c.Env, vars); err != nil {
		return errors.Join(err, stopModel(), w.Close())
	}

	fmt.Println("The emulators run; their addresses are in " + c.Env + ". Stop them with Ctrl-C.")
	var waiters sync.WaitGroup                  // each waits until serve answers, however late that is
	waiters.Go(func() { _ = w.Subscribe(ctx) }) // fails only if it was interrupted
	waiters.Go(func() { keepInstalling(ctx, w) })
	<-ctx.Done()
	waiters.Wait()
	return errors.Join(stopModel(), w.Close())
}

// worldOptions returns the options of the emulators that the command line asks for.
func (c fakesCommand) worldOptions() company.Options {
	return company.Options{
		PublicURL: strings.TrimRight(c.PublicURL, "/"),
		IMAPAddr:  c.IMAP,
		SMTPAddr:  c.SMTP,
		SlackAddr: c.Slack,
		HTTPMode:  c.HTTP,
		TeamsOptions: company.TeamsOptions{
			Teams:        c.Surface != company.SurfaceSlack,
			NoSlack:      c.Surface == company.SurfaceTeams,
			TeamsAddr:    c.Teams,
			TeamsRetries: slices.Repeat([]time.Duration{offerPause}, offerTries),
		},
		Phones:     true,
		GraphAddr:  c.Graph,
		TwilioAddr: c.Twilio,
		OIDCAddr:   c.OIDC,
	}
}

const (
	// offerPause is the pause before Teams offers an event to serve again.
	offerPause = time.Second
	// offerTries is how often Teams offers one event again: for 35 s, as long as the real Teams does.
	offerTries = 35
)

// keepInstalling adds Parley's app to the team of Teams. It tries until serve takes that, and says why serve doesn't: once
// for each reason.
func keepInstalling(ctx context.Context, w *company.Company) {
	lastReason := ""
	for {
		err := w.Install(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if reason := err.Error(); reason != lastReason {
			lastReason = reason
			printRemark("Teams tries to add Parley's app until serve takes that. So far: " + reason)
		}
		if !pause.For(ctx, offerPause) {
			return
		}
	}
}
