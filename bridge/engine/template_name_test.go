package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
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

// A template that gets another name here, or moves to another number of the same business, is the same one at the provider, in
// whichever order it is deleted and handed in. If it says something else, it is changed there.
func TestTemplateHandedOver(t *testing.T) {
	t.Parallel()
	const before, after = "Hello {{first_name}}, your quote {{quote_number}} is ready.", "Hello {{first_name}}, it is {{quote_number}} now."
	tests := []struct {
		name    string
		account string
		body    string
		first   string // what the provider is told of first: store.TodoSubmit or store.TodoDelete
	}{
		{name: "renamed, deleted first", account: chat, body: before, first: store.TodoDelete},
		{name: "renamed, handed in first", account: chat, body: before, first: store.TodoSubmit},
		{name: "moved to another number", account: mail, body: before, first: store.TodoDelete},
		{name: "renamed and changed, deleted first", account: chat, body: after, first: store.TodoDelete},
		{name: "renamed and changed, handed in first", account: chat, body: after, first: store.TodoSubmit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Templates = true }})
			w.openThread()
			old := w.saveTemplate(chat, nil)
			w.waitTemplateKnown(old)
			w.decideTemplate("order_update", channels.TemplateApproved, "")
			w.waitTemplateStatus(old, "approved")
			external := w.provider.Templates()[0].ID

			renamed := bridge.TemplateRow(bridge.Template{
				Name:     "New name",
				Language: "en",
				Category: "utility",
				Uses:     []string{bridge.TemplateReply},
				Body:     tt.body,
			})
			renamed.AccountID, renamed.ProviderName = w.accounts[tt.account], "order_update"
			tx := storetest.Begin(t, w.pool)
			id := must(store.SaveTemplate(t.Context(), tx, renamed, true))(t)
			check(t, store.RetireTemplate(t.Context(), tx, old))
			_ = must(tx.Exec(t.Context(), `UPDATE templates SET todo_at = todo_at - interval '1 second' WHERE todo = $1`, tt.first))(t)
			check(t, tx.Commit(t.Context()))

			w.waitTemplateKnown(id)
			w.advance(2 * time.Minute)
			w.eventually("the old one is gone here", func() bool { return w.count(`SELECT count(*) FROM templates`) == 1 })
			got := w.provider.Templates()
			if len(got) != 1 || got[0].ID != external || got[0].Body != tt.body {
				t.Errorf("the provider has %+v, want one template %s that says %q", got, external, tt.body)
			}
		})
	}
}

// A template that two numbers of a business share is changed at the provider once both have the new words: until then, the other number's
// agents see the old ones.
func TestSharedTemplateIsChangedForBoth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Templates = true }})
	w.openThread()
	first := w.saveTemplate(chat, nil)
	w.waitTemplateKnown(first)
	second := w.saveTemplate(mail, nil)
	w.waitTemplateKnown(second)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(second, "approved")
	before := w.provider.Templates()[0].Body

	inOtherWords := func(d *bridge.Template) { d.Body = "Quote {{quote_number}} is for {{first_name}}." }
	w.saveTemplate(chat, inOtherWords)
	w.waitTemplateRefused(first, "Also the account "+mail+" has this template with other words")
	wantEqual(t, "words at the provider", w.provider.Templates()[0].Body, before)
	w.waitTemplateStatus(second, "approved")

	w.saveTemplate(mail, inOtherWords)
	w.waitTemplateKnown(second)
	w.saveTemplate(chat, inOtherWords)
	w.waitTemplateKnown(first)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(first, "approved")
	w.waitTemplateStatus(second, "approved")
	wantEqual(t, "templates at the provider", len(w.provider.Templates()), 1)
}

// A verdict that comes long after it was given may be older than what is known: the provider's list is asked instead.
func TestTemplateVerdictComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	w.openThread()
	id := w.saveTemplate(chat, nil)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	late := w.provider.Templates()[0]
	late.Status = "rejected"
	w.provider.Decide("order_update", func(t *channelstest.Template) { t.Status = "paused" })
	w.postChatEvent(channelstest.Event{Type: "template", ID: "late", At: time.Now().Add(-time.Hour), Template: &late})
	w.eventually("the verdict is judged", func() bool { return w.text(`SELECT status FROM templates`) != "approved" })
	w.waitTemplateStatus(id, "paused")
}
