package app_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/channels/graphfake"
)

// pageWorld is a whole Parley between an emulated Page and a chat of agents.
type pageWorld struct {
	metaWorld
	page     *graphfake.Page
	customer *graphfake.PageCustomer
}

func newPageWorld(t *testing.T) *pageWorld {
	t.Helper()
	meta := startMeta(t)
	page := meta.AddPage(graphfake.PageConfig{ID: "3077", Name: "Acme", HumanAgent: true})
	meta.AllowToken("T0KEN", "3077")
	w := &pageWorld{page: page, customer: page.Customer("Kim"), metaWorld: openMeta(t, meta, `
agents: [{email: ann@acme.test, name: Ann Lee, slack: ann, roles: [admin]}]
teams: [{name: T, members: [ann@acme.test], slack_channel: C1}]
accounts:
  - {name: page, kind: messenger, team: T, hold: 0s, settings: {who_replies: any_agent, receipts: read},
     messenger: {page_id: "3077", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}`)}
	w.subscribe(t, "3077", "page")
	return w
}

// waitForInbox waits until the customer has so many messages.
func (w *pageWorld) waitForInbox(t *testing.T, n int) []graphfake.PageMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := w.meta.Wait(ctx, func() bool { return len(w.customer.Inbox()) >= n }); err != nil {
		t.Fatalf("the customer got %+v: %v", w.customer.Inbox(), err)
	}
	return w.customer.Inbox()
}

// A customer of a Page and an agent talk by texts and files. Each message arrives once and in order, and the card shows the
// customer's name.
// Requirement R-011: A Messenger account is one page.
// Requirement R-191: The name that the channel tells.
func TestMessengerConversation(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	w.customer.Text("Is the shop open?")
	thread := threadOf(t, w.chat, "C1", "Is the shop open?")
	w.chat.Wait(t, "her name on the card", func() bool { // webhooks have none: it is read from her profile
		return slices.ContainsFunc(w.chat.Messages("C1", ""), func(m bridgetest.Message) bool {
			return m.ID == thread && strings.Contains(m.Plain(), "Kim") && !strings.Contains(m.Plain(), w.customer.ID())
		})
	})

	w.chat.Say("ann", "C1", thread, "Until **eight**")
	if got := w.waitForInbox(t, 1); got[0].Text != "Until eight" || got[0].Tag != "" {
		t.Errorf("the customer got %+v, want Until eight without a tag", got)
	}

	picture := bytes.Repeat([]byte("PNG"), 10)
	w.chat.Say("ann", "C1", thread, "The way", bridgetest.File{ID: "F1", Name: "map.png", Content: picture})
	got := w.waitForInbox(t, 3)
	if got[1].Text != "The way" {
		t.Errorf("the second message is %+v, want The way", got[1])
	}
	if got[2].Text != "" || len(got[2].File) != len(picture) || got[2].Name != "map.png" {
		t.Errorf("the third message is %+v, want map.png alone", got[2])
	}

	w.customer.Text("Thanks")
	waitForText(t, w.chat, thread, "Thanks")
	if n := len(w.customer.Inbox()); n != 3 {
		t.Errorf("the customer has %d messages, want 3", n)
	}
}
