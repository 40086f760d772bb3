package teams

import (
	"context"
	"slices"
	"sync"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
)

// queues let the activities of each thread be stored in the order in which they came, though one of them may need more
// time than the next: a text typed behind a file must not leave before it. The zero value can be used. Safe for concurrent use.
type queues struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{} // by fact.OrderKey, in the order of their coming: a channel is closed when its activity is first
}

// enter waits until all activities that came before in the same thread have left. leave must be called in any case.
// Errors: ctx's.
func (q *queues) enter(ctx context.Context, key string) (leave func(), err error) {
	first := q.add(key)
	leave = func() { q.remove(key, first) }
	select {
	case <-first:
		return leave, nil
	case <-ctx.Done():
		return leave, ctx.Err()
	}
}

// add puts an activity at the end of a thread's queue. It returns a channel that is closed when the activity is the first there.
func (q *queues) add(key string) chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == nil {
		q.waiting = map[string][]chan struct{}{}
	}
	first := make(chan struct{})
	if len(q.waiting[key]) == 0 {
		close(first)
	}
	q.waiting[key] = append(q.waiting[key], first)
	return first
}

// remove takes an activity out of a thread's queue, also one that has given up waiting in the middle of it: those behind it go on waiting
// for those before it.
func (q *queues) remove(key string, first chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.waiting[key]
	place := slices.Index(list, first)
	list = slices.Delete(list, place, place+1)
	if len(list) == 0 {
		delete(q.waiting, key)
		return
	}
	q.waiting[key] = list
	if place == 0 {
		close(list[0])
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
