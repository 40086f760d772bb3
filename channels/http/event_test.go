package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/budget"
	parleyhttp "parley/channels/http"
)

// event is one that a system may post.
type event struct {
	raw   string
	fault string // what the webhook says of it; "" = it is taken
	finer bool   // the webhook looks closer than a schema can
	want  channels.Inbound
}

func events() []event {
	kim := channels.Party{Key: "kim", Name: "Kim"}
	from := `"from":{"id":"kim","name":"Kim"}`
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return []event{
		{raw: `{"type":"message","id":"m1",` + from + `,"at":"2026-11-20T12:00:00Z","subject":"S","text":"Hi","reply_to":"p1","chosen":"yes","future":[1]}`,
			want: channels.Inbound{
				Kind: channels.InboundMessage, ExternalID: "m1", From: kim, At: at, Subject: "S", Text: "Hi",
				Answers: channels.Answers{External: "p1"}, Chosen: "yes",
			}},
		{raw: `{"type":"message","id":"m2",` + from + `,"attachments":[{"name":"a.txt","type":"text/plain","content":"aGVsbG8="},{"url":"https://x.test/a/b.png?s=1","size":5}]}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m2", From: kim, Attachments: []channels.Attachment{
				{Name: "a.txt", ContentType: "text/plain", Content: []byte("hello")},
				{Name: "b.png", ContentType: "image/png", Ref: "https://x.test/a/b.png?s=1", SizeBytes: 5}}}},
		{raw: `{"type":"edit","id":"e1",` + from + `,"target":"m1","text":"Ho"}`,
			want: channels.Inbound{Kind: channels.InboundEdit, ExternalID: "e1", From: kim, Change: channels.Change{Target: "m1"}, Text: "Ho"}},
		{raw: `{"type":"delete","id":"e2",` + from + `,"target":"m1"}`,
			want: channels.Inbound{Kind: channels.InboundDelete, ExternalID: "e2", From: kim, Change: channels.Change{Target: "m1"}}},
		{raw: `{"type":"reaction","id":"e3",` + from + `,"target":"m1","emoji":"👍"}`,
			want: channels.Inbound{Kind: channels.InboundReaction, ExternalID: "e3", From: kim, Change: channels.Change{Target: "m1", Emoji: "👍"}}},
		{raw: `{"type":"status","id":"e4","message":"shop-1","state":"read"}`,
			want: channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateRead, External: []string{"shop-1"}}}},
		{raw: `{"type":"status","id":"e5","message":"shop-1","state":"failed","reason":"moved"}`, want: channels.Inbound{Kind: channels.InboundStatus,
			Status: &channels.Status{State: channels.StateFailed, External: []string{"shop-1"}, Reason: "moved", Class: channels.BadContent}}},

		{raw: `{"type":"riddle","id":"1"}`, fault: "events[0]: type is none of"},
		{raw: `[]`, fault: "events[0]: it is no object"},
		{raw: `{"type":"message","id":5}`, fault: "events[0]: id is not of the right type"},
		{raw: `{"type":"message",` + from + `,"text":"x"}`, fault: "events[0]: id is missing"},
		{raw: `{"type":"message","id":" x",` + from + `,"text":"x"}`, fault: "id has blanks"},
		{raw: `{"type":"message","id":"` + strings.Repeat("x", 201) + `",` + from + `,"text":"x"}`, fault: "id is longer"},
		{raw: `{"type":"message","id":"1","text":"x"}`, fault: "from is missing"},
		{raw: `{"type":"message","id":"1","from":{},"text":"x"}`, fault: "from.id is missing"},
		{raw: `{"type":"message","id":"1",` + from + `}`, fault: "both empty"},
		{raw: `{"type":"message","id":"1",` + from + `,"text":" "}`, fault: "both empty", finer: true},
		{raw: `{"type":"message","id":"1",` + from + `,"text":"` + strings.Repeat("x", 40_001) + `"}`, fault: "text is longer"},
		{raw: `{"type":"message","id":"1",` + from + `,"attachments":[{"name":"x"}]}`, fault: "attachments[0] needs either"},
		{raw: `{"type":"message","id":"1",` + from + `,"attachments":[{"content":"eA==","url":"https://x.test"}]}`, fault: "attachments[0] needs either"},
		{raw: `{"type":"message","id":"1",` + from + `,"attachments":[{"url":"file:///etc/passwd"}]}`, fault: "attachments[0].url", finer: true},
		{raw: `{"type":"message","id":"1",` + from + `,"attachments":[{"url":"http://x.test/a"}]}`, fault: "attachments[0].url", finer: true},
		{raw: `{"type":"message","id":"1",` + from + `,"attachments":[` + strings.Repeat(`{"content":"eA=="},`, 10) + `{"content":"eA=="}]}`, fault: "more than 10"},
		{raw: `{"type":"message","id":"1",` + from + `,"text":"x","at":"2026-11-20T12:00:00"}`, fault: "events[0]: at is no time", finer: true},
		{raw: `{"type":"message","id":"1",` + from + `,"text":"x","at":"0000-12-31T19:03:58-04:56"}`, fault: "events[0]: at is not between", finer: true},
		{raw: `{"type":"message","id":"1",` + from + `,"text":"x","at":"9999-12-31T23:59:59Z"}`, fault: "events[0]: at is not between", finer: true},
		{raw: `{"type":"message","id":"1",` + from + `,"text":"x","at":1790000000}`, fault: "events[0]: at is no time"},
		{raw: `{"type":"message","id":"1",` + from + `,"attachments":[{"content":"eA=="},{"content":"-_-_"}]}`, fault: "attachments[1].content is no base64", finer: true},
		{raw: `{"type":"edit","id":"1",` + from + `,"target":"m1"}`, fault: "text is empty"},
		{raw: `{"type":"edit","id":"1",` + from + `,"text":"x"}`, fault: "target is missing"},
		{raw: `{"type":"reaction","id":"1",` + from + `}`, fault: "target is missing"},
		{raw: `{"type":"reaction","id":"1",` + from + `,"target":"m","emoji":"` + strings.Repeat("x", 101) + `"}`, fault: "emoji", finer: true},
		{raw: `{"type":"status","id":"1","message":"x","state":"eaten"}`, fault: "state is none of"},
		{raw: `{"type":"status","id":"1","state":"read"}`, fault: "message is missing"},
	}
}

// TestEvents: each kind of event becomes what it says, or is refused in words.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, c := range events() {
		w := newWorld(t, nil)
		status, answer, err := w.shop.Post(t.Context(), w.hook, rawMessage(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		facts := w.taken()
		if c.fault != "" {
			if status != http.StatusBadRequest || !strings.Contains(answer, c.fault) || len(facts) != 0 {
				t.Errorf("%.80s: answered %d %s, %d facts", c.raw, status, answer, len(facts))
			}
			continue
		}
		if status != http.StatusOK || len(facts) != 1 {
			t.Fatalf("%s: answered %d %s, %d facts", c.raw, status, answer, len(facts))
		}
		got, err := w.channel.Decode(facts[0].Payload)
		if err != nil || !reflect.DeepEqual(got, []channels.Inbound{c.want}) {
			t.Errorf("%s became\n%+v, %v, want\n%+v", c.raw, got, err, c.want)
		}
	}
	stored := `{"type":"message","id":"1","from":{"id":"kim"},"at":"0000-12-31T19:03:58-04:56","text":"x"}` // by a version that took it
	if got, err := newWorld(t, nil).channel.Decode([]byte(stored)); err != nil || !got[0].At.IsZero() {
		t.Errorf("stored before, it became %+v, %v", got, err)
	}
}

// What a file's ending stands for is the same on every machine, whatever it has installed.
func TestFileTypes(t *testing.T) {
	t.Parallel()
	if err := mime.AddExtensionType(".machine", "image/machine"); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, nil)
	for name, want := range map[string]string{"a.machine": "application/octet-stream", "A.PDF": "application/pdf", "a": "application/octet-stream"} {
		got, err := w.channel.Decode([]byte(`{"type":"message","id":"m1","from":{"id":"kim"},"attachments":[{"name":"` + name + `","content":"eA=="}]}`))
		if err != nil || len(got) != 1 || got[0].Attachments[0].ContentType != want {
			t.Errorf("%s became %+v, %v, want %s", name, got, err, want)
		}
	}
}

type rawMessage string

// MarshalJSON implements json.Marshaler.
func (r rawMessage) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// A thousand events are one batch in order; one more, none, or a bad one among them is
// refused as a whole; typing is no fact.
func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	many := make([]any, 1000)
	for i := range many {
		many[i] = message("m-"+strings.Repeat("i", i%50)+string(rune('a'+i/50)), "x")
	}
	facts := w.post(t, many...)
	names := map[string]bool{}
	for _, f := range facts {
		names[f.ExternalID] = true
	}
	if len(facts) != 1000 || len(names) != 1000 {
		t.Errorf("%d facts, %d names", len(facts), len(names))
	}
	if facts := w.post(t, map[string]any{"type": "typing"}); len(facts) != 0 {
		t.Errorf("typing became %+v", facts)
	}
	for name, list := range map[string][]any{"too many": append(many, message("z", "x")), "none": {}, "a bad one": {message("y", "x"), 5}} {
		if status, answer, err := w.shop.Post(t.Context(), w.hook, list...); err != nil || status != http.StatusBadRequest || len(w.taken()) != 0 {
			t.Errorf("%s: answered %d %s, %v", name, status, answer, err)
		}
	}
}

// The webhook fails closed, and says when to come again.
func TestWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	body := []byte(`{"events":[{"type":"message","id":"1","from":{"id":"kim"},"text":"x"}]}`)
	now := time.Now()
	good := parleyhttp.Sign([]byte(secret), now, body)
	send := func(method, signature string, body []byte) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.hook, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if signature != "" {
			req.Header.Set("Parley-Signature", signature)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	for name, signature := range map[string]string{
		"none": "", "nonsense": "nonsense", "no time": strings.SplitN(good, ",", 2)[1], "no proof": strings.SplitN(good, ",", 2)[0],
		"another secret": parleyhttp.Sign([]byte("another secret, long"), now, body), "another body": parleyhttp.Sign([]byte(secret), now, []byte("x")),
		"too old": parleyhttp.Sign([]byte(secret), now.Add(-6*time.Minute), body), "from the future": parleyhttp.Sign([]byte(secret), now.Add(6*time.Minute), body),
		"two times": good + ",t=1", "later time": strings.Replace(good, "t=", "t=1", 1), "empty proof": "t=1,v1=",
	} {
		if resp := send(http.MethodPost, signature, body); resp.StatusCode != http.StatusForbidden || len(w.taken()) != 0 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	for name, signature := range map[string]string{"good": good, "old": parleyhttp.Sign([]byte(secret), now.Add(-4*time.Minute), body), "two proofs": good + ",v1=00ff", "other order": "v1=00ff," + good + ", future=1"} {
		if resp := send(http.MethodPost, signature, body); resp.StatusCode != http.StatusOK || len(w.taken()) != 1 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if resp := send(http.MethodGet, good, nil); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d", resp.StatusCode)
	}
	if resp := send(http.MethodPost, good, bytes.Repeat([]byte(" "), 16<<20+1)); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", resp.StatusCode)
	}
	w.err = channels.ErrOverloaded
	if resp := send(http.MethodPost, good, body); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("overloaded: %d", resp.StatusCode)
	}
	if w.err = context.DeadlineExceeded; send(http.MethodPost, good, body).StatusCode != http.StatusInternalServerError {
		t.Error("not stored, but taken")
	}
}

// A status, an answer and a reaction name our message by its token, which only our keys make.
func TestStatusByToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if _, err := w.channel.Send(t.Context(), outbound(5, "x")); err != nil {
		t.Fatal(err)
	}
	key := w.shop.Got()[0].Key
	second := outbound(5, "x")
	second.Attempt.Again = 1 // it failed, and a person sent it again: the shop takes it as another one
	if _, err := w.channel.Send(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if got := w.shop.Got(); len(got) != 2 || got[1].Key == key {
		t.Errorf("the shop got %+v", got)
	}
	again := w.shop.Got()[1].Key
	old := newWorld(t, func(e *channels.Env) { e.Keys = [][]byte{[]byte("newer"), []byte("new key")} })
	stranger := newWorld(t, func(e *channels.Env) { e.Keys = [][]byte{[]byte("another")} })
	for name, c := range map[string]struct {
		w     *world
		token string
		want  int64
	}{"ours": {w, key, 105}, "ours again": {w, again, 105}, "after a new key": {old, key, 105}, "another Parley's": {stranger, key, 0}, "changed": {w, strings.Replace(key, "105", "106", 1), 0},
		"cut": {w, key[:len(key)-1], 0}, "theirs": {w, "shop-1", 0}} {
		facts := c.w.post(t, map[string]any{"type": "status", "id": "s", "message": c.token, "state": "delivered"})
		in, err := c.w.channel.Decode(facts[0].Payload)
		if err != nil || in[0].Status.MessageID != c.want || !reflect.DeepEqual(in[0].Status.External, []string{c.token}) {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
		for _, e := range []map[string]any{{"type": "message", "text": "x", "reply_to": c.token}, {"type": "reaction", "emoji": "👍", "target": c.token}} {
			e["id"], e["from"] = "e", map[string]any{"id": "kim"}
			in, err := c.w.channel.Decode(c.w.post(t, e)[0].Payload)
			if err != nil || in[0].Answers.Message != c.want {
				t.Errorf("%s is about %d, %v, want %d", e["type"], in[0].Answers.Message, err, c.want)
			}
		}
	}
}

// messageEvent makes an event in which a customer says so.
func messageEvent(text string) []byte {
	raw, err := json.Marshal(parleyhttp.Event{Type: "message", ID: "1", From: &parleyhttp.Person{ID: "u"}, Text: text})
	if err != nil {
		panic(err) // it has nothing that JSON can't hold
	}
	return raw
}

// FuzzDecode: whatever the bytes are, decoding ends the same way twice, and what it takes
// is whole.
func FuzzDecode(f *testing.F) {
	for _, c := range events() {
		f.Add([]byte(c.raw))
	}
	c, err := parleyhttp.Spec().New(channels.Account{Config: config("http://127.0.0.1:1")}, channels.Env{})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range budget.Seeds() {
		f.Add(messageEvent(s))
	}
	m := budget.NewMeterFor(budget.Webhook())
	f.Fuzz(func(t *testing.T, raw []byte) {
		m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
		if long, ok := budget.Repeated(string(raw)); ok {
			event := messageEvent(long[:min(len(long), 150_000)])
			m.Check(t, len(event), func() { _, _ = c.Decode(event) })
		}
		first, err1 := c.Decode(raw)
		second, err2 := c.Decode(raw)
		if (err1 == nil) != (err2 == nil) || !reflect.DeepEqual(first, second) {
			t.Fatalf("%v %v, %v %v", first, err1, second, err2)
		}
		for _, in := range first {
			if in.Kind == "" || in.Kind != channels.InboundStatus && (in.ExternalID == "" || in.From.Key == "") {
				t.Fatalf("%+v", in)
			}
		}
	})
}

// FuzzVerify: no header passes for a body that was not signed with the secret.
func FuzzVerify(f *testing.F) {
	now := time.Unix(1790000000, 0)
	f.Add(parleyhttp.Sign([]byte("another"), now, []byte("body")), []byte("body"))
	f.Add("t=1790000000,v1=", []byte(""))
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		budget.CheckRepeated(t, m, header, func(s string) { parleyhttp.Verify([]byte(secret), now, s, body) })
		budget.CheckRepeated(t, m, body, func(b []byte) { parleyhttp.Verify([]byte(secret), now, header, b) })
		if parleyhttp.Verify([]byte(secret), now, header, body) == "" {
			t.Fatalf("%q passes", header)
		}
	})
}

// TestSettings: what can't work is refused before anything is stored or sent.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ secret, callback, private, fault string }{
		{secret, "https://shop.test/parley", "false", ""},
		{secret, "https://shop.test", "", ""},
		{secret, "http://10.0.0.1:8080/x", "true", ""},
		{"short", "https://shop.test", "false", "secret"},
		{secret, "http://shop.test", "false", "must be https"},
		{secret, "ftp://shop.test", "true", "must be https"},
		{secret, "shop.test/parley", "false", "callback_url"},
		{secret, "https://u:p@shop.test", "false", "callback_url"},
		{secret, "https://shop.test/#x", "false", "callback_url"},
		{secret, "", "false", "callback_url"},
	} {
		_, err := parleyhttp.Spec().New(channels.Account{Config: channels.Config{"secret": c.secret, "callback_url": c.callback, "allow_private": c.private}}, channels.Env{})
		if (err == nil) != (c.fault == "") || err != nil && (!strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), c.secret)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for callback, want := range map[string]string{"http://10.0.0.1:8080/x": "10.0.0.1:8080", "https://Shop.internal/x": "shop.internal:443", "http://[::1]/": "[::1]:80"} {
		if got := parleyhttp.Spec().OwnHosts(channels.Config{"callback_url": callback, "allow_private": "true"}); len(got) != 1 || got[0] != want {
			t.Errorf("%s: own hosts %q", callback, got)
		}
	}
	if got := parleyhttp.Spec().OwnHosts(channels.Config{"callback_url": "http://10.0.0.1", "allow_private": "false"}); got != nil {
		t.Errorf("not allowed, but %q", got)
	}
	c, err := parleyhttp.Spec().New(channels.Account{Config: config("http://127.0.0.1:1")}, channels.Env{})
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{" u-17 ": "u-17", "": "", "a\x00b": "", strings.Repeat("x", 300): ""} {
		p, err := c.(channels.Starter).Recipient(typed)
		if p.Key != want || (err == nil) != (want != "") || err != nil && channels.ClassOf(err) != channels.BadRecipient {
			t.Errorf("%q: %+v, %v", typed, p, err)
		}
	}
	if errors.Is(err, channels.ErrPrivateAddress) {
		t.Error("nothing was dialled yet")
	}
}

// FuzzSplit: whatever is posted with a right signature, what is accepted is named, is the
// same the next time, and can be decoded; all else is refused and stores nothing.
func FuzzSplit(f *testing.F) {
	for _, c := range events() {
		f.Add([]byte(`{"events":[` + c.raw + `]}`))
	}
	f.Add([]byte(`{"events":[{"type":"typing"},{"type":"typing"}]}`))
	for _, c := range events() {
		f.Add([]byte(c.raw)) // they are repeated as the events of one body
	}
	for _, s := range append(budget.Seeds(), "[", "{\"a\":", "[{}],") {
		f.Add([]byte(s))
	}
	var facts []channels.Fact
	c, err := parleyhttp.Spec().New(channels.Account{Config: config("http://127.0.0.1:1")}, channels.Env{
		Accept: func(_ context.Context, list ...channels.Fact) error { facts = list; return nil }})
	if err != nil {
		f.Fatal(err)
	}
	post := func(t *testing.T, body []byte) (int, []channels.Fact) {
		facts = nil
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/shop", bytes.NewReader(body))
		req.Header.Set("Parley-Signature", parleyhttp.Sign([]byte(secret), time.Now(), body))
		w := httptest.NewRecorder()
		c.(http.Handler).ServeHTTP(w, req)
		return w.Code, facts
	}
	m := budget.NewMeterFor(budget.Webhook())
	f.Fuzz(func(t *testing.T, body []byte) {
		m.Check(t, len(body), func() { post(t, body) })
		if long, ok := budget.Repeated(append(bytes.Clone(body), ',')); ok {
			batch := slices.Concat([]byte(`{"events":[`), bytes.TrimRight(long, ","), []byte("]}"))
			m.Check(t, len(batch), func() { post(t, batch) })
		}
		status, first := post(t, body)
		again, second := post(t, body)
		if status != again || !reflect.DeepEqual(first, second) || status != http.StatusOK && (status != http.StatusBadRequest || first != nil) {
			t.Fatalf("%d %+v, then %d %+v", status, first, again, second)
		}
		for _, fact := range first {
			if in, err := c.Decode(fact.Payload); err != nil || len(in) != 1 || fact.ExternalID == "" || len(fact.ExternalID) > 500 || fact.OrderKey == "" || fact.Quarantine != "" {
				t.Fatalf("%+v: %+v, %v", fact, in, err)
			}
		}
	})
}
