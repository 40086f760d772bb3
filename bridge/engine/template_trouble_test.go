package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// handing is a channel that does something before it hands in a template.
type handing struct {
	*channelstest.TemplateChannel
	before func()
}

// SubmitTemplate implements channels.Templater.
func (h handing) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	h.before()
	return h.TemplateChannel.SubmitTemplate(ctx, t)
}

// handsIn makes a world whose chat does something before it hands in a template.
func handsIn(t *testing.T, before func()) *world {
	t.Helper()
	w := newWorld(t, templating(options{stopped: true}))
	e, id := w.engines[0], w.accounts[chat]
	env := channels.Env{Accept: func(ctx context.Context, facts ...channels.Fact) error { return e.Accept(ctx, id, facts...) }}
	e.SetChannel(id, handing{channelstest.NewTemplating(w.provider, secret, w.capsOf(chat), env), before})
	return w
}

// A channel that panics over a template ends neither the process nor what else it does; the
// template is handed in later.
func TestPanicOverATemplate(t *testing.T) {
	t.Parallel()
	var well atomic.Bool
	w := handsIn(t, func() {
		if !well.Load() {
			panic("boom")
		}
	})
	w.template(chat, nil)
	w.start()
	w.eventually("it is given back", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE tries = 1 AND leased_until IS NULL`) == 1
	})
	w.opened()
	well.Store(true)
	w.advance(2 * time.Minute)
	w.eventually("it is handed in", func() bool { return len(w.provider.Templates()) == 1 })
}

// A claim lasts as long as one call may take: no process takes more templates than it is about
// to hand in.
func TestTemplatesAreClaimedOneByOne(t *testing.T) {
	t.Parallel()
	calls, release := make(chan struct{}, 2), make(chan struct{})
	w := handsIn(t, func() {
		calls <- struct{}{}
		<-release
	})
	for _, name := range []string{"First", "Second"} {
		w.template(chat, func(d *bridge.Template) { d.Name = name })
	}
	w.start()
	<-calls
	if n := w.count(`SELECT count(*) FROM templates WHERE leased_until IS NOT NULL`); n != 1 {
		t.Errorf("%d templates are claimed", n)
	}
	close(release)
	w.eventually("both are handed in", func() bool { return len(w.provider.Templates()) == 2 })
}
