package sweep

import "sync"

// Compared remembers which threads were compared with what is stored, and up to which reply. Without it a thread whose
// newest reply is a post of ours that the desk doesn't know would be read in each pass. The zero value remembers nothing.
type Compared struct {
	mu     sync.Mutex
	latest map[string]string // the newest reply of a thread when it was compared
}

// Known reports whether a thread was compared when latest was its newest reply.
func (c *Compared) Known(thread, latest string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest[thread] == latest
}

// Note remembers that a thread was compared when latest was its newest reply. It forgets all others when they become
// too many: those are read once more.
func (c *Compared) Note(thread, latest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest == nil || len(c.latest) > 100_000 {
		c.latest = map[string]string{}
	}
	c.latest[thread] = latest
}
