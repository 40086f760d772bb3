package engine

import (
	"context"
	"sync"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

const (
	attendInterval = 20 * time.Second // between two calls for the same conversation
	attendTimeout  = 10 * time.Second // of one call
	maxAttended    = 1000             // conversations that are remembered
)

// Some customers' chats can show that somebody reads and writes ("typing …"). When an agent opens the form of a reply, the customer is
// shown that, at most once in attendInterval.

// attention remembers when a conversation's customer was last shown that somebody reads.
type attention struct {
	mu      sync.Mutex // guards last and open
	last    map[store.ConversationID]time.Time
	showing sync.WaitGroup // calls that are under way
	open    bool           // calls may begin: Engine.Run works, and waits for them before it returns
}

// beginIfDue notes that a customer is shown now that somebody reads, and returns true, unless that was done lately or Run doesn't work.
// If it returns true, the caller has to call showing.Done afterwards.
func (at *attention) beginIfDue(conversation store.ConversationID, now time.Time) bool {
	at.mu.Lock()
	defer at.mu.Unlock()

	if !at.open {
		return false
	}

	last, known := at.last[conversation]
	if known && now.Sub(last) < attendInterval {
		return false
	}
	if len(at.last) >= maxAttended {
		clear(at.last)
	}

	at.last[conversation] = now
	at.showing.Add(1)
	return true
}

func (at *attention) setOpen(yes bool) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.open = yes
}

// attend shows a conversation's customer that somebody reads and writes, if the channel can show that. It returns at once.
func (e *Engine) attend(conversation store.ConversationID) {
	if !e.attention.beginIfDue(conversation, time.Now()) { //nolint:forbidigo // only how long ago
		return
	}
	go func() {
		defer e.attention.showing.Done()
		ctx, cancel := context.WithTimeout(context.Background(), attendTimeout)
		defer cancel()
		if err := e.attendNow(ctx, conversation); err != nil {
			e.log.Debug("attention not shown", "conversation_id", conversation, "error", err)
		}
	}()
}

// attendNow calls the channel, unless the account is paused or on trial, or the conversation is over.
func (e *Engine) attendNow(ctx context.Context, conversation store.ConversationID) error {
	list, err := store.Conversations(ctx, e.pool, conversation)
	if err != nil || len(list) == 0 {
		return err
	}

	c := list[0]
	account := e.directory.Load().Account(c.AccountID)
	ch, ok := e.Channel(c.AccountID).(channels.Attendant)
	if !ok || account == nil {
		return nil
	}
	if account.Paused || account.Mode != store.ModeLive {
		return nil
	}
	if c.LastExternalID == "" || !bridge.Status(c.Status).Open() {
		return nil
	}

	to, _ := outbound.RecipientsOf(c.Participants)
	if len(to) == 0 {
		return nil
	}
	return ch.Attend(ctx, channels.Party{Key: to[0].Key, Name: to[0].Name}, c.LastExternalID)
}
