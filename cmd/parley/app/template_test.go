package app_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/graphfake"
	"parley/store"
)

// numberWorld is a whole Parley between an emulated WhatsApp number and a chat of agents.
type numberWorld struct {
	metaWorld
	customer *graphfake.Customer
}

func newNumberWorld(t *testing.T, file string) *numberWorld {
	t.Helper()
	meta := startMeta(t)
	number := meta.AddNumber(graphfake.NumberConfig{ID: "1055", WABA: "2066", Display: "+15550199"})
	meta.AllowToken("T0KEN", "1055", "2066")
	w := &numberWorld{customer: number.Customer(graphfake.Person{Phone: "+15550100", Name: "Kim Fox"}), metaWorld: openMeta(t, meta, file)}
	w.subscribe(t, "2066", "wa")
	return w
}

// waitForTemplate waits until the only template has a status.
func (w *numberWorld) waitForTemplate(t *testing.T, status string) store.Template {
	t.Helper()
	var found store.Template
	w.chat.Wait(t, "the template is "+status, func() bool {
		rows, err := store.ListTemplates(t.Context(), w.db.Pool, 0)
		if err != nil || len(rows) != 1 {
			return false
		}
		found = rows[0]
		return found.Status == status
	})
	return found
}

// A template of the set-up file is submitted to WhatsApp. When a webhook says that it is approved, the team is told, and
// the template can be sent with its variables. When it is paused, Parley refuses to send it.
// Requirement R-008: Meta's Cloud API, with its templates.
func TestWhatsAppTemplate(t *testing.T) {
	t.Parallel()
	w := newNumberWorld(t, `
agents: [{email: ann@acme.test, name: Ann Lee, slack: ann, roles: [admin]}]
teams: [{name: T, members: [ann@acme.test], slack_channel: C1}]
accounts:
  - {name: wa, kind: whatsapp, team: T, hold: 0s, settings: {who_replies: any_agent},
     whatsapp: {phone_number_id: "1055", waba_id: "2066", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}
templates:
  - name: Quote ready
    language: en
    accounts: [wa]
    types: [reply, window]
    header: Quote {{quote_number}}
    body: Hello {{ first_name }}, your quote {{quote_number}} is ready.
    buttons: [{title: Call me}]
    examples: {quote_number: Q-1}`)

	w.customer.Text("Where is my quote?")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := w.meta.Wait(ctx, func() bool { return len(w.meta.Templates("2066")) == 1 }); err != nil {
		t.Fatalf("the template is not submitted: %v", err)
	}
	given := w.meta.Templates("2066")[0]
	if given.Name != "quote_ready" || given.Category != "UTILITY" || given.Components[1].Text != "Hello {{1}}, your quote {{2}} is ready." {
		t.Errorf("submitted %+v, want the utility template quote_ready with numbered variables", given)
	}

	check(t, w.meta.Review(given.ID, "APPROVED", ""))
	row := w.waitForTemplate(t, "approved")
	w.chat.Wait(t, "the team is told", func() bool {
		return slices.ContainsFunc(w.chat.Messages("C1", ""), func(m bridgetest.Message) bool {
			return strings.Contains(m.Plain(), "Quote ready (en) approved")
		})
	})

	values := map[string]string{"first_name": "Kim", "quote_number": "Q-7"}
	use := bridgetest.Button{Verb: bridge.VerbTemplate, Args: bridge.Args{Conversation: 1, Template: &bridge.TemplateArgs{
		ID:      row.ID,
		Version: row.Version,
		Values:  values,
		Seen:    bridge.PreviewMark(row.ID, row.Version, values),
	}}}
	w.chat.Submit("ann", "C1", "", use, "")
	if err := w.meta.Wait(ctx, func() bool { return len(w.customer.Inbox()) == 1 }); err != nil {
		t.Fatalf("the customer got %+v, want one message", w.customer.Inbox())
	}
	if got := w.customer.Inbox()[0]; got.Type != "template" || !strings.Contains(got.Text, "Hello Kim, your quote Q-7 is ready.") {
		body, _ := json.Marshal(got)
		t.Errorf("the customer got %s, want the template with its variables", body)
	}

	check(t, w.meta.Review(given.ID, "PAUSED", ""))
	w.waitForTemplate(t, "paused")
	w.chat.Submit("ann", "C1", "", use, "")
	w.chat.Wait(t, "it is refused", func() bool {
		return slices.ContainsFunc(w.chat.Whispers("ann"), func(m bridgetest.Message) bool {
			return strings.Contains(m.Plain(), "was paused by the provider")
		})
	})
	if n := len(w.customer.Inbox()); n != 1 {
		t.Errorf("the customer got %d messages, want 1", n)
	}
}
