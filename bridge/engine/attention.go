package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

const (
	attendEvery   = 20 * time.Second // for a conversation
	attendTimeout = 10 * time.Second
	mostAttended  = 1000 // conversations that are remembered
)

// attend shows a conversation's customer that somebody reads and writes, where the channel can
//
func (e *Engine) attend(conversation int64) {
	now := time.Now() //nolint:forbidigo // only how long ago
	e.mu.Lock()
	last, known := e.attended[conversation]
	again := !known || now.Sub(last) >= attendEvery
	if len(e.attended) >= mostAttended {
		clear(e.attended)
	}
	if again && e.running {
		e.attended[conversation] = now
		e.attending.Add(1)
	}
	again = again && e.running
	e.mu.Unlock()
	if !again {
		return
	}
	go func() {
		defer e.attending.Done()
		ctx, cancel := context.WithTimeout(context.Background(), attendTimeout)
		defer cancel()
		if err := e.attendNow(ctx, conversation); err != nil {
			e.log.Debug("attention not shown", "conversation_id", conversation, "error", err)
		}
	}()
}

func (e *Engine) attendNow(ctx context.Context, conversation int64) error {
	list, err := store.Conversations(ctx, e.pool, conversation)
	if err != nil || len(list) == 0 {
		return err
	}
	c := list[0]
	account := e.directory.Load().Account(c.AccountID)
	ch, ok := e.Channel(c.AccountID).(channels.Attendant)
	if !ok || account == nil || account.Paused || account.Mode != store.ModeLive || c.LastExternalID == "" || !bridge.Status(c.Status).Open() {
		return nil
	}
	to, _ := outbound.Addressed(c.Participants)
	if len(to) == 0 {
		return nil
	}
	return ch.Attend(ctx, channels.Party{Key: to[0].Key, Name: to[0].Name}, c.LastExternalID)
}
