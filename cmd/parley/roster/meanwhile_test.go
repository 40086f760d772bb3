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
func (w *workspace) wantStale(d roster.Decision) {
	w.t.Helper()
	if n, err := w.keeper.Confirm(w.t.Context(), setup.Author{Name: "ann@acme.test"}, d); !errors.Is(err, setup.ErrStale) {
		w.t.Errorf("Confirm: %d joined, %v, want %v", n, err, setup.ErrStale)
	}
}

// A team gets another channel after an admin has looked at the members of the former one. Nobody joins before an
// admin has seen the members of the new one.
func TestChannelChangesBeforeConfirmation(t *testing.T) {
	t.Parallel()
	w := openWithOtherChannel(t)
	seen := w.decide(lab.Ann)
	w.useChannel(allChannel)
	w.wantStale(seen)
	w.addNewcomers()
	w.wantTeam("with a channel that nobody has seen")
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

// A team gets another channel while Parley looks for newcomers in the former one. Nobody joins from either of them.
func TestChannelChangesWhileNewcomersAreAdded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		when func(w *workspace) *func()
	}{
		{name: "as the chat is taken", when: func(w *workspace) *func() { return &w.whileTaking }},
		{name: "while members are listed", when: func(w *workspace) *func() { return &w.whileListing }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := openWithOtherChannel(t)
			w.confirm(lab.Ann)
			w.join(slackfake.User{ID: "U0FAY", Name: "fay", Email: "fay@acme.test"})

			*tt.when(w) = func() { w.useChannel(allChannel) }
			w.addNewcomers()
			w.wantTeam("with another channel meanwhile", "ann@acme.test")
		})
	}
}

// A person whom an admin leaves out while Parley looks for newcomers isn't added.
func TestLeftOutWhileNewcomersAreAdded(t *testing.T) {
	t.Parallel()
	w := openWorkspace(t, slackfake.Options{})
	w.confirm(lab.Ann)
	w.join(slackfake.User{ID: "U0FAY", Name: "fay", Email: "fay@acme.test"})
	w.whileListing = func() { w.confirm() } // chooses nobody, so Fay is left out
	w.addNewcomers()
	w.wantTeam("after Fay was left out meanwhile", "ann@acme.test")
}

// While Parley looks for newcomers, an admin decides that only people who are listed in the set-up belong to the
// team. The newcomer isn't added.
func TestFollowingEndsWhileNewcomersAreAdded(t *testing.T) {
	t.Parallel()
	w := openWorkspace(t, slackfake.Options{})
	w.confirm(lab.Ann)
	w.join(slackfake.User{ID: "U0GIA", Name: "gia", Email: "gia@acme.test"})
	w.whileListing = func() { w.apply(`teams: [{name: Support, agents: listed}]`) }
	w.addNewcomers()
	w.wantTeam("when only who is listed counts by now", "ann@acme.test")
}
