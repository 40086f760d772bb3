package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Conversations holds the loaded conversations of one batch, with their threads in Slack or Teams. Besides exchanges
// with customers these include sorting threads, in which agents sort an account's automatic mail of one day.
type Conversations struct {
	*Moment
	dir     *Directory
	Rows    map[store.ConversationID]*Conversation
	Latest  map[store.IdentityID]store.ConversationID // by customer (root identity): see noteLatest
	sorting map[sortingKey]store.ConversationID
	numbers []store.ConversationID // reserved numbers that are not used yet
}

func newConversations(m *Moment, dir *Directory) *Conversations {
	return &Conversations{
		Moment:  m,
		dir:     dir,
		Rows:    map[store.ConversationID]*Conversation{},
		Latest:  map[store.IdentityID]store.ConversationID{},
		sorting: map[sortingKey]store.ConversationID{},
	}
}

func (cs *Conversations) flush(ctx context.Context, p *store.Pipeline) error {
	row := func(c *Conversation) (store.Conversation, bool, bool) { return *c.Conversation, c.Fresh, c.dirty }
	fresh, changed := newAndChanged(cs.Rows, row)
	if err := store.InsertConversations(ctx, p, fresh); err != nil {
		return err
	}
	return store.UpdateConversations(ctx, p, changed)
}

func (cs *Conversations) flushThreads(ctx context.Context, p *store.Pipeline) error {
	var threads, cards, doubts []store.Thread
	for _, id := range SortedKeys(cs.Rows) {
		for _, t := range cs.Rows[id].Threads {
			switch {
			case t.Dirty:
				threads = append(threads, t.Thread)
			case t.CardChanged:
				cards = append(cards, t.Thread)
			}

			if t.DoubtChanged {
				doubts = append(doubts, t.Thread)
			}
		}
	}

	if err := store.UpsertThreads(ctx, p, threads); err != nil {
		return err
	}
	if err := store.SetDoubts(ctx, p, doubts); err != nil {
		return err
	}
	return store.SetCards(ctx, p, cards)
}

// TakeNumber returns an unused number for a new conversation.
func (cs *Conversations) TakeNumber(ctx context.Context, tx pgx.Tx) (store.ConversationID, error) {
	if len(cs.numbers) == 0 {
		var err error
		if cs.numbers, err = store.ConversationNumbers(ctx, tx, 1); err != nil {
			return 0, err
		}
	}
	id := cs.numbers[0]
	cs.numbers = cs.numbers[1:]
	return id, nil
}

// LatestOf returns the conversation that a customer's next message belongs to, or nil if there is none.
func (cs *Conversations) LatestOf(i *store.Identity) *Conversation {
	if i == nil {
		return nil
	}
	return cs.Get(cs.Latest[i.ID])
}

// noteLatest records c as the conversation that its customer's next message belongs to, if it is preferred to the one
// recorded so far. Open conversations come first, then the one with the latest message. If none is open, the newest counts.
func (b *Book) noteLatest(c *Conversation) {
	if c.Identity == nil || c.Kind != store.KindCustomer {
		return
	}
	root := b.People.RootOf(c).ID
	known := b.Conversations.Rows[b.Conversations.Latest[root]]
	if known == nil || isPreferredTo(c, known) {
		b.Conversations.Latest[root] = c.ID
	}
}

// isPreferredTo reports whether a customer's next message belongs to c rather than to other.
func isPreferredTo(c, other *Conversation) bool {
	isOpen, otherIsOpen := c.BridgeStatus().Open(), other.BridgeStatus().Open()
	if isOpen != otherIsOpen {
		return isOpen
	}
	if isOpen {
		return c.LastAt.After(other.LastAt)
	}
	return c.ID > other.ID
}

// Owners returns the assignees as users of the surface in which the conversation is worked on (Home), or nil if it
// has no thread there.
func (cs *Conversations) Owners(c *Conversation) []bridge.AgentRef {
	t := c.Home(cs.dir)
	var refs []bridge.AgentRef
	for _, id := range c.Assignees {
		if t != nil {
			refs = append(refs, cs.dir.Ref(t.AccountID, id))
		}
	}
	return refs
}

// OtherOwners returns the owners except agent and those who are no longer agents.
func (cs *Conversations) OtherOwners(c *Conversation, agent *store.Agent) []bridge.AgentRef {
	var refs []bridge.AgentRef
	for _, r := range cs.Owners(c) {
		owner := cs.dir.Agent(r.ID) // nil for an agent who is newer than this directory
		hasLeft := owner != nil && !owner.Active
		if r.ID != agent.ID && !hasLeft {
			refs = append(refs, r)
		}
	}
	return refs
}
