package engine

import (
	"context"
	"sync"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

const (
	attendInterval = 20 * time.Second // minimum between two calls for the same conversation
	attendTimeout  = 10 * time.Second // of one call to the provider
	maxAttended    = 1000             // conversations that are remembered
)

// This file shows customers that an agent is typing, in chats that support it, such as WhatsApp. When an agent opens the reply form,
// the customer sees "typing …", at most once per attendInterval and conversation. This is best effort: failures are only logged.

// attention limits how often typing is shown in each conversation.
type attention struct {
	mu      sync.Mutex                         // guards last and open
	last    map[store.ConversationID]time.Time // when typing was last shown
	showing sync.WaitGroup                     // calls in flight; Engine.Run waits for them before it returns
	open    bool                               // Engine.Run is running, so new calls may begin
}

// beginIfDue reports whether typing should be shown now, and if so records it. It returns false if that was done within
// attendInterval, or if Engine.Run is not running. After true the caller must call showing.Done.
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

// attend shows a conversation's customer that an agent is typing, if the channel can show that. It doesn't block.
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

// attendNow calls the channel. It does nothing if the account is paused or on trial, or if the conversation is over.
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

	to, _ := RecipientsOf(c.Participants)
	if len(to) == 0 {
		return nil
	}
	return ch.Attend(ctx, channels.Party{Key: to[0].Key, Name: to[0].Name}, c.LastExternalID)
}
