package engine_test

import (
	"context"
	"slices"
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

func (h handing) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	h.before()
	return h.TemplateChannel.SubmitTemplate(ctx, t)
}

// newWorldHandingIn makes a world, which doesn't run yet, whose chat-like account does something before it hands in a template.
func newWorldHandingIn(t *testing.T, before func()) *world {
	t.Helper()
	w := newWorld(t, withTemplates(options{stopped: true}))
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
	w := newWorldHandingIn(t, func() {
		if !well.Load() {
			panic("boom")
		}
	})
	w.saveTemplate(chat, nil)
	w.start()
	w.eventually("it is given back", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE tries = 1 AND leased_until IS NULL`) == 1
	})
	w.openThread()
	well.Store(true)
	w.advance(2 * time.Minute)
	w.eventually("it is handed in", func() bool { return len(w.provider.Templates()) == 1 })
}

// A claim lasts as long as one call may take: no process takes more templates than it is about
// to hand in.
func TestTemplatesAreClaimedOneByOne(t *testing.T) {
	t.Parallel()
	calls, release := make(chan struct{}, 2), make(chan struct{})
	w := newWorldHandingIn(t, func() {
		calls <- struct{}{}
		<-release
	})
	for _, name := range []string{"First", "Second"} {
		w.saveTemplate(chat, func(d *bridge.Template) { d.Name = name })
	}
	w.start()
	<-calls
	if n := w.count(`SELECT count(*) FROM templates WHERE leased_until IS NOT NULL`); n != 1 {
		t.Errorf("%d templates are claimed, want 1", n)
	}
	close(release)
	w.eventually("both are handed in", func() bool { return len(w.provider.Templates()) == 2 })
}

// stumbling is a channel of which one call fails once: handing in a template, or asking for the list after a refusal.
type stumbling struct {
	*channelstest.TemplateChannel
	failsHandingIn, failsListing *atomic.Bool // whether the next call of the kind fails
	refused                      *atomic.Bool // whether the last template was
}

func (s stumbling) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	if s.failsHandingIn.CompareAndSwap(true, false) {
		return channels.TemplateState{}, &channels.SendError{Class: channels.Retry, Text: "The provider stumbled."}
	}
	state, err := s.TemplateChannel.SubmitTemplate(ctx, t)
	s.refused.Store(err != nil)
	return state, err
}

func (s stumbling) ListTemplates(ctx context.Context) ([]channels.TemplateState, error) {
	if s.refused.Load() && s.failsListing.CompareAndSwap(true, false) {
		return nil, &channels.SendError{Class: channels.Retry, Text: "The provider stumbled."}
	}
	return s.TemplateChannel.ListTemplates(ctx)
}

// Two numbers of one business submit templates of one name with different words. The provider refuses the second one, whichever call
// fails meanwhile, and the first number keeps its template as it is.
func TestTemplateOfAnotherAccountStays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failsHandingIn, failsListing bool
		isReviewed                   bool // the first number's template
	}{
		"handing in fails": {failsHandingIn: true, isReviewed: true},
		"handing in fails while the first is in review": {failsHandingIn: true},
		"the list fails": {failsListing: true, isReviewed: true},
		"the list fails while the first is in review": {failsListing: true},
		"handing in fails, and then the list":         {failsHandingIn: true, failsListing: true, isReviewed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Templates = true }})
			w.openThread()
			first := w.saveTemplate(chat, nil)
			w.eventually("the first is known", func() bool {
				return w.count(`SELECT count(*) FROM templates WHERE id = $1 AND todo = '' AND external_id <> ''`, first) == 1
			})
			if tt.isReviewed {
				w.decideTemplate("order_update", channels.TemplateApproved, "")
				w.waitTemplateStatus(first, "approved")
			}
			status, atProvider := w.text(`SELECT status FROM templates WHERE id = $1`, first), w.provider.Templates()

			second := stumbling{
				TemplateChannel: channelstest.NewTemplating(w.provider, secret, w.capsOf(mail), channels.Env{}),
				failsHandingIn:  &atomic.Bool{}, failsListing: &atomic.Bool{}, refused: &atomic.Bool{},
			}
			second.failsHandingIn.Store(tt.failsHandingIn)
			second.failsListing.Store(tt.failsListing)
			w.engines[0].SetChannel(w.accounts[mail], second)
			refused := w.saveTemplate(mail, func(d *bridge.Template) { d.Body = "Hello {{first_name}}, quote {{quote_number}} has other words." })
			w.eventually("it was tried", func() bool {
				return w.count(`SELECT count(*) FROM templates WHERE id = $1 AND leased_until IS NULL AND (tries = 1 OR todo = '')`, refused) == 1
			})
			w.advance(2 * time.Minute)
			w.eventually("it is done", func() bool {
				return w.count(`SELECT count(*) FROM templates WHERE id = $1 AND todo = ''`, refused) == 1
			})
			if got := w.provider.Templates(); !slices.Equal(got, atProvider) {
				t.Fatalf("the provider has %+v, want %+v", got, atProvider)
			}

			w.waitTemplateStatus(refused, "rejected")
			w.waitDrained()
			w.waitTemplateStatus(first, status)
			wantEqual(t, "templates, one of each account", w.count(`SELECT count(DISTINCT external_id) FROM templates`), 2)
		})
	}
}
