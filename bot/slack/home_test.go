package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// openHome has Ann press the app's icon, and waits until her home tab shows these words.
func (w *world) openHome(words string) *slackfake.View {
	w.t.Helper()
	noError(w.t, w.fake.As(w.ann).OpenHome())
	return w.waitForHome(words)
}

// waitForHome waits until Ann's home tab shows these words.
func (w *world) waitForHome(words string) *slackfake.View {
	w.t.Helper()
	var home *slackfake.View
	err := w.fake.WaitFor(w.ctx(), func() bool {
		home = w.fake.Home(w.ann)
		return home != nil && strings.Contains(string(home.Blocks), words)
	})
	if err != nil {
		w.t.Fatalf("the home tab doesn't show %q", words)
	}
	return home
}

// choose has Ann choose an entry of the first menu of a view.
func (w *world) choose(v *slackfake.View, label string) {
	w.t.Helper()
	var blocks []struct {
		Accessory struct {
			ID      string `json:"action_id"`
			Options []struct {
				Text  struct{ Text string } `json:"text"`
				Value string                `json:"value"`
			} `json:"options"`
		} `json:"accessory"`
	}
	noError(w.t, json.Unmarshal(v.Blocks, &blocks))
	for _, b := range blocks {
		for _, o := range b.Accessory.Options {
			if o.Text.Text == label {
				out, err := w.fake.As(w.ann).Click(w.ctx(), slackfake.Target{View: v.ID}, b.Accessory.ID, o.Value)
				mustAccept(w.t, "the entry "+label, out, err)
				return
			}
		}
	}
	w.t.Fatalf("no entry %q in %s", label, v.Blocks)
}

// The app's icon leads to the agent's lists, in which conversations are looked at and worked on.
// Requirement R-087: One inbox.
func TestHome(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = Scopes(), Events() })
	w.letAnnSee()
	w.desk.accounts = []bridge.AccountRef{{Name: "support", ChannelName: "E-mail", Starts: true}}
	w.desk.list = func(q bridge.ListQuery, _ bridge.SurfaceUser) (bridge.Listing, error) {
		f := sampleFacts()
		if q.List == bridge.ListUnassigned {
			f.Assignees = nil
		}
		return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{f, f}}, nil
	}
	home := w.openHome("*Mine*")
	w.choose(home, "Open")
	details := w.waitForWindow(w.ann, isCard)
	w.pressInWindow(details, "Snooze") // a window upon the window
	w.waitForWindow(w.ann, hasField("until"))
	noError(t, w.closeAll())

	w.pressInWindow(home, "Unassigned")
	home = w.waitForHome("*Unassigned*")
	w.choose(home, "Resolve")
	w.waitForWindow(w.ann, hasField("note"))
	noError(t, w.closeAll())

	w.choose(home, "Take")
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "author", a.Actor.ID, bridge.SurfaceUser(w.ann))
	wantEqual(t, "place", a.Place, bridge.Place{})

	w.pressInWindow(home, "Select several")
	w.mustSubmitForm(w.waitForWindow(w.ann, hasField("of")), map[string]string{"of": "all", "do": "resolve"})
	a = w.lastAction()
	wantEqual(t, "verb", a.Verb, bridge.VerbSeveral)
	wantEqual(t, "what is done", a.Args.Do, bridge.VerbResolve)
	wantEqual(t, "conversations", len(a.Args.Of), 2)

	w.openHome("*Unassigned*") // it keeps its list
	w.pressInWindow(w.fake.Home(w.ann), "New conversation")
	w.waitForWindow(w.ann, isForm)
	w.wantFacts(unreadableFacts, 0)
}

// The pages of a list lead on and back, and a search is shown in their place.
// Requirement R-087: One inbox.
func TestHomePages(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = Scopes(), Events() })
	w.letAnnSee()
	next := map[string]string{"": "a.1", "a.1": "b.2", "b.2": "c.3"}
	w.desk.list = func(q bridge.ListQuery, _ bridge.SurfaceUser) (bridge.Listing, error) {
		f := sampleFacts()
		f.Subject = "behind (" + q.After + ") found (" + q.Words + ")"
		return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{f}, Next: next[q.After], More: q.Words == "" && next[q.After] != ""}, nil
	}
	w.openHome("behind ()")
	for _, step := range [][2]string{
		{"Next page", "a.1"}, {"Next page", "b.2"}, {"Next page", "c.3"}, {"← Previous", "b.2"}, {"← Previous", "a.1"}, {"← Previous", ""},
	} {
		w.pressInWindow(w.fake.Home(w.ann), step[0])
		w.waitForHome("behind (" + step[1] + ")")
	}

	w.pressInWindow(w.fake.Home(w.ann), "Search")
	w.mustSubmitForm(w.waitForWindow(w.ann, hasField("text")), map[string]string{"text": "lamp"})
	w.waitForHome("found (lamp)")
}

func (w *world) closeAll() error {
	views := w.fake.Views(w.ann)
	_, err := w.fake.As(w.ann).CloseView(w.ctx(), views[len(views)-1].ID, true)
	return err
}

// Who is no agent reads what to do.
func TestHomeOfANewcomer(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.desk.list = func(bridge.ListQuery, bridge.SurfaceUser) (bridge.Listing, error) {
		return bridge.Listing{}, &bridge.Problem{Text: "You are not one of Parley's agents.", Hint: "Ask an admin."}
	}
	w.openHome("Ask an admin.")
}

// A home tab that another process has published since is left to that one.
func TestHomeOfAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var changes atomic.Int64
	w.desk.list = func(q bridge.ListQuery, _ bridge.SurfaceUser) (bridge.Listing, error) {
		f := sampleFacts()
		f.Subject = fmt.Sprint("change ", changes.Load())
		return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{f}}, nil
	}
	clock := w.stepHomes()
	other := newHomes(w.surface.workspace, w.surface.homes.forms, 1)

	first := w.surface.homes
	first.show(bridge.SurfaceUser(w.ann), bridge.Args{})
	first.pass(w.ctx())
	other.show(bridge.SurfaceUser(w.ann), bridge.Args{ListArgs: bridge.ListArgs{List: bridge.ListAll}})
	other.pass(w.ctx())
	changes.Add(1)
	clock(homeEvery)
	first.pass(w.ctx())
	wantEqual(t, "home tabs that the first process keeps", len(first.open), 0)
	wantWords(t, string(w.fake.Home(w.ann).Blocks), "*All*", "change 0")
}

// stepHomes has the home tabs go by a clock that stands still, and returns what moves it on.
func (w *world) stepHomes() (move func(time.Duration)) {
	now := when()
	w.surface.now = func() time.Time { return now }
	return func(d time.Duration) { now = now.Add(d) }
}

// Two hundred agents who look at their home tabs while 300 conversations change stay within what Slack allows, and each sees the last
// change. Later nothing is published for nobody.
// Requirement R-114: What is new appears at once.
func TestManyHomes(t *testing.T) {
	t.Parallel()
	const agents, changes = 50, 300
	var passed atomic.Int64 // seconds
	now := func() time.Time { return when().Add(time.Duration(passed.Load()) * time.Second) }
	w := newWorld(t, func(o *Options, f *slackfake.Options) {
		o.Now = now
		f.Clock, f.Limits = o.Now, true
	})
	changed := 0
	w.desk.list = func(q bridge.ListQuery, _ bridge.SurfaceUser) (bridge.Listing, error) {
		f := sampleFacts()
		f.Subject = fmt.Sprint("change ", changed)
		return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{f}}, nil
	}

	homes := w.surface.homes
	ids := make([]string, agents)
	for i := range ids {
		ids[i] = w.fake.Admin.AddUser(slackfake.User{ID: fmt.Sprintf("U%03d", i), Name: fmt.Sprint("agent", i)}).ID
		homes.opened(bridge.SurfaceUser(ids[i]), "")
	}
	second := func() {
		passed.Add(1)
		homes.pass(w.ctx())
	}
	for range changes { // five minutes
		changed++
		second()
	}
	for range 300 {
		second()
	}

	for _, id := range ids {
		wantWords(t, string(w.fake.Home(id).Blocks), fmt.Sprint("change ", changes))
	}
	calls := w.fake.Calls("views.publish")
	for _, c := range calls {
		wantEqual(t, "refusals", c.Error, "")
	}
	if most := 10 * homesPerMinute; len(calls) > most {
		t.Errorf("got %d calls, want at most %d", len(calls), most+homesAtOnce)
	}

	for range 300 {
		second()
	}
	changed++
	for range 30 {
		second()
	}
	wantEqual(t, "calls for nobody", len(w.fake.Calls("views.publish"))-len(calls), 0)
}
