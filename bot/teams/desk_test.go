package teams

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// desk is an engine that remembers what comes, and has conversation 12.
type desk struct {
	*bridgetest.Desk

	mu       sync.Mutex
	root     bridge.Place // of the conversation's thread; zero if it has none
	mayStart func(bridge.Start) (bridge.Facts, error)
}

func newDesk() *desk { return &desk{Desk: bridgetest.NewDesk()} }

func sampleFacts() bridge.Facts {
	at := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	return bridge.Facts{
		ID:      12,
		Status:  bridge.StatusOpen,
		Subject: "Printer on fire",
		Account: bridge.Account{
			ChannelKind: "email", ChannelName: "E-mail", ChannelIcon: "email",
			Name: "support-mail", Mode: bridge.ModeLive,
		},
		People:      bridge.People{Team: "Support"},
		Contact:     bridge.PartyRef{Name: "Kim Lee", Address: "kim@example.org"},
		Times:       bridge.Times{CreatedAt: at, WaitingSince: at},
		LastMessage: bridge.LastMessage{At: at, From: "customer", Preview: "Help"},
		Zone:        time.UTC,
	}
}

func (d *desk) Facts(_ context.Context, id bridge.ConversationID, user string) (bridge.Facts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if user != ann && user != ben {
		return bridge.Facts{}, &bridge.Problem{Code: "not_an_agent", Text: "I don't know you as an agent."}
	}
	f := sampleFacts()
	if id != f.ID {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	f.Thread.Root = d.root
	return f, nil
}

func (d *desk) FactsAt(ctx context.Context, at bridge.Place, user string) (bridge.Facts, error) {
	d.mu.Lock()
	there := d.root.Message != "" && at.Channel == d.root.Channel && (at.Thread == d.root.Message || at.Message == d.root.Message)
	d.mu.Unlock()
	if !there {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	return d.Facts(ctx, sampleFacts().ID, user)
}

func (d *desk) List(ctx context.Context, q bridge.ListQuery, user string) (bridge.Listing, error) {
	l := bridge.Listing{ListQuery: q}
	if q.Words != "" && q.Words != "printer KIM" || q.Page > 0 {
		return l, nil
	}
	f, err := d.Facts(ctx, sampleFacts().ID, user)
	l.Rows = append(l.Rows, f)
	return l, err
}

func (d *desk) People(context.Context) ([]bridge.AgentRef, error) {
	return []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}, {ID: 2, Name: "Ben Kim", User: ben}}, nil
}

func (d *desk) TagNames(context.Context) ([]bridge.Tag, error) { return nil, nil }
func (d *desk) Count(string, string) (bridge.Count, bool)      { return bridge.Count{}, false }

func (d *desk) Templates(context.Context, bridge.TemplatesFor, string) (bridge.Templates, error) {
	return bridge.Templates{}, nil
}

func (d *desk) Suggested(context.Context, bridge.ConversationID, bridge.EventID, string) ([]bridge.SuggestedReply, error) {
	return nil, nil
}

func (d *desk) WordsAt(context.Context, bridge.Place, string) (string, error) { return "marked", nil }

func (d *desk) SaidAt(context.Context, bridge.Place, string) ([]bridge.Said, error) { return nil, nil }

func (d *desk) History(context.Context, bridge.ConversationID, int, string) (bridge.History, error) {
	return bridge.History{}, nil
}

func (d *desk) Teams(context.Context) ([]string, error) { return []string{"Support"}, nil }

func (d *desk) Accounts(context.Context, string) ([]bridge.AccountRef, error) {
	return []bridge.AccountRef{{Name: "support-mail", ChannelName: "E-mail", Starts: true, Can: bridge.Capabilities{Files: bridge.FileRules{PerMessage: 5}}}}, nil
}

func (d *desk) MayStart(_ context.Context, _ string, s bridge.Start) (bridge.Facts, error) {
	if d.mayStart == nil {
		return bridge.Facts{}, nil
	}
	return d.mayStart(s)
}

// decode decodes a fact, which isn't in quarantine.
func (w *world) decode(f channels.Fact) []bridge.Action {
	w.t.Helper()
	if f.Quarantine != "" {
		w.t.Fatalf("%s is in quarantine: %s", f.ExternalID, f.Quarantine)
	}
	actions, err := w.surface.Decode(f.Payload)
	must(w.t, err)
	return actions
}

// waitAction waits for the first fact whose id begins so, and decodes it.
func (w *world) waitAction(prefix string) bridge.Action {
	w.t.Helper()
	f := w.desk.First(w.t, prefix)
	actions := w.decode(f)
	if len(actions) != 1 {
		w.t.Fatalf("%s is decoded as %d actions, want one", f.ExternalID, len(actions))
	}
	return actions[0]
}

// wantFacts checks how many facts are stored whose ids begin so.
func (w *world) wantFacts(prefix string, want int) {
	w.t.Helper()
	if got := w.desk.Number(prefix); got != want {
		w.t.Errorf("got %d facts %s…, want %d; all: %v", got, prefix, want, w.desk.IDs())
	}
}

// waitDelivered waits until the emulator has nothing left to deliver.
func (w *world) waitDelivered() {
	w.t.Helper()
	must(w.t, w.fake.WaitFor(w.ctx(), func() bool { return w.fake.Activities.Pending() == 0 }))
}

var errDown = errors.New("the database is down")

// openThread opens a thread of the conversation, and returns its root.
func (w *world) openThread() string {
	w.t.Helper()
	sent := w.mustSend(w.newRoot("root", w.channel))
	w.desk.Own(w.channel, sent.Message)
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.root = bridge.Place{Channel: w.channel, Thread: sent.Message, Message: sent.Message}
	return sent.Message
}

// postLine posts a line in a thread.
func (w *world) postLine(root string, l bridge.Line) string {
	w.t.Helper()
	p := w.newPost(bridge.PostLine, "line "+string(l.Kind()))
	p.Place.Thread, p.Line = root, &l
	sent := w.mustSend(p)
	w.desk.Own(w.channel, sent.Message)
	return sent.Message
}

// keptKeys returns the keys of what the surface keeps.
func (d *desk) keptKeys(t *testing.T) []string {
	t.Helper()
	all, err := d.Kept(t.Context())
	must(t, err)
	return slices.Collect(maps.Keys(all))
}
