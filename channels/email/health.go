package email

import "time"

// CaughtUpAt returns when this process last had fetched all new mail; zero = not yet.
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
