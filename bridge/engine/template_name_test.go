package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// throttling is a channel whose provider is asked too often to take a template, once.
type throttling struct {
	*channelstest.TemplateChannel
	fails *atomic.Bool
}

func (c throttling) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	if c.fails.CompareAndSwap(true, false) {
		return channels.TemplateState{}, &channels.SendError{Class: channels.Throttled, Text: "Too many calls."}
	}
	return c.TemplateChannel.SubmitTemplate(ctx, t)
}

// A template that the provider surely didn't take has made nothing: what somebody else makes of its name meanwhile stays.
func TestTemplateThrottledBeforeAnotherProgramsCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{stopped: true}))
	channel := throttling{channelstest.NewTemplating(w.provider, secret, w.capsOf(chat), channels.Env{}), &atomic.Bool{}}
	channel.fails.Store(true)
	w.engines[0].SetChannel(w.accounts[chat], channel)
	id := w.saveTemplate(chat, nil)
	w.start()
	w.eventually("it is to be tried again", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE tries = 1 AND leased_until IS NULL`) == 1
	})
	w.provider.AddTemplate(channelstest.Template{Name: "order_update", Language: "en", Body: "Somebody else's", Status: "approved"})
	w.advance(2 * time.Minute)
	w.waitTemplateRefused(id, "that Parley didn't make")
	wantEqual(t, "words at the provider", w.provider.Templates()[0].Body, "Somebody else's")
}
