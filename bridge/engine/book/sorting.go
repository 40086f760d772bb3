package book

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Sorting is a kind of thread that is no conversation: agents sort an account's mails of one day in it.
type Sorting string

// Kinds of sorting threads, by the beginning of their subject.
const (
	SortingAutomatic Sorting = "Automatic mail"              // automatic mails that answer nobody's conversation
	SortingCollected Sorting = "Very many new conversations" // mails that exceed their sender's limit (Openings)
)

// sortingKey identifies a sorting thread.
type sortingKey struct {
	kind    Sorting
	account store.AccountID
	day     string // see DayKey
}

// SortingThread returns an account's sorting thread of today. If there is none, it makes it.
// Errors: the database's.
func (cs *Conversations) SortingThread(ctx context.Context, tx pgx.Tx, a *store.Account, kind Sorting) (*Conversation, error) {
	today := DayKey(cs.Now)
	k := sortingKey{kind, a.ID, today}
	if c := cs.Rows[cs.sorting[k]]; c != nil {
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
			ID:        id,
			AccountID: a.ID,
			TeamID:    a.TeamID,
			Kind:      store.KindAutomatic,
			Status:    string(bridge.StatusOpen),
			LastAt:    cs.Now,
			CreatedAt: cs.Now,
			Subject:   string(kind) + ", " + cs.Now.UTC().Format("Monday 2 January"), // the day of Day, too
		},
	}
	switch kind {
	case SortingAutomatic:
		c.Day = &today
	case SortingCollected:
		c.Collects = &today
	}
	cs.Rows[id] = c
	cs.sorting[k] = id
	return c, nil
}

// noteSorting notes a loaded conversation if it is a sorting thread.
func (cs *Conversations) noteSorting(c *Conversation) {
	if c.Kind == store.KindAutomatic && c.Day != nil {
		cs.sorting[sortingKey{SortingAutomatic, c.AccountID, *c.Day}] = c.ID
	}
	if c.Collects != nil {
		cs.sorting[sortingKey{SortingCollected, c.AccountID, *c.Collects}] = c.ID
	}
}
