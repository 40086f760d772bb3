package graphfake

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// This file injects faults into calls. An example is ActionDropAfter, which handles the call but closes the connection
// instead of responding, so that the client can't know whether its message was sent.

// applyFaultsBefore injects the faults that take effect before the call is handled. It returns true if one of them has
// responded to the call.
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

// applyFaultsAfter injects the faults that take effect after the call was handled. It returns true if one of them has
// responded to the call.
func (c *call) applyFaultsAfter(ctx context.Context) bool {
	if _, ok := c.hits.find(ActionHookFirst); ok {
		_ = c.api.hooks.Settle(ctx) // it fails only if the client hangs up
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

// answerPage responds with an HTML page, as a gateway in front of the Graph API does.
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

// waitFor waits for the delay of the action's fault. It returns early if the faults are cleared or the client hangs up.
func (c *call) waitFor(ctx context.Context, a Action) {
	if f, ok := c.hits.find(a); ok {
		c.hits.Hold(f.Delay, ctx.Done(), nil)
	}
}
