package rig

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/lab"
)

// SlackOptions shape the Slack emulator of a world.
type SlackOptions struct {
	Channels int                      // support channels, each with a team of its own; 0 means 1
	Sockets  bool                     // Socket Mode instead of signed requests
	Change   func(*slackfake.Options) // sets further options of the emulator, such as limits; nil means none
	Rate     float64                  // Parley's SLACK_RATE; 0 means that Parley itself limits nothing
}

// Workspace is the Slack emulator. It runs in this process, so that the generators see what was posted without a second copy.
type Workspace struct {
	*slackfake.Server

	Opt SlackOptions
}

func startWorkspace(o SlackOptions) (*Workspace, error) {
	server := slackfake.Options{AppName: "Parley", Users: lab.SlackPeople()}
	if o.Change != nil {
		o.Change(&server)
	}
	o.Channels = max(o.Channels, 1)
	w := &Workspace{Server: slackfake.New(server), Opt: o}
	members := []string{lab.Ann, lab.Ben, w.BotUserID()}
	for i := range o.Channels {
		w.Admin.AddChannel(slackfake.Channel{ID: SupportChannel(i), Name: fmt.Sprintf("support-%d", i), Members: members})
	}
	if err := w.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return w, nil
}

// SupportChannel returns the id of the n-th support channel.
func SupportChannel(n int) string { return fmt.Sprintf("C0SUPPORT%02d", n) }

// listVars returns the variables that point Parley at the emulator.
func (w *Workspace) listVars() []string {
	return append(lab.SlackEnv(w.Server, w.APIURL(), !w.Opt.Sockets), fmt.Sprintf("SLACK_RATE=%g", w.Opt.Rate))
}

// connect lets the emulator send its events to a Parley that is ready.
func (w *Workspace) connect(ctx context.Context, c *Child) error {
	if w.Opt.Sockets {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	base := "http://" + c.Address + "/slack/"
	return w.Webhooks.Use(ctx, slackfake.Targets{Events: base + "events", Commands: base + "commands", Interactions: base + "interactions"})
}

// SlackConfig returns a parley.yaml with the lab's agents and a team for each support channel, named Team0 and so on.
// accounts, indented by two, become its list of accounts.
func (w *World) SlackConfig(accounts string) string {
	var b strings.Builder
	b.WriteString("company: Acme\n" + lab.Agents(lab.Chats{Slack: true}) + "teams:\n")
	for i := range w.Slack.Opt.Channels {
		fmt.Fprintf(&b, "  - {name: Team%d, members: [ann@acme.test, ben@acme.test], slack_channel: %s}\n", i, SupportChannel(i))
	}
	if accounts != "" {
		b.WriteString("accounts:\n" + accounts)
	}
	return b.String()
}
