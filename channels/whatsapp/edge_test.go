package whatsapp

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/graphfake"
)

// wantStates checks which states arrived for one message, without those of its earlier parts, and that each names it.
func wantStates(t *testing.T, list []channels.Inbound, message int64, want ...channels.DeliveryState) {
	t.Helper()
	var got []channels.DeliveryState
	for _, in := range list {
		if in.Kind != channels.InboundStatus {
			continue
		}
		wantEqual(t, "message of the status", in.Status.MessageID, message)
		wantEqual(t, "ids of the status", len(in.Status.External), 1)
		if !in.Status.Early {
			got = append(got, in.Status.State)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the states %v, want %v", got, want)
	}
}

// TestEdge01StatusBeforeResponse: edge case 1: statuses are taken before the send's answer
// comes, and name our message.
func TestEdge01StatusBeforeResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionHookFirst})
	w.send(outbound(12, "Hi"))
	wantStates(t, w.decodeAll(w.journal.list()), 12, channels.StateSent, channels.StateDelivered)
}

// TestEdge02ReadWithoutDelivered: edge case 2: each status stands for itself; skipped,
// doubled and reordered ones are told as they come, under names that double only when they
// are the same.
//
func TestEdge02ReadWithoutDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "hook.status.delivered", Action: graphfake.ActionDrop})
	w.addFault(graphfake.Fault{Route: "hook.status.sent", Action: graphfake.ActionSwap})
	w.addFault(graphfake.Fault{Route: "hook.status.read", Action: graphfake.ActionDuplicate})
	w.send(outbound(12, "Hi"))
	w.ann.Read()
	facts := w.takeFacts()
	wantStates(t, w.decodeAll(facts), 12, channels.StateRead, channels.StateRead, channels.StateSent)
	wantEqual(t, "id of the doubled status", facts[1].ExternalID, facts[0].ExternalID)
	if facts[2].ExternalID == facts[0].ExternalID {
		t.Errorf("read and sent have the same id %s, want two", facts[0].ExternalID)
	}
}

// TestEdge03FailedAfterDelivered: edge case 3: a late failure has its class and words; that
// delivered beats it is the engine's to know.
func TestEdge03FailedAfterDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	r := w.send(outbound(12, "Hi"))
	w.number.Fail(r.ExternalID, 131026)
	list := w.takeInbound()
	wantStates(t, list, 12, channels.StateSent, channels.StateDelivered, channels.StateFailed)
	wantEqual(t, "cost of the first status", list[0].Status.Cost, "service")
	failure := list[len(list)-1].Status
	wantEqual(t, "class of the failure", failure.Class, channels.BadRecipient)
	if !strings.Contains(failure.Reason, "131026") {
		t.Errorf("got the reason %q, want one with the code 131026", failure.Reason)
	}
}

// TestEdge05BadMessageInBatch: edge case 5: one bad message in a batch doesn't hurt the
// others, and is kept.
func TestEdge05BadMessageInBatch(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{"no id": `{"from":"49","type":"text"}`, "a word": `"oops"`, "a list": `[1]`, "null": `null`} {
		one := annMessage(`"type":"text","text":{"body":"one"}`)
		two := `{"from":"491701234567","id":"wamid.2","timestamp":"1","type":"text","text":{"body":"two"}}`
		facts := split(messageHook(one, bad, two))
		if len(facts) != 3 {
			t.Fatalf("%s: split into %+v, want three facts", name, facts)
		}
		wantEqual(t, name+": quarantine of the message before", facts[0].Quarantine, "")
		wantEqual(t, name+": quarantine of the message after", facts[2].Quarantine, "")
		wantQuarantine(t, name, facts[1])
		wantEqual(t, name+": owner", facts[1].Owner, phoneID)
		wantEqual(t, name+": payload", string(facts[1].Payload), bad)
	}
}

// A webhook that can't be split is kept as one fact.
func TestBadWebhooks(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"not JSON":     `{"object":`,
		"a page":       `{"object":"page","entry":[]}`,
		"nothing":      `{"object":"whatsapp_business_account","entry":[]}`,
		"a bad change": string(hook("messages", `"x"`)),
		"bad entries":  `{"object":"whatsapp_business_account","entry":{}}`,
	} {
		facts := split([]byte(body))
		if len(facts) != 1 {
			t.Fatalf("%s: split into %+v, want one fact", name, facts)
		}
		wantQuarantine(t, name, facts[0])
	}
}

// wantQuarantine checks that a fact is kept with the reason why it can't be read.
func wantQuarantine(t *testing.T, name string, f channels.Fact) {
	t.Helper()
	if f.Quarantine == "" {
		t.Errorf("%s: the fact %+v isn't in quarantine", name, f)
	}
	if !strings.HasPrefix(f.ExternalID, "x:") {
		t.Errorf("%s: got the id %q, want one that begins with x:", name, f.ExternalID)
	}
}

// TestBatchOfThousand: Meta may tell a thousand things in one webhook; each becomes a fact
// of its own, under its customer's key.
func TestBatchOfThousand(t *testing.T) {
	t.Parallel()
	const messages, customers = 1000, 100
	text := func(i int) string { return fmt.Sprintf("text %d", i) }
	name := func(i int) string { return fmt.Sprintf("C%d", i%customers) }
	phone := func(i int) string { return fmt.Sprintf("+4917000%05d", i%customers) }
	w := newWorld(t)
	w.PauseHooks()
	for i := range messages {
		w.number.Customer(graphfake.Person{Phone: phone(i), Name: name(i)}).Text(text(i))
	}
	w.ResumeHooks(messages)
	facts := w.takeFacts()
	wantEqual(t, "webhooks", len(w.Deliveries()), 1)
	wantEqual(t, "facts", len(facts), messages)
	ids := map[string]bool{}
	for i, in := range w.decodeAll(facts) {
		ids[facts[i].ExternalID] = true
		wantEqual(t, "text", in.Text, text(i))
		wantEqual(t, "customer", in.From.Key, phone(i))
		wantEqual(t, "name", in.From.Name, name(i))
		wantEqual(t, "order key", facts[i].OrderKey, phone(i)[1:])
		wantEqual(t, "owner", facts[i].Owner, phoneID)
	}
	wantEqual(t, "different ids", len(ids), messages)
}

// TestEdge06ReencodedBody: edge case 6: the signature is that of the bytes as they came; \u escapes parsed and written again
// are another body.
func TestEdge06ReencodedBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	escaped := []byte(`{"object":"whatsapp_business_account","x":"\u00fc"}`)
	r, err := http.NewRequestWithContext(testContext(t), http.MethodPost, w.hook, strings.NewReader(`{"object":"whatsapp_business_account","x":"ü"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Hub-Signature-256", graph.Sign([]byte(w.AppSecret()), escaped))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	wantEqual(t, "status for a body that was written again", resp.StatusCode, http.StatusForbidden)
	wantEqual(t, "facts of it", len(w.journal.list()), 0)
}

// A webhook that was refused for its signature comes again.
func TestRefusedWebhookComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(graphfake.Fault{Route: "hook.message", Action: graphfake.ActionBadSignature})
	w.ann.Text("Grüße 👋")
	wantEqual(t, "text", w.takeOne().Text, "Grüße 👋")
	var statuses []int
	for _, d := range w.Deliveries() {
		statuses = append(statuses, d.Status)
	}
	if want := []int{http.StatusForbidden, http.StatusOK}; !slices.Equal(statuses, want) {
		t.Errorf("the webhook was answered with %v, want %v", statuses, want)
	}
}

// TestWebhookComesAgain: what couldn't be stored is answered with an error and comes again.
func TestWebhookComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.refuse = []error{channels.ErrOverloaded, errors.New("no database")}
	w.ann.Text("Hello")
	wantEqual(t, "text", w.takeOne().Text, "Hello")
	wantEqual(t, "tries", len(w.Deliveries()), 3)
}

// TestEdge07TokenResolves: edge case 7: the answer is lost after the commit; the status
// brings the token back, and it names the message.
func TestEdge07TokenResolves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDropAfter})
	w.wantSendFails(outbound(12, "Hi"), channels.Ambiguous)
	wantStates(t, w.takeInbound(), 12, channels.StateSent, channels.StateDelivered)
}

// TestEdge08NoToken: edge case 8: without a status nobody can tell, however often he is
// asked, and nothing is sent meanwhile.
func TestEdge08NoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.addFault(graphfake.Fault{Route: "hook.status.*", Action: graphfake.ActionDrop, Times: graphfake.Forever})
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDropAfter})
	w.wantSendFails(outbound(12, "Hi"), channels.Ambiguous)
	for range 3 {
		outcome, _, err := w.channel.Reconcile(testContext(t), outbound(12, "Hi"))
		if err != nil {
			t.Error(err)
		}
		wantEqual(t, "outcome", outcome, channels.CannotTell)
	}
	wantEqual(t, "messages that the customer got", len(w.ann.Inbox()), 1)
	wantEqual(t, "things that arrived", len(w.takeInbound()), 0)
}

// TestTokens: only our own tokens, from any of our keys, name a message.
func TestTokens(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	good := token{message: 12, part: 1, last: true}
	for name, c := range map[string]struct {
		written string
		want    token // zero: it isn't ours
	}{
		"new key":        {written: good.sign(keys[0]), want: good},
		"old key":        {written: good.sign(keys[1]), want: good},
		"a part":         {written: token{message: 12}.sign(keys[0]), want: token{message: 12}},
		"another key":    {written: good.sign([]byte("x"))},
		"no key":         {written: good.sign(nil)},
		"other message":  {written: strings.Replace(good.sign(keys[0]), "m12", "m13", 1)},
		"now the last":   {written: strings.Replace(token{message: 12}.sign(keys[0]), "-", ".z-", 1)},
		"other writing":  {written: strings.Replace(good.sign(keys[0]), "m12", "m012", 1)},
		"somebody's own": {written: "order-4711"},
		"empty":          {written: ""},
	} {
		got, ok := parseToken(keys, c.written)
		wantEqual(t, name+": token", got, c.want)
		wantEqual(t, name+": it is ours", ok, c.want != token{})
	}
}

// TestEdge09WindowCloses: edge case 9: a message that waited until the window closed is
// refused as such; a template still goes.
func TestEdge09WindowCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.clock.advance(24*time.Hour - time.Second)
	w.send(outbound(1, "just in time"))
	w.clock.advance(time.Second)
	if se := w.wantSendFails(outbound(2, "late"), channels.WindowClosed); se.Hint == "" {
		t.Errorf("the error %+v has no hint", se)
	}
	w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back, {{1}}.")
	o := outbound(3, "We are back, Ann.")
	o.Template = &channels.TemplateUse{Template: channels.Template{Name: "back", Language: "en", Body: "We are back, {{name}}."}, Values: map[string]string{"name": "Ann"}}
	w.send(o)
	w.wantTexts("just in time", "We are back, Ann.")
}

// Edge case 9, where WhatsApp takes the message first: its status says that the window is closed.
func TestEdge09WindowClosesLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *graphfake.NumberConfig) { c.FailLater = true })
	w.send(outbound(4, "never written"))
	status := w.takeOne().Status
	if status == nil {
		t.Fatal("no status arrived")
	}
	wantEqual(t, "state", status.State, channels.StateFailed)
	wantEqual(t, "class", status.Class, channels.WindowClosed)
	wantEqual(t, "message", status.MessageID, 4)
}

// wantTexts checks which texts Ann got.
func (w *world) wantTexts(want ...string) {
	w.t.Helper()
	var got []string
	for _, m := range w.ann.Inbox() {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the customer got %q, want %q", got, want)
	}
}

// TestEdge10SendByUserID: edge case 10: a user id goes into recipient; in "to" it would be
// dropped without a word, as the emulator does.
func TestEdge10SendByUserID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob := w.number.Customer(graphfake.Person{Phone: "+4917099", UserID: "DE.1349", Name: "Bob", HidePhone: true})
	bob.Text("Hello")
	in := w.takeOne()
	wantEqual(t, "his key", in.From.Key, "DE.1349")
	wantEqual(t, "other keys of his", len(in.From.Also), 0)
	o := outbound(12, "Hi Bob")
	o.To = []channels.Party{in.From}
	w.send(o)
	if got := bob.Inbox(); len(got) != 1 || got[0].Text != "Hi Bob" {
		t.Errorf("Bob got %+v, want the message alone", got)
	}
	wantStates(t, w.takeInbound(), 12, channels.StateSent, channels.StateDelivered)
}
