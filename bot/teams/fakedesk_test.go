package teams

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// fakeDesk stands in for the engine: it remembers what the surface brings, and has one conversation, #12, which Ann and Ben may see.
type fakeDesk struct {
	*bridgetest.Desk

	mu        sync.Mutex
	root      bridge.Place                             // of the conversation's thread; zero if it has none
	elsewhere string                                   // the chat that has the thread, if it is another one
	mayStart  func(bridge.Start) (bridge.Facts, error) // nil: everybody may begin a conversation with anybody
	agents    []bridge.SurfaceUser                     // who may see the conversation
	lamps     int                                      // how many more conversations "lamp" finds, with the numbers from 100 on
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{Desk: bridgetest.NewDesk(), agents: []bridge.SurfaceUser{ann, ben}}
}

// sampleFacts are those of the conversation #12.
func sampleFacts() bridge.Facts {
	at := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	return bridge.Facts{
		ID:      12,
		Status:  bridge.StatusOpen,
		Subject: "Printer on fire",
		Account: bridge.Account{
			ChannelKind: "email", ChannelName: "E-mail", ChannelIcon: "email",
			Name: "support-mail", Mode: bridge.ModeLive,
			Can: bridge.Capabilities{Files: channels.FileRules{PerMessage: 5}},
		},
		People:      bridge.People{Team: "Support"},
		Contact:     bridge.PartyRef{Name: "Kim Lee", Address: "kim@example.org"},
		Times:       bridge.Times{CreatedAt: at, WaitingSince: at},
		LastMessage: bridge.LastMessage{At: at, From: "customer", Preview: "Help"},
		Zone:        time.UTC,
	}
}

func (d *fakeDesk) Facts(_ context.Context, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Facts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.agents, user) {
		return bridge.Facts{}, &bridge.Problem{Code: "not_an_agent", Text: "I don't know you as an agent."}
	}
	f := sampleFacts()
	if id == closedNumber {
		return bridge.Facts{}, &bridge.Problem{Code: "not_readable", Text: "It is not open to you."}
	}
	if id != f.ID {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	f.Thread.Root, f.Thread.Elsewhere = d.root, d.elsewhere
	return f, nil
}

func (d *fakeDesk) FactsAt(ctx context.Context, at bridge.Place, user bridge.SurfaceUser) (bridge.Facts, error) {
	d.mu.Lock()
	there := d.root.Message != "" && at.Channel == d.root.Channel && (at.Thread == d.root.Message || at.Message == d.root.Message)
	d.mu.Unlock()
	if !there {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	return d.Facts(ctx, sampleFacts().ID, user)
}

// closedNumber is the number of a conversation that nobody may see.
const closedNumber = 4711

// lampRows is how many rows a page has of what "lamp" finds.
const lampRows = 20

// List finds the conversation without words, and by these words alone, on one page.
func (d *fakeDesk) List(ctx context.Context, q bridge.ListQuery, user bridge.SurfaceUser) (bridge.Listing, error) {
	l := bridge.Listing{ListQuery: q}
	if q.Words == "lamp" {
		end := min((q.Page+1)*lampRows, d.lamps)
		for n := q.Page * lampRows; n < end; n++ {
			f := sampleFacts()
			f.ID = bridge.ConversationID(100 + n)
			l.Rows = append(l.Rows, f)
		}
		l.More = end < d.lamps
		return l, nil
	}
	if !slices.Contains([]string{"", "printer KIM", "0012", "4711"}, q.Words) || q.Page > 0 {
		return l, nil
	}
	f, err := d.Facts(ctx, sampleFacts().ID, user)
	l.Rows = append(l.Rows, f)
	return l, err
}

func (d *fakeDesk) People(context.Context) ([]bridge.AgentRef, error) {
	return []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}, {ID: 2, Name: "Ben Kim", User: ben}}, nil
}

func (d *fakeDesk) TagNames(context.Context) ([]bridge.Tag, error) { return nil, nil }
func (d *fakeDesk) Count(string, string) (bridge.Count, bool)      { return bridge.Count{}, false }

func (d *fakeDesk) Templates(context.Context, bridge.TemplatesFor, bridge.SurfaceUser) (bridge.Templates, error) {
	return bridge.Templates{}, nil
}

func (d *fakeDesk) Canned(context.Context, bridge.Facts, bridge.SurfaceUser) ([]bridge.Canned, error) {
	return nil, nil
}

func (d *fakeDesk) Suggested(context.Context, bridge.ConversationID, bridge.EventID, bridge.SurfaceUser) ([]bridge.SuggestedReply, error) {
	return nil, nil
}

// deskWords is what every message of a person says as the desk has it.
const deskWords = "he is calm"

func (d *fakeDesk) WordsAt(_ context.Context, at bridge.Place, _ bridge.SurfaceUser) (text, mark string, err error) {
	if at.Message == d.root.Message {
		return "", "", nil
	}
	return deskWords, "marked", nil
}

func (d *fakeDesk) Spoken(context.Context, bridge.ConversationID, bridge.Place, bridge.SurfaceUser) (
	list []bridge.SpokenMessage, shown []bridge.MessageID, err error,
) {
	return nil, nil, nil
}

func (d *fakeDesk) SaidAt(context.Context, bridge.Place, bridge.SurfaceUser) ([]bridge.Said, error) {
	return nil, nil
}

func (d *fakeDesk) History(context.Context, bridge.ConversationID, int, bridge.SurfaceUser) (bridge.History, error) {
	return bridge.History{}, nil
}

func (d *fakeDesk) Assignable(
	ctx context.Context, _ bridge.ConversationID, _ bridge.SurfaceUser,
) (people []bridge.AgentRef, teams []string, err error) {
	people, err = d.People(ctx)
	return people, []string{"Support"}, err
}

func (d *fakeDesk) Accounts(context.Context, bridge.SurfaceUser) ([]bridge.AccountRef, error) {
	return []bridge.AccountRef{{Name: "support-mail", ChannelName: "E-mail", Starts: true}}, nil
}

func (d *fakeDesk) MayStart(_ context.Context, _ bridge.SurfaceUser, s bridge.Start) (bridge.Facts, error) {
	if d.mayStart == nil {
		return bridge.Facts{}, nil
	}
	return d.mayStart(s)
}

// keptKeys returns the keys of what the surface keeps.
func (d *fakeDesk) keptKeys(t *testing.T) []string {
	t.Helper()
	all, err := d.ListKept(t.Context())
	noError(t, err)
	return slices.Collect(maps.Keys(all))
}

// lastReport returns what was told last of the surface's condition, and how often something was told.
func (d *fakeDesk) lastReport() (last channels.Condition, told int) {
	all := d.Reports()
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	return last, len(all)
}

func (d *fakeDesk) ListChoices(context.Context, bridge.SurfaceUser) (bridge.ListChoices, error) {
	return bridge.ListChoices{}, nil
}

func (d *fakeDesk) Profile(context.Context, bridge.ConversationID, bridge.SurfaceUser) (bridge.Profile, error) {
	return bridge.Profile{}, nil
}
