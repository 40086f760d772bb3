package operate_test

import (
	"context"
	"errors"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/setup"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/operate"
)

// callOnce calls a function once, and forgets it.
func callOnce(happens *func()) {
	if f := *happens; f != nil {
		*happens = nil
		f()
	}
}

// slowRoster is a chat in which something happens while it lists members.
type slowRoster struct {
	bridge.Surface
	bridge.Roster

	w *workspace
}

// Members implements bridge.Roster.
func (s slowRoster) Members(ctx context.Context, channel string, skip func(bridge.SurfaceUser) bool) ([]bridge.Member, error) {
	callOnce(&s.w.whileListing)
	return s.Roster.Members(ctx, channel, skip)
}

// allChannel is another channel than the team's. Ben and Eve are in it.
const allChannel = "C0ALL"

// openWithOtherChannel opens a workspace in which there is allChannel, too.
func openWithOtherChannel(t *testing.T) *workspace {
	t.Helper()
	w := openWorkspace(t, slackfake.Options{})
	w.slack.Admin.AddUser(slackfake.User{ID: "U0EVE", Name: "eve", Email: "eve@acme.test"})
	w.slack.Admin.AddChannel(slackfake.Channel{ID: allChannel, Name: "all", Members: []string{w.slack.BotUserID(), lab.Ben, "U0EVE"}})
	return w
}

// useChannel gives the team a channel.
func (w *workspace) useChannel(channel string) {
	w.t.Helper()
	w.apply(`teams: [{name: Support, slack_channel: ` + channel + `}]`)
}

// wantStale checks that a decision is refused because the channel that the admin saw isn't the team's any more.
func (w *workspace) wantStale(d operate.Decision) {
	w.t.Helper()
	if n, err := w.keeper.Confirm(w.t.Context(), setup.Author{Name: "ann@acme.test"}, d); !errors.Is(err, setup.ErrStale) {
		w.t.Errorf("Confirm: %d joined, %v, want %v", n, err, setup.ErrStale)
	}
}

// A team gets another channel while the chat lists the members whom an admin has chosen. Nobody joins.
func TestChannelChangesDuringConfirmation(t *testing.T) {
	t.Parallel()
	w := openWithOtherChannel(t)
	seen := w.decide(lab.Ann)
	w.whileListing = func() { w.useChannel(allChannel) }
	w.wantStale(seen)
	w.wantTeam("with a channel that nobody has seen")
}
