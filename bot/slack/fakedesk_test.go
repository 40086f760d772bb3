package slack

import (
	"context"
	"sync"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// fakeDesk stands in for the engine: it remembers what the surface brings, and answers the surface's questions
// with what a test has put into its fields. Fields that are changed while the surface is connected are changed
// under mu.
type fakeDesk struct {
	*bridgetest.Desk

	mu       sync.Mutex
	facts    func(at bridge.Place, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Facts, error) // nil: there are no conversations
	stock    bridge.Templates
	people   []bridge.AgentRef
	accounts []bridge.AccountRef
	mayStart func(bridge.Start) (bridge.Facts, error) // nil: everybody may begin a conversation with anybody
	said     []bridge.Said
	list     func(q bridge.ListQuery, user bridge.SurfaceUser) (bridge.Listing, error) // nil: every list has one row, and another page
	slow     chan struct{}                                                             // Facts and FactsAt wait until it is closed; nil: they answer at once
	storing  func()                                                                    // Accept calls it before it keeps anything; nil: it keeps at once
}

func newFakeDesk() *fakeDesk { return &fakeDesk{Desk: bridgetest.NewDesk()} }

// Accept keeps facts, each once.
func (d *fakeDesk) Accept(ctx context.Context, facts ...channels.Fact) error {
	d.mu.Lock()
	storing := d.storing
	d.mu.Unlock()
	if storing != nil {
		storing()
	}
	if ctx.Err() != nil {
		return ctx.Err() // as the database does
	}
	return d.Desk.Accept(ctx, facts...)
}

// findFacts answers for a conversation that is named by its place or its id.
func (d *fakeDesk) findFacts(
	ctx context.Context, at bridge.Place, id bridge.ConversationID, user bridge.SurfaceUser,
) (bridge.Facts, error) {
	d.mu.Lock()
	slow, f := d.slow, d.facts
	d.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return bridge.Facts{}, ctx.Err()
		}
	}
	if f == nil {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	return f(at, id, user)
}

func (d *fakeDesk) FactsAt(ctx context.Context, at bridge.Place, user bridge.SurfaceUser) (bridge.Facts, error) {
	return d.findFacts(ctx, at, 0, user)
}

func (d *fakeDesk) Facts(ctx context.Context, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Facts, error) {
	return d.findFacts(ctx, bridge.Place{}, id, user)
}

func (d *fakeDesk) List(_ context.Context, q bridge.ListQuery, user bridge.SurfaceUser) (bridge.Listing, error) {
	d.mu.Lock()
	list := d.list
	d.mu.Unlock()
	if list != nil {
		return list(q, user)
	}
	return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{sampleFacts()}, More: true}, nil
}

func (d *fakeDesk) History(context.Context, bridge.ConversationID, int, bridge.SurfaceUser) (bridge.History, error) {
	return bridge.History{Rows: []bridge.LogRow{{At: when(), Actor: "Ann", What: "assigned", Detail: "to Ben"}}}, nil
}

func (d *fakeDesk) People(context.Context) ([]bridge.AgentRef, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.people, nil
}

func (d *fakeDesk) Accounts(context.Context, bridge.SurfaceUser) ([]bridge.AccountRef, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts, nil
}

func (d *fakeDesk) MayStart(_ context.Context, _ bridge.SurfaceUser, s bridge.Start) (bridge.Facts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mayStart == nil {
		return bridge.Facts{}, nil
	}
	return d.mayStart(s)
}

func (d *fakeDesk) Count(account, text string) (bridge.Count, bool) {
	return bridge.Count{Parts: 1 + len(text)/160, Left: 160 - len(text)%160, Encoding: "GSM-7"}, account == "shop-sms"
}

func (d *fakeDesk) Canned(context.Context, bridge.Facts, bridge.SurfaceUser) ([]bridge.Canned, error) {
	return nil, nil
}

func (d *fakeDesk) Suggested(context.Context, bridge.ConversationID, bridge.EventID, bridge.SurfaceUser) ([]bridge.SuggestedReply, error) {
	return nil, nil
}

func (d *fakeDesk) WordsAt(context.Context, bridge.Place, bridge.SurfaceUser) (text, mark string, err error) {
	return "", "", nil
}

func (d *fakeDesk) Spoken(context.Context, bridge.ConversationID, bridge.Place, bridge.SurfaceUser) (
	list []bridge.SpokenMessage, shown []bridge.MessageID, err error,
) {
	return nil, nil, nil
}

func (d *fakeDesk) SaidAt(context.Context, bridge.Place, bridge.SurfaceUser) ([]bridge.Said, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said, nil
}

func (d *fakeDesk) Assignable(
	ctx context.Context, _ bridge.ConversationID, _ bridge.SurfaceUser,
) (people []bridge.AgentRef, teams []string, err error) {
	people, err = d.People(ctx)
	return people, []string{"Support"}, err
}

func (d *fakeDesk) TagNames(context.Context) ([]bridge.Tag, error) {
	return []bridge.Tag{{Name: "vip", Color: "#dd2e44"}}, nil
}

func (d *fakeDesk) Templates(context.Context, bridge.TemplatesFor, bridge.SurfaceUser) (bridge.Templates, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stock, nil
}

func (d *fakeDesk) ListChoices(context.Context, bridge.SurfaceUser) (bridge.ListChoices, error) {
	return bridge.ListChoices{}, nil
}

func (d *fakeDesk) Profile(context.Context, bridge.ConversationID, bridge.SurfaceUser) (bridge.Profile, error) {
	return bridge.Profile{}, nil
}
