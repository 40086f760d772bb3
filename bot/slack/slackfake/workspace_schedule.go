package slackfake

import (
	"container/heap"
	"time"
)

// pollInterval is how often the schedule checks for due tasks if a test controls the clock.
const pollInterval = 10 * time.Millisecond

// Schedule runs tasks at a later time of Slack's clock, such as the retry of an event or the delayed message of
// an uploaded file. One goroutine, RunSchedule, runs them one after the other in the order in which they are
// due. A test can move the clock forward to make tasks due at once. The lock, Ground.Mu, guards the fields.
type Schedule struct {
	*Ground
	tasks taskHeap      // the next task first
	seq   int64         // number of tasks so far; keeps tasks with the same time in order
	wake  chan struct{} // tells RunSchedule that a task was added
	poll  bool          // the clock may jump, so check for due tasks every pollInterval
}

// NewSchedule returns an empty schedule. poll must be set if the clock may jump.
func NewSchedule(g *Ground, poll bool) *Schedule {
	return &Schedule{Ground: g, wake: make(chan struct{}, 1), poll: poll}
}

// Reset removes all tasks. The caller holds the lock.
func (s *Schedule) Reset() { s.tasks = nil }

// task is a function to run at a time.
type task struct {
	at  time.Time
	seq int64
	run func() // called without the lock
}

type taskHeap []*task

func (h taskHeap) Len() int { return len(h) }
func (h taskHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h taskHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *taskHeap) Push(x any)   { *h = append(*h, x.(*task)) }
func (h *taskHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return x
}

// After schedules run to be called, without the lock, after the delay. The caller of After holds the lock.
func (s *Schedule) After(delay time.Duration, run func()) {
	s.seq++
	heap.Push(&s.tasks, &task{at: s.Now().Add(delay), seq: s.seq, run: run})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// RunSchedule runs due tasks until the server is closed.
func (s *Schedule) RunSchedule() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.runDue())
		select {
		case <-s.Ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// runDue runs all due tasks and returns how long to wait before the next call.
func (s *Schedule) runDue() time.Duration {
	for {
		due, wait := s.takeDue()
		if due == nil {
			return wait
		}
		due.run()
	}
}

// takeDue removes the next task if it is due. Otherwise it returns nil and how long to wait.
func (s *Schedule) takeDue() (due *task, wait time.Duration) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if len(s.tasks) == 0 {
		return nil, time.Hour
	}

	wait = s.tasks[0].at.Sub(s.Now())
	if wait <= 0 {
		return heap.Pop(&s.tasks).(*task), 0
	}
	if s.poll {
		wait = min(wait, pollInterval)
	}
	return nil, wait
}
