package engine

import (
	"crypto/rand"
	"fmt"

	"parley/store"
)

// Timer implements relay.Handler. It returns the fact that a timer becomes when it fires. The name of the fact decides what counts
// as the same firing:
//   - An evening list is named by its team and day, which its kind says: there is one a day.
//   - Any other timer gets a new name each time that it fires: it may have been set for the same time twice, after the clock went
//     ahead and was put right.
//
// Kinds that may have to wait have queues of their own, so that nothing else waits with them.
func (e *Engine) Timer(t store.Timer) store.NewEvent {
	f := Fact{Kind: t.Kind, Conversation: t.ConversationID, Due: t.DueAt}

	if _, isEvening := EveningTeam(t.Kind); isEvening {
		name := "timer:" + string(t.Kind)
		if IsEveningOver(t.DueAt, t.FiredAt) {
			name += ":missed" // nothing is posted: that day's list may still come, once the clock is put right
		}
		return f.Event(name)
	}

	if _, isCron := CronIn(t.Kind); isCron {
		return inQueue(f.Event("timer:"+string(t.Kind)), "cron")
	}
	name := fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro())
	event := f.Event(name + ":" + rand.Text())
	if name, _ := AutomationIn(t.Kind); name != "" {
		return inQueue(event, fmt.Sprintf("automation:%d", t.ConversationID))
	}
	switch t.Kind {
	case OwnReplying, OwnersLeft, Silence, AckDue, ReplyDue: // they may wait for a version of Parley that knows them
		return inQueue(event, fmt.Sprintf("%s:%d", t.Kind, t.ConversationID))
	}
	return event
}

// inQueue returns an own fact's event with another order key, so that it has a queue of its own.
func inQueue(event store.NewEvent, key string) store.NewEvent {
	event.OrderKey = store.OrderKey(store.SystemAccount, key)
	return event
}
