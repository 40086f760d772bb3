package roster_test

import (
	"context"
	"errors"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/setup"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/roster"
)

// once calls what is to happen, and forgets it.
func once(happens *func()) {
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

func (s slowRoster) Members(ctx context.Context, channel string, skip func(string) bool) ([]bridge.Member, error) {
	once(&s.w.listing)
	return s.Roster.Members(ctx, channel, skip)
}

// A team gets another channel while an admin looks at the members of the former one, or while Parley looks for newcomers: nobody
// of the other channel becomes an agent before an admin has seen who is there. Nor does who is left out just then.
func TestChannelChangesMeanwhile(t *testing.T) {
	t.Parallel()
	w := open(t, slackfake.Options{})
	w.slack.Admin.AddUser(slackfake.User{ID: "U0EVE", Name: "eve", Email: "eve@acme.test"})
	w.slack.Admin.AddChannel(slackfake.Channel{ID: "C0ALL", Name: "all", Members: []string{w.slack.BotUserID(), lab.Ben, "U0EVE"}})
	to := func(channel string) func() {
		return func() { w.apply(`teams: [{name: Support, slack_channel: ` + channel + `}]`) }
	}
	refused := func(d roster.Decision) {
		t.Helper()
		if n, err := w.keeper.Confirm(t.Context(), setup.Author{Name: "ann@acme.test"}, d); !errors.Is(err, setup.ErrStale) {
			t.Errorf("%d joined, %v", n, err)
		}
	}
	seen := w.decides(true, lab.Ann)
	to("C0ALL")()
	refused(seen)
	w.round()
	if got := w.team(); got != "" {
		t.Errorf("of a channel that nobody has seen: %s", got)
	}
	to(support)()
	w.listing = to("C0ALL") // while the members are listed that become agents
	refused(seen)
	to(support)()
	w.confirm(true, lab.Ann)

	for _, during := range []*func(){&w.asking, &w.listing} {
		w.joins(slackfake.User{ID: "U0FAY", Name: "fay", Email: "fay@acme.test"})
		*during = to("C0ALL")
		w.round()
		if got := w.team(); got != "ann@acme.test" {
			t.Errorf("another channel while newcomers are looked for: %s", got)
		}
		to(support)()
	}
	w.listing = func() { w.confirm(true) } // Fay is left out
	w.round()
	if got := w.team(); got != "ann@acme.test" {
		t.Errorf("who was left out meanwhile was added: %s", got)
	}
	w.listing = func() { w.apply(`teams: [{name: Support, agents: listed}]`) }
	w.joins(slackfake.User{ID: "U0GIA", Name: "gia", Email: "gia@acme.test"})
	w.round()
	if got := w.team(); got != "ann@acme.test" {
		t.Errorf("when only who is listed counts by now: %s", got)
	}
}
