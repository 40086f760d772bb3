package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// These tests look up channels by name and people by address, and check who can become an agent.

// wantChannel checks which channel has a name or id. "" means that there is none that Parley can use.
func (w *world) wantChannel(name, want string) {
	w.t.Helper()
	got, err := w.surface.Resolve(w.ctx(), name)
	noError(w.t, err)
	if got != want {
		w.t.Errorf("Resolve(%q) = %q, want %q", name, got, want)
	}
}

// A channel is found by its name or id, if Parley is in it or can join it.
func TestResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{w.ann}})
	hidden := w.fake.Admin.AddChannel(slackfake.Channel{Name: "hidden", Private: true, Members: []string{w.ann}})

	// Parley is in it.
	w.wantChannel("#support", w.channel)
	w.wantChannel(w.channel, w.channel)

	// Parley can join it.
	w.wantChannel("#Open", open.ID)

	// Parley can't see it.
	w.wantChannel("#hidden", "")
	w.wantChannel(hidden.ID, "")

	// There is no such channel.
	w.wantChannel("#none", "")
	w.wantChannel("C0NONE", "")
}

// wantUser checks which user has an address. "" means that none has.
func (w *world) wantUser(address string, want bridge.SurfaceUser) {
	w.t.Helper()
	got, err := w.surface.Lookup(w.ctx(), address)
	noError(w.t, err)
	if got != want {
		w.t.Errorf("Lookup(%q) = %q, want %q", address, got, want)
	}
}

// Only active members of the workspace are found (cases 19 and 26).
func TestLookupFindsNobodyElse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		user slackfake.User
	}{
		{name: "deactivated", user: slackfake.User{Deleted: true}},
		{name: "guest", user: slackfake.User{Restricted: true}},
		{name: "of another workspace", user: slackfake.User{Stranger: true, TeamID: "T9"}},
		{name: "bot", user: slackfake.User{Bot: true, BotID: "B9"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.user.Name, tt.user.Email = "ben", "ben@acme.test"
			w.fake.Admin.AddUser(tt.user)
			w.wantUser("ben@acme.test", "")
		})
	}
}

// newWorldWithMentions connects a surface to a workspace in which Ben and Eve can be mentioned. Ben is an agent, and
// Eve isn't.
func newWorldWithMentions(t *testing.T) *world {
	t.Helper()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	w.fake.Admin.AddUser(slackfake.User{ID: "U0EVE", Name: "eve", RealName: "Eve Oak"})
	return w
}

// Mentions in a text are replaced by names, also those of people who aren't agents.
func TestMentionedAgentsAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorldWithMentions(t)
	a := w.waitAction(w.messageID(w.postAsAnn(w.postRoot().Message, "ask <@U0BEN> or <@U0EVE>")))
	wantEqual(t, "text", a.Text, "ask @Ben or @Eve Oak")
	wantEqual(t, "text as it was typed", a.Raw, a.Text)
	if want := []string{"U0BEN", "U0EVE"}; !slices.Equal(a.Mentions, want) {
		t.Errorf("mentions: got %q, want %q", a.Mentions, want)
	}
}

func TestReadIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "users.lookupByEmail", Kind: slackfake.FaultHTTP, Times: 2})
	w.wantUser("ann@acme.test", bridge.SurfaceUser(w.ann))
}

// New messages in one channel share a budget. Updates of cards share one in all channels.
func TestBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	budget := w.surface.Budget
	wantEqual(t, "budget of a customer's message", budget(bridge.PostSaid, "C1"), bridge.Budget{Key: "post:C1", PerSecond: 1, Burst: 3})
	wantEqual(t, "key of a root", budget(bridge.PostRoot, "C1").Key, budget(bridge.PostLine, "C1").Key)
	wantEqual(t, "key of a card in another channel", budget(bridge.PostCard, "C2").Key, budget(bridge.PostCard, "C1").Key)
}
