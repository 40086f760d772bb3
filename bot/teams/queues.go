package teams

import (
	"context"
	"sync"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
)

// queues let the activities of each thread be stored in the order in which they came, though one of them may need more
// time than the next: a text typed behind a file must not leave before it. The zero value can be used. Safe for concurrent use.
type queues struct {
	mu   sync.Mutex
	last map[string]chan struct{} // by fact.OrderKey: closed when the last activity in the queue has left it
}

// enter waits until all activities that came before in the same thread have left. leave must be called in any case.
// Errors: ctx's.
func (q *queues) enter(ctx context.Context, key string) (leave func(), err error) {
	own := make(chan struct{})
	q.mu.Lock()
	before := q.last[key]
	if q.last == nil {
		q.last = map[string]chan struct{}{}
	}
	q.last[key] = own
	q.mu.Unlock()

	leave = func() {
		q.mu.Lock()
		if q.last[key] == own {
			delete(q.last, key)
		}
		q.mu.Unlock()
		close(own)
	}

	if before == nil {
		return leave, nil
	}

	select {
	case <-before:
		return leave, nil
	case <-ctx.Done():
		return leave, ctx.Err()
	}
}

// queueOf returns the key of the queue of an activity: that of its thread if the activity is a message, an edit or a
// deletion; "" for others, which don't wait.
func queueOf(a *connector.Activity) string {
	switch a.Type {
	case connector.TypeMessage, connector.TypeMessageUpdate, connector.TypeMessageDelete:
		return fact.KeyOf(fact.PlaceOf(a))
	}
	return ""
}
