package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/lab"
)

// slackOptions shape the Slack emulator of a world.
type slackOptions struct {
	channels int  // support channels, each with a team of its own; 0 = 1
	sockets  bool // Socket Mode instead of signed requests
	// change sets further options of the emulator (rate limits); nil = none
	change func(*slackfake.Options)
	// rate is SLACK_RATE; 0 = no budgets of Parley's own
	rate float64
}

// workspace is the Slack emulator, in this process: Parley's CPU and memory are its own
// all the same, and the generators need no second copy of what was posted.
type workspace struct {
	*slackfake.Server

	opt slackOptions
}

func startWorkspace(o slackOptions) (*workspace, error) {
	so := slackfake.Options{AppName: "Parley", Users: lab.SlackPeople()}
	if o.change != nil {
		o.change(&so)
	}
	o.channels = max(o.channels, 1)
	w := &workspace{Server: slackfake.New(so), opt: o}
	for i := range o.channels {
		w.Admin.AddChannel(slackfake.Channel{ID: supportChannel(i), Name: fmt.Sprintf("support-%d", i), Members: []string{lab.Ann, lab.Ben, w.BotUserID()}})
	}
	if err := w.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return w, nil
}

// supportChannel gives the id of the n-th support channel.
func supportChannel(n int) string { return fmt.Sprintf("C0SUPPORT%02d", n) }

// env points Parley at the emulator.
func (w *workspace) env() []string {
	return append(lab.SlackEnv(w.Server, w.APIURL(), !w.opt.sockets), fmt.Sprintf("SLACK_RATE=%g", w.opt.rate))
}

// connect lets the emulator send its events to a Parley that is ready.
func (w *workspace) connect(ctx context.Context, c *child) error {
	if w.opt.sockets {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	base := "http://" + c.address + "/slack/"
	return w.Webhooks.Use(ctx, slackfake.Targets{Events: base + "events", Commands: base + "commands", Interactions: base + "interactions"})
}

func (w *workspace) close() error { return w.Close() }

// slackConfig begins a parley.yaml: agents, and a team for each support channel, named
// Team0 and so on. Accounts follow, indented by two.
func (w *world) slackConfig(accounts string) string {
	var b strings.Builder
	b.WriteString("company: Acme\n" + lab.Agents(true, false) + "teams:\n")
	for i := range w.slack.opt.channels {
		fmt.Fprintf(&b, "  - {name: Team%d, members: [ann@acme.test, ben@acme.test], slack_channel: %s}\n", i, supportChannel(i))
	}
	if accounts != "" {
		b.WriteString("accounts:\n" + accounts)
	}
	return b.String()
}
