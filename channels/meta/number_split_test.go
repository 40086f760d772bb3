package meta

import (
	"fmt"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// A message that can't be read is kept in quarantine as it came, and doesn't hurt those before and after it in the same
// webhook.
func TestSplitBadMessageInBatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message string
	}{
		{name: "no id", message: `{"from":"49","type":"text"}`},
		{name: "string", message: `"oops"`},
		{name: "array", message: `[1]`},
		{name: "null", message: `null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			one := annMessage(`"type":"text","text":{"body":"one"}`)
			two := `{"from":"491701234567","id":"wamid.2","timestamp":"1","type":"text","text":{"body":"two"}}`
			facts := splitNumberHook(messageHook(one, tt.message, two))
			if len(facts) != 3 {
				t.Fatalf("split into %+v, want three facts", facts)
			}
			wantEqual(t, "quarantine of the message before", facts[0].Quarantine, "")
			wantEqual(t, "quarantine of the message after", facts[2].Quarantine, "")
			checkQuarantined(t, facts[1])
			wantEqual(t, "owner", facts[1].Owner, phoneID)
			wantEqual(t, "payload", string(facts[1].Payload), tt.message)
		})
	}
}

// A webhook that can't be split is kept as one fact in quarantine.
func TestSplitBadWebhook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
	}{
		{name: "cut JSON", body: `{"object":`},
		{name: "webhook of a page", body: `{"object":"page","entry":[]}`},
		{name: "message of a page", body: strings.Replace(string(messageHook(annMessage(`"type":"text"`))), businessObject, "page", 1)},
		{name: "choice about advertising without a time", body: string(hook("user_preferences", `{"user_preferences":[{"value":"stop"}]}`))},
		{name: "no entry", body: `{"object":"whatsapp_business_account","entry":[]}`},
		{name: "entries that are no array", body: `{"object":"whatsapp_business_account","entry":{}}`},
		{name: "change that is a string", body: string(hook("messages", `"x"`))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			facts := splitNumberHook([]byte(tt.body))
			if len(facts) != 1 {
				t.Fatalf("split into %+v, want one fact", facts)
			}
			checkQuarantined(t, facts[0])
		})
	}
}

// checkQuarantined checks that a fact is in quarantine for a reason, under an id made of its bytes.
func checkQuarantined(t *testing.T, f channels.Fact) {
	t.Helper()
	if f.Quarantine == "" {
		t.Errorf("the fact %+v isn't in quarantine", f)
	}
	if !strings.HasPrefix(f.ExternalID, "x:") {
		t.Errorf("got the id %q, want one that begins with x:", f.ExternalID)
	}
}

// Meta may tell a thousand things in one webhook. Each becomes a fact of its own, with the order key of its customer.
func TestSplitBatchOfThousand(t *testing.T) {
	t.Parallel()
	const messages, customers = 1000, 100
	text := func(i int) string { return fmt.Sprintf("text %d", i) }
	name := func(i int) string { return fmt.Sprintf("C%d", i%customers) }
	phone := func(i int) string { return fmt.Sprintf("+4917000%05d", i%customers) }
	user := func(i int) string { return fmt.Sprintf("DE.1349%05d", i%customers) }

	w := newWorld(t)
	w.PauseHooks()
	for i := range messages {
		w.number.Customer(graphfake.Person{Phone: phone(i), UserID: user(i), Name: name(i)}).Text(text(i))
	}
	w.ResumeHooks(messages) // all in one webhook
	facts := w.takeFacts()
	wantEqual(t, "number of webhooks", len(w.Deliveries()), 1)
	if len(facts) != messages {
		t.Fatalf("got %d facts, want %d", len(facts), messages)
	}

	ids := map[string]bool{}
	for i, in := range w.decodeAll(facts) {
		ids[facts[i].ExternalID] = true
		wantEqual(t, "text", in.Text, text(i))
		wantEqual(t, "customer", in.From.Key, user(i))
		wantEqual(t, "number", in.From.Also[0], phone(i))
		wantEqual(t, "name", in.From.Name, name(i))
		wantEqual(t, "order key", facts[i].OrderKey, user(i))
		wantEqual(t, "owner", facts[i].Owner, phoneID)
	}
	wantEqual(t, "number of different ids", len(ids), messages)
}
