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
	"parley/cmd/parley/child"
	"parley/cmd/parley/demo/outside"
)

// fakesCommand is `parley fakes`.
type fakesCommand struct {
	Env       string `required:"" placeholder:"FILE" help:"Write NAME=value lines here that point serve at the emulators."`
	Surface   string `enum:"slack,teams,both" default:"both" help:"The chats that FILE tells serve of: slack, teams or both."`
	Slack     string `default:"127.0.0.1:0" help:"Address of the Slack emulator."`
	Teams     string `default:"127.0.0.1:0" help:"Address of the Microsoft Teams emulator."`
	IMAP      string `default:"127.0.0.1:0" name:"imap" help:"Address of the IMAP server."`
	SMTP      string `default:"127.0.0.1:0" name:"smtp" help:"Address of the SMTP server."`
	Graph     string `default:"127.0.0.1:0" help:"Address of Meta's Graph API: WhatsApp and Messenger."`
	Twilio    string `default:"127.0.0.1:0" help:"Address of Twilio's API: SMS and WhatsApp."`
	OIDC      string `default:"127.0.0.1:0" name:"oidc" help:"Address of the OpenID provider by which agents sign in."`
	Model     string `placeholder:"ADDRESS" help:"Address of an OpenAI-compatible server, which answers by Parley's own rules; without it serve asks no model."`
	PublicURL string `default:"http://127.0.0.1:8080" env:"PARLEY_PUBLIC_URL" placeholder:"URL" name:"public-url" help:"Where Teams' requests and Meta's and Twilio's webhooks go: an address of the serve that uses the emulators."`
	HTTP      bool   `name:"http" help:"Slack's events as signed requests (Events API) instead of Socket Mode."`
}

// Help is shown by `parley fakes --help`.
func (fakesCommand) Help() string {
	return `Example:
  parley fakes --env fakes.env &
  set -a; . ./fakes.env; set +a
  parley serve

With --model 127.0.0.1:0 serve also asks a model; FILE tells it which.

Parley's app is added to a team of Teams once serve answers at URL/teams/messages; then
"#support" can be a teams_channel. The agents are ann@acme.test and ben@acme.test. At
FAKE_TEAMS_CONTROL programs act for them and look on; bot/teams/teamsfake tells how.
They sign in to the site by "Acme", where somebody chooses who he is; so does a stranger,
who is refused.

Meta and Twilio send webhooks to serve: to URL/hooks/wa (WhatsApp), URL/hooks/page
(Messenger), URL/hooks/sms and URL/hooks/twa (WhatsApp by Twilio), where wa, page, sms and twa
are the accounts' names and URL is that of --public-url. It is what serve must be told as
PARLEY_PUBLIC_URL; FILE does. At FAKE_TWILIO_CONTROL programs act for Twilio's customers.
Without it, URL is where serve listens by default. FILE's FAKE_ variables are for
parley.yaml: ids, tokens, and the mailbox's user name (its address) and password. Its servers
stand in FAKE_IMAP_ADDR and FAKE_SMTP_ADDR as host:port, where parley.yaml wants host and port
apart, and security: none. A customer is whoever sends mail from another domain to that mailbox
by SMTP, which needs no login. At FAKE_PHONES_CONTROL programs write, tap and read as customers
with WhatsApp, Messenger and SMS; docs/contributing.md tells how.`
}

// Run serves the emulators until it is interrupted.
func (c fakesCommand) Run(ctx context.Context) error {
	w, err := outside.New(ctx, outside.Options{SlackAddr: c.Slack, IMAPAddr: c.IMAP, SMTPAddr: c.SMTP, HTTPMode: c.HTTP,
		Phones: true, GraphAddr: c.Graph, TwilioAddr: c.Twilio, OIDCAddr: c.OIDC, PublicURL: strings.TrimRight(c.PublicURL, "/"),
		TeamsOptions: outside.TeamsOptions{Teams: c.Surface != outside.SurfaceSlack, NoSlack: c.Surface == outside.SurfaceTeams, TeamsAddr: c.Teams, TeamsRetries: installRetries()}})
	if err != nil {
		return err
	}

	vars, stopModel := w.Env(), func() error { return nil }
	if c.Model != "" {
		model, err := openaifake.Start(ctx, c.Model, openaifake.Options{Key: "sk-fake", Models: []string{"fake-model"}, Abilities: openaifake.Modern(), Answers: offline.New()})
		if err != nil {
			return errors.Join(err, w.Close())
		}
		vars, stopModel = append(vars, model.Env()...), model.Stop
	}

	if err := child.WriteEnv(c.Env, vars); err != nil {
		return errors.Join(err, stopModel(), w.Close())
	}

	fmt.Println("The emulators run; their addresses are in " + c.Env + ". Stop them with Ctrl-C.")
	var waiters sync.WaitGroup // each waits until serve answers, however late that is
	waiters.Go(func() { _ = w.Subscribe(ctx) })
	waiters.Go(func() { keepInstalling(ctx, w) })
	<-ctx.Done()
	waiters.Wait()
	return errors.Join(stopModel(), w.Close())
}

const (
	// installPace is how often Teams tries to tell a serve that doesn't answer yet of its app.
	installPace = time.Second
	// installTries is how often Teams offers one event again: for 35 s, as long as the real Teams does.
	installTries = 35
)

// installRetries are Teams' waits before it offers an event again.
func installRetries() []time.Duration {
	return slices.Repeat([]time.Duration{installPace}, installTries)
}

// keepInstalling adds Parley's app to the team of Teams. It tries until serve takes that.
func keepInstalling(ctx context.Context, w *outside.World) {
	for w.Install(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(installPace):
		}
	}
}
