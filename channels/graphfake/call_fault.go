package graphfake

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// before lets faults strike that keep a call from having an effect, and reports whether one
// did.
func (c *call) before(ctx context.Context) bool {
	c.pause(ctx, ActionDelay)
	if _, ok := c.hits.find(ActionDropBefore); ok {
		panic(http.ErrAbortHandler)
	}
	if f, ok := c.hits.find(ActionStatus); ok {
		c.page(f)
		return true
	}
	if f, ok := c.hits.find(ActionError); ok {
		c.retryAfter(f)
		c.fail(ctx, &APIError{Status: f.Status, Code: f.Code, Subcode: f.Subcode, Message: "Injected: " + f.Text, Details: f.Text})
		return true
	}
	return false
}

// after lets faults strike when the work is done, and reports whether one answered.
func (c *call) after(ctx context.Context) bool {
	if _, ok := c.hits.find(ActionHookFirst); ok {
		_ = c.api.hooks.Settle(ctx)
	}
	c.pause(ctx, ActionDelayAfter)
	if _, ok := c.hits.find(ActionDropAfter); ok {
		panic(http.ErrAbortHandler)
	}
	if f, ok := c.hits.find(ActionStatusAfter); ok {
		c.page(f)
		return true
	}
	return false
}

// page answers as a gateway does.
func (c *call) page(f Fault) {
	c.req.Status = f.Status
	if c.req.Status == 0 {
		c.req.Status = http.StatusBadGateway
	}
	c.retryAfter(f)
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.WriteHeader(c.req.Status)
	_, _ = fmt.Fprintf(c.w, "<html><body><h1>%d</h1></body></html>", c.req.Status)
}

func (c *call) retryAfter(f Fault) {
	if f.RetryAfter > 0 {
		c.w.Header().Set("Retry-After", strconv.FormatFloat(f.RetryAfter.Seconds(), 'f', -1, 64))
	}
}

// pause waits as long as the action's fault says, but never longer than the faults stay
// armed and the caller waits.
func (c *call) pause(ctx context.Context, a Action) {
	if f, ok := c.hits.find(a); ok {
		c.hits.Hold(f.Delay, ctx.Done(), nil)
	}
}
