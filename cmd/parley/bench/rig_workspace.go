package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/lab"
)

// SlackOptions configure the Slack emulator of a world.
type SlackOptions struct {
	Channels int                      // number of support channels, each with its own team; 0 means 1
	Sockets  bool                     // use Socket Mode instead of webhooks
	Change   func(*slackfake.Options) // changes further options of the emulator, such as rate limits; may be nil
	Rate     float64                  // SLACK_RATE of Parley, its own limit; 0 means no limit
}

// Workspace is a Slack emulator with agents and support channels. It runs in the process of the benchmark,
// which can thus inspect what Parley posts without calls over the network.
type Workspace struct {
	*slackfake.Server

	Opt SlackOptions
}

// startWorkspace starts the emulator with two agents, Ann and Ben, who are members of every support channel.
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

// listVars returns the environment variables ("NAME=value") with which Parley uses the emulator.
func (w *Workspace) listVars() []string {
	return append(lab.SlackEnv(w.Server, w.APIURL(), !w.Opt.Sockets), fmt.Sprintf("SLACK_RATE=%g", w.Opt.Rate))
}

// connect makes the emulator send webhooks to a Parley that is ready. With Socket Mode it does nothing, because
// Parley connects by itself.
func (w *Workspace) connect(ctx context.Context, c *Child) error {
	if w.Opt.Sockets {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	base := "http://" + c.Address + "/slack/"
	return w.Webhooks.Use(ctx, slackfake.Targets{Events: base + "events", Commands: base + "commands", Interactions: base + "interactions"})
}

// SlackConfig returns a parley.yaml with the agents, and a team for each support channel: Team0, Team1 and so
// on. accounts is the YAML of the list "accounts", indented by two spaces; "" means none.
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
