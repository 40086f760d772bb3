package forms

import "sync"

// maxCompared bounds how many threads are remembered.
const maxCompared = 100_000

// Compared remembers which threads were compared with what is stored, and up to which reply, so that a pass over a chat's
// history needn't read them again. Otherwise a thread whose newest reply is never stored, such as a post of ours that the
// engine doesn't know, would be read in each pass. The zero value remembers nothing.
type Compared struct {
	mu     sync.Mutex
	latest map[string]string // by thread: its newest reply when it was compared
}

// WasCompared reports whether a thread was compared when latest was its newest reply.
func (c *Compared) WasCompared(thread, latest string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest[thread] == latest
}

// Note remembers that a thread was compared when latest was its newest reply. If there are too many threads, it forgets all
// others.
func (c *Compared) Note(thread, latest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest == nil || len(c.latest) > maxCompared {
		c.latest = map[string]string{}
	}
	c.latest[thread] = latest
}

// Forget forgets all threads.
func (c *Compared) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest = nil
}
