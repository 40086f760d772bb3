package teams

import (
	"context"
	"slices"
	"sync"
)

// Teams sends several requests at the same time. Each has an activity, such as a message. One may take longer to store
// than others, for example because its files are inspected. But the activities of one thread must be stored in the
// order in which they arrived: a text that was typed after a file must not reach the customer before the file. So each
// activity waits in the queue of its thread until the earlier ones are stored.

// Queues is a set of FIFO queues, one for each thread. The zero value is ready to use. Safe for concurrent use.
type Queues struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{} // by thread; an activity's channel is closed when the activity is first
}

// Enter waits until all activities that entered the queue of key earlier have left it. The caller must call leave when
// it is done, also if enter returns an error.
// Errors: ctx's.
func (q *Queues) Enter(ctx context.Context, key string) (leave func(), err error) {
	first := q.add(key)
	leave = func() { q.remove(key, first) }
	select {
	case <-first:
		return leave, nil
	case <-ctx.Done():
		return leave, ctx.Err()
	}
}

// add appends an activity to a queue. The returned channel is closed when the activity is first in the queue.
func (q *Queues) add(key string) chan struct{} {
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

// remove removes an activity from its queue. If it was first, the next one becomes first. An activity that gave up
// waiting may be anywhere in the queue.
func (q *Queues) remove(key string, first chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.waiting[key]
	index := slices.Index(list, first)
	list = slices.Delete(list, index, index+1)
	if len(list) == 0 {
		delete(q.waiting, key)
		return
	}
	q.waiting[key] = list
	if index == 0 {
		close(list[0])
	}
}
