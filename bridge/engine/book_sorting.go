package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Sorting is a kind of sorting thread. Such a thread is stored as a conversation but has no customer: it lists an
// account's mails of one day, which agents sort with buttons. An example is "Automatic mail, Monday 2 June".
type Sorting string

// Kinds of sorting threads. The value begins their subject.
const (
	SortingAutomatic Sorting = "Automatic mail"              // automatic mails that belong to no conversation
	SortingCollected Sorting = "Very many new conversations" // mails above their sender's limit (Openings)
)

// sortingKey identifies a sorting thread.
type sortingKey struct {
	kind    Sorting
	account store.AccountID
	day     string // see DayKey
}

// SortingThread returns an account's sorting thread of today, which it makes if it is missing. Errors: the database's.
func (cs *Conversations) SortingThread(ctx context.Context, tx pgx.Tx, a *store.Account, kind Sorting) (*Conversation, error) {
	today := DayKey(cs.Now)
	key := sortingKey{kind, a.ID, today}
	if c := cs.Get(cs.sorting[key]); c != nil {
		return c, nil
	}
	id, err := cs.TakeNumber(ctx, tx)
	if err != nil {
		return nil, err
	}

	c := &Conversation{
		Fresh:   true,
		Account: a,
		Threads: map[store.AccountID]*Thread{},
		Conversation: &store.Conversation{
			ID:                id,
			AccountID:         a.ID,
			TeamID:            a.TeamID,
			Kind:              store.KindAutomatic,
			Status:            string(bridge.StatusOpen),
			LastMessage:       store.LastMessage{LastAt: cs.Now},
			ConversationTimes: store.ConversationTimes{CreatedAt: cs.Now},
			Subject:           string(kind) + ", " + cs.Now.UTC().Format("Monday 2 January"), // the same day as DayKey
		},
	}
	switch kind {
	case SortingAutomatic:
		c.Day = &today
	case SortingCollected:
		c.Collects = &today
	}
	cs.Rows[id] = c
	cs.sorting[key] = id
	return c, nil
}

// noteSorting indexes a loaded conversation if it is a sorting thread.
func (cs *Conversations) noteSorting(c *Conversation) {
	if c.Kind == store.KindAutomatic && c.Day != nil {
		cs.sorting[sortingKey{SortingAutomatic, c.AccountID, *c.Day}] = c.ID
	}
	if c.Collects != nil {
		cs.sorting[sortingKey{SortingCollected, c.AccountID, *c.Collects}] = c.ID
	}
}
