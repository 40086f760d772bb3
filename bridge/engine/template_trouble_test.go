package engine_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
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
	storetest.Receive(t, calls, "a template is handed in")
	if n := w.count(`SELECT count(*) FROM templates WHERE leased_until IS NOT NULL`); n != 1 {
		t.Errorf("%d templates are claimed, want 1", n)
	}
	close(release)
	w.eventually("both are handed in", func() bool { return len(w.provider.Templates()) == 2 })
}

// stumbling is a channel that fails once to list the provider's templates.
type stumbling struct {
	*channelstest.TemplateChannel
	fails *atomic.Bool
}

func (s stumbling) ListTemplates(ctx context.Context) ([]channels.TemplateState, error) {
	if s.fails.CompareAndSwap(true, false) {
		return nil, &channels.SendError{Class: channels.Retry, Text: "The provider stumbled."}
	}
	return s.TemplateChannel.ListTemplates(ctx)
}

// waitTemplateKnown waits until the provider has taken a template, and its id is known.
func (w *world) waitTemplateKnown(id store.TemplateID) {
	w.t.Helper()
	w.eventually("the template's id is known", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE id = $1 AND todo = '' AND external_id <> ''`, id) == 1
	})
}

// waitTemplateRefused waits until a template is refused, and checks the reason that is shown.
func (w *world) waitTemplateRefused(id store.TemplateID, wantReason string) {
	w.t.Helper()
	w.waitTemplateStatus(id, "rejected")
	wantWords(w.t, "the reason", w.text(`SELECT reason FROM templates WHERE id = $1`, id), wantReason)
}

// Two numbers of one business submit templates of one name with different words. The second one is refused, also if the provider
// stumbles meanwhile, and the first number keeps its template as it is.
func TestTemplateOfAnotherAccountStays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		stumbles   bool
		isReviewed bool // the first number's template
	}{
		{name: "reviewed", isReviewed: true},
		{name: "in review"},
		{name: "reviewed, and the provider stumbles", isReviewed: true, stumbles: true},
		{name: "in review, and the provider stumbles", stumbles: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Templates = true }})
			w.openThread()
			first := w.saveTemplate(chat, nil)
			w.waitTemplateKnown(first)
			if tt.isReviewed {
				w.decideTemplate("order_update", channels.TemplateApproved, "")
				w.waitTemplateStatus(first, "approved")
			}
			status, atProvider := w.text(`SELECT status FROM templates WHERE id = $1`, first), w.provider.Templates()

			second := stumbling{channelstest.NewTemplating(w.provider, secret, w.capsOf(mail), channels.Env{}), &atomic.Bool{}}
			second.fails.Store(tt.stumbles)
			w.engines[0].SetChannel(w.accounts[mail], second)
			refused := w.saveTemplate(mail, func(d *bridge.Template) { d.Body = "Hello {{first_name}}, quote {{quote_number}} has other words." })
			w.eventually("it was tried", func() bool {
				return w.count(`SELECT count(*) FROM templates WHERE id = $1 AND leased_until IS NULL AND (tries = 1 OR todo = '')`, refused) == 1
			})
			w.advance(2 * time.Minute)

			w.waitTemplateRefused(refused, "Another account of this business has a template of this name")
			w.waitDrained()
			w.waitTemplateStatus(first, status)
			if got := w.provider.Templates(); !slices.Equal(got, atProvider) {
				t.Errorf("the provider has %+v, want %+v", got, atProvider)
			}
			wantEqual(t, "templates, one of each account", w.count(`SELECT count(DISTINCT external_id) FROM templates`), 2)
		})
	}
}

// A template that somebody else made at the provider stays as it is: one of the same name is refused, however often it is saved.
func TestTemplateOfAnotherProgramStays(t *testing.T) {
	t.Parallel()
	for _, status := range []channels.TemplateStatus{channels.TemplateApproved, channels.TemplatePending, channels.TemplateRejected,
		channels.TemplateDraft} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withTemplates(options{}))
			w.openThread()
			w.provider.AddTemplate(channelstest.Template{Name: "order_update", Language: "en", Body: "Somebody else's", Status: string(status)})
			atProvider := w.provider.Templates()
			for range 2 {
				id := w.saveTemplate(chat, nil)
				w.eventually("it was tried", func() bool { return w.count(`SELECT count(*) FROM templates WHERE todo = ''`) == 1 })
				w.waitTemplateRefused(id, "that Parley didn't make")
			}
			if got := w.provider.Templates(); !slices.Equal(got, atProvider) {
				t.Errorf("the provider has %+v, want %+v", got, atProvider)
			}
		})
	}
}

// A template that was refused for its words has made nothing: what somebody else makes of its name afterwards stays.
func TestTemplateRefusedBeforeAnotherProgramsCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	w.openThread()
	id := w.saveTemplate(chat, func(d *bridge.Template) { d.Body = "Something forbidden here." })
	w.waitTemplateRefused(id, "against the rules")
	w.provider.AddTemplate(channelstest.Template{Name: "order_update", Language: "en", Body: "Somebody else's", Status: "approved"})
	w.saveTemplate(chat, nil)
	w.waitTemplateRefused(id, "that Parley didn't make")
	wantEqual(t, "words at the provider", w.provider.Templates()[0].Body, "Somebody else's")
}

// newWorldThatLostATemplate makes a world whose provider has made a template of which Parley got no answer yet.
func newWorldThatLostATemplate(t *testing.T) (w *world, id store.TemplateID) {
	t.Helper()
	w = newWorld(t, withTemplates(options{stopped: true}))
	w.provider.LoseTemplateAnswers(1)
	id = w.saveTemplate(chat, nil)
	w.start()
	w.openThread()
	w.eventually("it is to be tried again", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE tries = 1 AND leased_until IS NULL`) == 1
	})
	wantEqual(t, "templates at the provider", len(w.provider.Templates()), 1)
	return w, id
}

// A template that was changed after the answer of an earlier attempt was lost is changed at the provider, too, once that has reviewed
// what it has.
func TestTemplateChangedAfterALostAnswer(t *testing.T) {
	t.Parallel()
	w, id := newWorldThatLostATemplate(t)
	w.saveTemplate(chat, func(d *bridge.Template) { d.Body = "Hello {{first_name}}, it is {{quote_number}} now." })
	w.eventually("it waits", func() bool { return strings.Contains(w.text(`SELECT reason FROM templates`), "still reviews") })
	w.provider.Decide("order_update", func(t *channelstest.Template) { t.Status = "approved" })
	w.advance(11 * time.Minute)
	w.waitTemplateKnown(id)
	got := w.provider.Templates()
	if len(got) != 1 || !strings.HasSuffix(got[0].Body, "now.") {
		t.Errorf("the provider has %+v, want one template, as it was changed", got)
	}
}

// A template that is deleted after the answer to handing it in was lost is deleted at the provider, too.
func TestTemplateDeletedAfterALostAnswer(t *testing.T) {
	t.Parallel()
	w, id := newWorldThatLostATemplate(t)
	check(t, store.RetireTemplate(t.Context(), w.pool, id))
	w.eventually("it is gone here", func() bool { return w.count(`SELECT count(*) FROM templates`) == 0 })
	wantEqual(t, "templates at the provider", len(w.provider.Templates()), 0)
}

// While one number of a business doesn't know yet that its template was made, the other one waits, and then takes it for its own.
func TestTemplateOfTwoAccountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Templates = true }, stopped: true})
	w.provider.LoseTemplateAnswers(1)
	first := w.saveTemplate(chat, nil)
	w.start()
	w.eventually("the first is to be tried again", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE id = $1 AND tries = 1 AND leased_until IS NULL`, first) == 1
	})
	second := w.saveTemplate(mail, nil)
	w.eventually("the second waits", func() bool {
		return strings.Contains(w.text(`SELECT reason FROM templates WHERE id = $1`, second), "Another account hands in")
	})
	w.advance(2 * time.Minute)
	w.waitTemplateKnown(first)
	w.advance(5 * time.Minute)
	w.waitTemplateKnown(second)
	wantEqual(t, "templates at the provider", len(w.provider.Templates()), 1)
}
