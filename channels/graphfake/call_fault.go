package graphfake

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// applyFaultsBefore plays the faults that come before a call has any effect. It returns true if one of them has answered the call.
func (c *call) applyFaultsBefore(ctx context.Context) bool {
	c.waitFor(ctx, ActionDelay)
	if _, ok := c.hits.find(ActionDropBefore); ok {
		panic(http.ErrAbortHandler)
	}
	if f, ok := c.hits.find(ActionStatus); ok {
		c.answerPage(f)
		return true
	}

	if f, ok := c.hits.find(ActionError); ok {
		c.retryAfter(f)
		c.fail(ctx, &APIError{Status: f.Status, Code: f.Code, Subcode: f.Subcode, Message: "Injected: " + f.Text, Details: f.Text})
		return true
	}

	return false
}

// applyFaultsAfter plays the faults that come when the work is done. It returns true if one of them has answered the call.
func (c *call) applyFaultsAfter(ctx context.Context) bool {
	if _, ok := c.hits.find(ActionHookFirst); ok {
		_ = c.api.hooks.Settle(ctx) // it fails if the caller hangs up: then nobody reads the answer
	}
	c.waitFor(ctx, ActionDelayAfter)
	if _, ok := c.hits.find(ActionDropAfter); ok {
		panic(http.ErrAbortHandler)
	}
	if f, ok := c.hits.find(ActionStatusAfter); ok {
		c.answerPage(f)
		return true
	}
	return false
}

// answerPage answers as a gateway does.
func (c *call) answerPage(f Fault) {
	c.req.Status = cmp.Or(f.Status, http.StatusBadGateway)
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

// waitFor waits as long as the action's fault says, but never longer than the faults stay armed and the caller waits.
func (c *call) waitFor(ctx context.Context, a Action) {
	if f, ok := c.hits.find(a); ok {
		c.hits.Hold(f.Delay, ctx.Done(), nil)
	}
}
