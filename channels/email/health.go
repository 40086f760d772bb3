package email

import "time"

// CaughtUpAt says when everything in the mailbox had last been fetched; zero = not yet by
// this process.
func (c *Channel) CaughtUpAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caughtUp
}

func (c *Channel) noteCaughtUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caughtUp = c.env.Now()
}
