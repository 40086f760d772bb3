package slack

import (
	"slices"
	"testing"
	"time"

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

func TestResolveJoinsTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{w.ann}})
	w.wantChannel("#open", open.ID)
	w.mustSend(bridge.Post{Kind: bridge.PostRoot, Token: "t", Place: bridge.Place{Channel: open.ID}, Facts: sampleFacts()})
}

// A channel is found by its new name at once (case 18).
func TestResolveRenamedChannel(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.wantChannel("#support", w.channel)
	noError(t, w.fake.Admin.RenameChannel(w.channel, "help"))
	w.waitAcknowledged()
	w.wantChannel("#help", w.channel)
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

func TestLookupFindsAMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantUser("ann@acme.test", bridge.SurfaceUser(w.ann))
	w.wantUser("nobody@acme.test", "")
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

// If a person belongs to several workspaces, Slack names any of them. She is found if one of them is ours.
func TestLookupFindsAPersonOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mia := w.fake.Admin.AddUser(slackfake.User{Name: "mia", Email: "mia@acme.test", TeamID: "T9", Teams: []string{"T9", w.fake.TeamID()}})
	w.wantUser(mia.Email, bridge.SurfaceUser(mia.ID))
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

// While Slack doesn't say who somebody is, the text says "a colleague" instead of the person's id, which the customer
// must not read.
func TestMentionOfSomebodyUnknown(t *testing.T) {
	t.Parallel()
	w := newWorldWithMentions(t)
	w.fake.Inject(slackfake.Fault{Method: "users.info", Kind: slackfake.FaultError, Error: "missing_scope"})
	a := w.waitAction(w.messageID(w.postAsAnn(w.postRoot().Message, "ask <@U0EVE>")))
	wantEqual(t, "text", a.Text, "ask a colleague")
}

// Mentions are also replaced by names when a text is compared with the message in Slack.
func TestMentionedAgentsAreNamedInConfirm(t *testing.T) {
	t.Parallel()
	w := newWorldWithMentions(t)
	at := bridge.Place{Channel: w.channel, Message: w.storeAsAnn(w.postRoot().Message, "ask <@U0BEN> or <@U0EVE>")}
	noError(t, w.fake.As(w.ann).Edit(w.channel, at.Message, "ask <@U0BEN> and <@U0EVE>"))
	w.desk.First(t, editFacts)
	got, err := w.surface.Confirm(w.ctx(), at, "ask @Ben and @Eve Oak")
	noError(t, err)
	wantEqual(t, "compared with what stands in Slack", got, bridge.Unchanged)
}

func TestReadWaitsAsLongAsSlackAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "users.lookupByEmail", Kind: slackfake.FaultRateLimit, Retry: 1, Times: 1})
	begin := time.Now()
	w.wantUser("ann@acme.test", bridge.SurfaceUser(w.ann))
	if waited := time.Since(begin); waited < time.Second {
		t.Errorf("waited for %s, want the second that Slack asked for", waited)
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

func TestNoBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options, _ *slackfake.Options) { o.Rate = 0 })
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostCard, bridge.PostMark, bridge.PostEphemeral} {
		wantEqual(t, "rate of "+string(kind), w.surface.Budget(kind, "C1").PerSecond, 0)
	}
}

func TestNewSaysAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Options{APIURL: "::"})
	if err == nil {
		t.Fatal("New made a surface of nothing, want an error")
	}
	wantWords(t, err.Error(), "bot token", "app token", "desk", "API URL")
}
