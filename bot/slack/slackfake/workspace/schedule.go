package workspace

import (
	"container/heap"
	"time"
)

// Some things happen later by Slack's clock: a retry of an event, a file that is shown after a delay. A
// Schedule keeps them, and one goroutine runs each when it is due. A test can move the clock, which makes tasks
// due early.

// pollEvery is how often due tasks are looked for if the clock is a test's, which may jump.
const pollEvery = 10 * time.Millisecond

// Schedule holds tasks that are due later. The lock, Ground.Mu, guards it.
type Schedule struct {
	*Ground
	tasks taskHeap      // the next one first
	seq   int64         // number of tasks made; keeps tasks of the same time in order
	wake  chan struct{} // signals RunSchedule that a task was added
	poll  bool          // the clock may jump: look at due times every pollEvery
}

// NewSchedule makes an empty schedule. poll means that the clock may jump, so that due times have to be looked
// at often.
func NewSchedule(g *Ground, poll bool) *Schedule {
	return &Schedule{Ground: g, wake: make(chan struct{}, 1), poll: poll}
}

// Reset forgets what was due. Caller holds the lock.
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

// After has f run, without the lock, once d has passed by Slack's clock. The caller holds the lock.
func (s *Schedule) After(d time.Duration, f func()) {
	s.seq++
	heap.Push(&s.tasks, &task{at: s.Now().Add(d), seq: s.seq, run: f})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// RunSchedule is the one goroutine that runs due tasks; it ends with the server.
func (s *Schedule) RunSchedule() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next := s.runDue()
		timer.Reset(next)
		select {
		case <-s.Ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// runDue runs what is due and returns how long to wait for the rest.
func (s *Schedule) runDue() time.Duration {
	for {
		s.Mu.Lock()

		if len(s.tasks) == 0 {
			s.Mu.Unlock()
			return time.Hour
		}

		wait := s.tasks[0].at.Sub(s.Now())
		if wait > 0 {
			s.Mu.Unlock()
			if s.poll {
				wait = min(wait, pollEvery)
			}
			return wait
		}

		t := heap.Pop(&s.tasks).(*task)
		s.Mu.Unlock()
		t.run()
	}
}
