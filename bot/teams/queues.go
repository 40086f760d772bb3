package teams

import (
	"context"
	"slices"
	"sync"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
)

// Teams sends several requests at once. One of them may take longer to store, for example because its files are
// looked at. The requests of one thread must be stored in the order in which they came all the same: a text that was
// typed after a file must not reach the customer before it.

// queues keep the order of activities within each thread. The zero value can be used. Safe for concurrent use.
type queues struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{} // by fact.OrderKey, in the order of their coming: a channel is closed when its activity is first
}

// enter waits until all activities have left that entered the queue of this key before. The caller must call leave
// when it is done, also if enter returns an error.
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

// add puts an activity at the end of a queue. The channel that it returns is closed once it is the first there.
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

// remove takes an activity out of its queue, and lets the next one through if it was the first. An activity may also
// be removed from the middle because it has given up waiting.
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

// queueOf returns the key of the queue in which an activity waits: that of its thread. It is "" for activities that
// don't wait, which are all but messages, edits and deletions.
func queueOf(a *connector.Activity) string {
	switch a.Type {
	case connector.TypeMessage, connector.TypeMessageUpdate, connector.TypeMessageDelete:
		return fact.KeyOf(fact.PlaceOf(a))
	}
	return ""
}
