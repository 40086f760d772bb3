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

// states lists the states that arrived for one message, without those of its earlier parts, and checks that each names it.
func states(t *testing.T, list []channels.Inbound, message int64) []channels.DeliveryState {
	t.Helper()
	var out []channels.DeliveryState
	for _, in := range list {
		if in.Kind != channels.InboundStatus {
			continue
		}
		if in.Status.MessageID != message || len(in.Status.External) != 1 {
			t.Errorf("a status of another message: %+v", in.Status)
		}
		if !in.Status.Early {
			out = append(out, in.Status.State)
		}
	}
	return out
}

func (w *world) open24h() {
	w.t.Helper()
	w.ann.Text("Hello")
	w.settle()
}

// TestEdge01StatusBeforeResponse: edge case 1: statuses are taken before the send's answer
// comes, and name our message.
func TestEdge01StatusBeforeResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	w.fault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionHookFirst})
	w.send(outbound(12, "Hi"))
	if got := states(t, w.inbound(w.journal.all()), 12); !slices.Equal(got, []channels.DeliveryState{channels.StateSent, channels.StateDelivered}) {
		t.Errorf("taken before the answer: %v", got)
	}
}

// TestEdge02ReadWithoutDelivered: edge case 2: each status stands for itself; skipped,
// doubled and reordered ones are told as they come, under names that double only when they
// are the same.
//
func TestEdge02ReadWithoutDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	w.fault(graphfake.Fault{Route: "hook.status.delivered", Action: graphfake.ActionDrop})
	w.fault(graphfake.Fault{Route: "hook.status.sent", Action: graphfake.ActionSwap})
	w.fault(graphfake.Fault{Route: "hook.status.read", Action: graphfake.ActionDuplicate})
	w.send(outbound(12, "Hi"))
	w.ann.Read()
	facts := w.settle()
	if got := states(t, w.inbound(facts), 12); !slices.Equal(got, []channels.DeliveryState{channels.StateRead, channels.StateRead, channels.StateSent}) {
		t.Errorf("told %v", got)
	}
	if facts[0].ExternalID != facts[1].ExternalID || facts[0].ExternalID == facts[2].ExternalID {
		t.Errorf("named %q, %q, %q", facts[0].ExternalID, facts[1].ExternalID, facts[2].ExternalID)
	}
}

// TestEdge03FailedAfterDelivered: edge case 3: a late failure has its class and words; that
// delivered beats it is the engine's to know.
func TestEdge03FailedAfterDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	r := w.send(outbound(12, "Hi"))
	w.number.Fail(r.ExternalID, 131026)
	list := w.heard()
	last := list[len(list)-1].Status
	if got := states(t, list, 12); !slices.Equal(got, []channels.DeliveryState{channels.StateSent, channels.StateDelivered, channels.StateFailed}) ||
		last.Class != channels.BadRecipient || !strings.Contains(last.Reason, "131026") || list[0].Status.Cost != "service" {
		t.Errorf("told %v, %+v", got, last)
	}
}

// TestEdge05BadMessageInBatch: edge case 5: one bad message in a batch doesn't hurt the
// others, and is kept.
func TestEdge05BadMessageInBatch(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{"no id": `{"from":"49","type":"text"}`, "a word": `"oops"`, "a list": `[1]`, "null": `null`} {
		facts := split(messageHook(from(`"type":"text","text":{"body":"one"}`), bad, `{"from":"491701234567","id":"wamid.2","timestamp":"1","type":"text","text":{"body":"two"}}`))
		if len(facts) != 3 || facts[0].Quarantine != "" || facts[1].Quarantine == "" || facts[2].Quarantine != "" || !strings.HasPrefix(facts[1].ExternalID, "x:") ||
			facts[1].Owner != "1055" || string(facts[1].Payload) != bad {
			t.Errorf("%s: %+v", name, facts)
		}
	}
	for name, body := range map[string]string{"not JSON": `{"object":`, "a page": `{"object":"page","entry":[]}`, "nothing": `{"object":"whatsapp_business_account","entry":[]}`,
		"a bad change": string(hook("messages", `"x"`)), "bad entries": `{"object":"whatsapp_business_account","entry":{}}`} {
		facts := split([]byte(body))
		if len(facts) != 1 || facts[0].Quarantine == "" || facts[0].ExternalID == "" {
			t.Errorf("%s: %+v", name, facts)
		}
	}
}

// TestBatchOfThousand: Meta may tell a thousand things in one webhook; each becomes a fact
// of its own, under its customer's key.
func TestBatchOfThousand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.PauseHooks()
	for i := range 1000 {
		w.number.Customer(graphfake.Person{Phone: fmt.Sprintf("+4917000%05d", i%100), Name: fmt.Sprintf("C%d", i%100)}).Text(fmt.Sprintf("text %d", i))
	}
	w.ResumeHooks(1000)
	facts := w.settle()
	if len(facts) != 1000 || len(w.Deliveries()) != 1 {
		t.Fatalf("%d facts of %d webhooks", len(facts), len(w.Deliveries()))
	}
	ids := map[string]bool{}
	for i, in := range w.inbound(facts) {
		ids[facts[i].ExternalID] = true
		if in.Text != fmt.Sprintf("text %d", i) || in.From.Key != fmt.Sprintf("+4917000%05d", i%100) || in.From.Name != fmt.Sprintf("C%d", i%100) ||
			facts[i].OrderKey != in.From.Key[1:] || facts[i].Owner != phoneID {
			t.Fatalf("%d: %+v of %+v", i, in, facts[i])
		}
	}
	if len(ids) != 1000 {
		t.Errorf("%d names", len(ids))
	}
}

// TestEdge06ReencodedBody: edge case 6: the signature is that of the bytes as they came;
// \u escapes parsed and written again are another body. What was refused comes again.
func TestEdge06ReencodedBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(graphfake.Fault{Route: "hook.message", Action: graphfake.ActionBadSignature})
	w.ann.Text("Grüße 👋")
	if in := w.one(); in.Text != "Grüße 👋" {
		t.Errorf("heard %+v", in)
	}
	var statuses []int
	for _, d := range w.Deliveries() {
		statuses = append(statuses, d.Status)
	}
	if !slices.Equal(statuses, []int{http.StatusForbidden, http.StatusOK}) {
		t.Errorf("answered %v", statuses)
	}
	escaped := []byte(`{"object":"whatsapp_business_account","x":"\u00fc"}`)
	r, err := http.NewRequestWithContext(within(t), http.MethodPost, w.hook, strings.NewReader(`{"object":"whatsapp_business_account","x":"ü"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Hub-Signature-256", graph.Sign([]byte(w.AppSecret()), escaped))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusForbidden || len(w.journal.all()) != 0 {
		t.Errorf("a body that was written again: %d, %d facts", resp.StatusCode, len(w.journal.all()))
	}
}

// TestWebhookComesAgain: what couldn't be stored is answered with an error and comes again.
func TestWebhookComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.journal.refuse = []error{channels.ErrOverloaded, errors.New("no database")}
	w.ann.Text("Hello")
	if in := w.one(); in.Text != "Hello" || len(w.Deliveries()) != 3 {
		t.Errorf("heard %+v after %d tries", in, len(w.Deliveries()))
	}
}

// TestEdge07TokenResolves: edge case 7: the answer is lost after the commit; the status
// brings the token back, and it names the message.
func TestEdge07TokenResolves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	w.fault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDropAfter})
	w.fails(outbound(12, "Hi"), channels.Ambiguous)
	if got := states(t, w.heard(), 12); !slices.Equal(got, []channels.DeliveryState{channels.StateSent, channels.StateDelivered}) {
		t.Errorf("told %v", got)
	}
}

// TestEdge08NoToken: edge case 8: without a status nobody can tell, however often he is
// asked, and nothing is sent meanwhile.
func TestEdge08NoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	w.fault(graphfake.Fault{Route: "hook.status.*", Action: graphfake.ActionDrop, Times: graphfake.Forever})
	w.fault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDropAfter})
	w.fails(outbound(12, "Hi"), channels.Ambiguous)
	for range 3 {
		if outcome, _, err := w.channel.Reconcile(within(t), outbound(12, "Hi")); outcome != channels.CannotTell || err != nil {
			t.Errorf("%v, %v", outcome, err)
		}
	}
	if got := w.ann.Inbox(); len(got) != 1 || len(w.heard()) != 0 {
		t.Errorf("the customer got %+v", got)
	}
}

// TestTokens: only our own tokens, from any of our keys, name a message.
func TestTokens(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	good := token{message: 12, part: 1, last: true}
	for name, c := range map[string]struct {
		s    string
		want token
		ok   bool
	}{
		"new key":        {good.sign(keys[0]), good, true},
		"old key":        {good.sign(keys[1]), good, true},
		"a part":         {token{message: 12}.sign(keys[0]), token{message: 12}, true},
		"another key":    {good.sign([]byte("x")), token{}, false},
		"no key":         {good.sign(nil), token{}, false},
		"other message":  {strings.Replace(good.sign(keys[0]), "m12", "m13", 1), token{}, false},
		"now the last":   {strings.Replace(token{message: 12}.sign(keys[0]), "-", ".z-", 1), token{}, false},
		"other writing":  {strings.Replace(good.sign(keys[0]), "m12", "m012", 1), token{}, false},
		"somebody's own": {"order-4711", token{}, false},
		"empty":          {"", token{}, false},
	} {
		if got, ok := parseToken(keys, c.s); ok != c.ok || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

// TestEdge09WindowCloses: edge case 9: a message that waited until the window closed is
// refused as such, in the answer or later; a template still goes.
func TestEdge09WindowCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open24h()
	w.clock.advance(24*time.Hour - time.Second)
	w.send(outbound(1, "just in time"))
	w.clock.advance(time.Second)
	if se := w.fails(outbound(2, "late"), channels.WindowClosed); se.Hint == "" {
		t.Errorf("no hint: %+v", se)
	}
	w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back, {{1}}.")
	o := outbound(3, "We are back, Ann.")
	o.Template = &channels.TemplateUse{Template: channels.Template{Name: "back", Language: "en", Body: "We are back, {{name}}."}, Values: map[string]string{"name": "Ann"}}
	w.send(o)
	if got := w.ann.Inbox(); len(got) != 2 || got[1].Text != "We are back, Ann." {
		t.Errorf("the customer got %+v", got)
	}
	later := newWorld(t, func(c *graphfake.NumberConfig) { c.FailLater = true })
	later.send(outbound(4, "never written"))
	in := later.one()
	if in.Status == nil || in.Status.State != channels.StateFailed || in.Status.Class != channels.WindowClosed || in.Status.MessageID != 4 {
		t.Errorf("told %+v", in.Status)
	}
}

// TestEdge10SendByUserID: edge case 10: a user id goes into recipient; in "to" it would be
// dropped without a word, as the emulator does.
func TestEdge10SendByUserID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob := w.number.Customer(graphfake.Person{Phone: "+4917099", UserID: "DE.1349", Name: "Bob", HidePhone: true})
	bob.Text("Hello")
	in := w.one()
	if in.From.Key != "DE.1349" || len(in.From.Also) != 0 {
		t.Fatalf("from %+v", in.From)
	}
	o := outbound(12, "Hi Bob")
	o.To = []channels.Party{in.From}
	w.send(o)
	if got := bob.Inbox(); len(got) != 1 || got[0].Text != "Hi Bob" {
		t.Errorf("Bob got %+v", got)
	}
	if got := states(t, w.heard(), 12); len(got) != 2 {
		t.Errorf("told %v", got)
	}
}
