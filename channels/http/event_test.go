package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"parley/channels"
	"parley/channels/emulator"
	"parley/channels/golden"
	parleyhttp "parley/channels/http"
)

// event is an event that a system may post to the webhook.
type event struct {
	raw   string
	fault string // what the webhook says is wrong with it; "" if it is taken
	finer bool   // the webhook looks closer than a schema can
	want  channels.Inbound
}

func events() []event {
	kim := channels.Party{Key: "kim", Name: "Kim"}
	from := `"from":{"id":"kim","name":"Kim"}`
	message := `{"type":"message","id":"1",` + from // to be continued
	at, newYear := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	return []event{
		{raw: `{"type":"message","id":"m1",` + from + `,"at":"2026-11-20T12:00:00Z","subject":"S","text":"Hi",` +
			`"reply_to":"p1","chosen":"yes","future":[1]}`,
			want: channels.Inbound{
				Kind: channels.InboundMessage, ExternalID: "m1", From: kim, At: at, Subject: "S", Text: "Hi",
				Answers: channels.Answers{External: "p1"}, Chosen: "yes",
			}},
		{raw: `{"type":"message","id":"m2",` + from + `,"attachments":[` +
			`{"name":"a.txt","type":"text/csv","content":"aGVsbG8="},{"url":"https://x.test/a/b.png?s=1","size":5},` +
			`{"url":"https://x.test"},{"url":"https://x.test/"}]}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m2", From: kim, Attachments: []channels.Attachment{
				{Name: "a.txt", ContentType: "text/csv", Content: []byte("hello")},
				{Name: "b.png", ContentType: "image/png", Ref: "https://x.test/a/b.png?s=1", SizeBytes: 5},
				{Name: "file", ContentType: "application/octet-stream", Ref: "https://x.test"},
				{Name: "file", ContentType: "application/octet-stream", Ref: "https://x.test/"}}}},
		{raw: `{"type":"message","id":"m3",` + from + `,"at":"2026-11-20t12:00:00Z","text":"Hi"}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m3", From: kim, At: at, Text: "Hi"}},
		{raw: `{"type":"message","id":"m4",` + from + `,"at":"2026-11-20t12:00:00z","text":"Hi"}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m4", From: kim, At: at, Text: "Hi"}},
		{raw: `{"type":"message","id":"m5",` + from + `,"at":"2016-12-31T23:59:60Z","text":"Hi"}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m5", From: kim, At: newYear, Text: "Hi"}},
		{raw: `{"type":"message","id":"m6",` + from + `,"at":"2026-11-21T11:59:00+23:59","text":"Hi"}`, // PostgreSQL has no such zone
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m6", From: kim, At: at, Text: "Hi"}},
		{raw: `{"type":"message","id":"m7","ID":4711,"from":{"id":"kim","name":"Kim","ID":"4711"},"text":"Hi","Text":"Ho"}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m7", From: kim, Text: "Hi"}},
		{raw: `{"type":"message","id":"m8","from":{"id":"kim","name":"Kim","ID":"4711"},"text":"Hi"}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m8", From: kim, Text: "Hi"}},
		{raw: `{"type":"edit","id":"e1",` + from + `,"target":"m1","text":"Ho"}`,
			want: channels.Inbound{Kind: channels.InboundEdit, ExternalID: "e1", From: kim, Change: channels.Change{Target: "m1"}, Text: "Ho"}},
		{raw: `{"type":"delete","id":"e2",` + from + `,"target":"m1"}`,
			want: channels.Inbound{Kind: channels.InboundDelete, ExternalID: "e2", From: kim, Change: channels.Change{Target: "m1"}}},
		{raw: `{"type":"reaction","id":"e3",` + from + `,"target":"m1","emoji":"👍"}`,
			want: channels.Inbound{Kind: channels.InboundReaction, ExternalID: "e3", From: kim, Change: channels.Change{Target: "m1", Emoji: "👍"}}},
		{raw: `{"type":"status","id":"e4","message":"shop-1","state":"read"}`,
			want: channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{State: channels.StateRead, External: []string{"shop-1"}}}},
		{raw: `{"type":"status","id":"e5","message":"shop-1","state":"failed","reason":"moved"}`,
			want: channels.Inbound{Kind: channels.InboundStatus, Status: &channels.Status{
				State: channels.StateFailed, External: []string{"shop-1"}, Reason: "moved", Class: channels.BadContent}}},

		{raw: `{"type":"riddle","id":"1"}`, fault: "events[0]: type is none of"},
		{raw: `[]`, fault: "events[0]: it isn't an object"},
		{raw: `{"type":"message","id":5}`, fault: "events[0]: id is not of the right type"},
		{raw: `{"type":"message",` + from + `,"text":"x"}`, fault: "events[0]: id is missing"},
		{raw: `{"type":"message","id":" x",` + from + `,"text":"x"}`, fault: "id has blanks"},
		{raw: `{"type":"message","id":"broken \ufffd",` + from + `,"text":"x"}`, fault: "control characters", finer: true},
		{raw: `{"type":"message","id":"` + strings.Repeat("x", 201) + `",` + from + `,"text":"x"}`, fault: "id is longer"},
		{raw: `{"type":"message","id":"1","text":"x"}`, fault: "from is missing"},
		{raw: `{"type":"message","id":"1","from":{},"text":"x"}`, fault: "from.id is missing"},
		{raw: message + `}`, fault: "both empty"},
		{raw: message + `,"text":" "}`, fault: "both empty", finer: true},
		{raw: message + `,"text":"` + strings.Repeat("x", 40_001) + `"}`, fault: "text is longer"},
		{raw: message + `,"attachments":[{"name":"x"}]}`, fault: "attachments[0] needs either"},
		{raw: message + `,"attachments":[{"content":"eA==","url":"https://x.test"}]}`, fault: "attachments[0] needs either"},
		{raw: message + `,"attachments":[{"url":"file:///etc/passwd"}]}`, fault: "attachments[0].url", finer: true},
		{raw: message + `,"attachments":[{"url":"https://x.test/` + strings.Repeat("x", 2000) + `"}]}`, fault: "attachments[0].url"},
		{raw: message + `,"attachments":[{"url":"http://x.test/a"}]}`, fault: "attachments[0].url", finer: true},
		{raw: message + `,"attachments":[` + strings.Repeat(`{"content":"eA=="},`, 10) + `{"content":"eA=="}]}`, fault: "more than 10"},
		{raw: message + `,"text":"x","at":"2026-11-20T12:00:00"}`, fault: "events[0]: at isn't a time", finer: true},
		{raw: message + `,"text":"x","at":"2016-12-31T23:58:60Z"}`, fault: "events[0]: at isn't a time", finer: true},
		{raw: message + `,"text":"x","at":"2026-11-20T12:00:00+24:00"}`, fault: "events[0]: at isn't a time"},
		{raw: message + `,"text":"x","at":"2026-11-20T12:00:00-24:00"}`, fault: "events[0]: at isn't a time"},
		{raw: message + `,"text":"x","at":"0000-12-31T19:03:58-04:56"}`, fault: "events[0]: at is not between", finer: true},
		{raw: message + `,"text":"x","at":"9999-12-31T23:59:59Z"}`, fault: "events[0]: at is not between", finer: true},
		{raw: message + `,"text":"x","at":1790000000}`, fault: "events[0]: at isn't a time"},
		{raw: message + `,"attachments":[{"content":"eA=="},{"content":"-_-_"}]}`, fault: "attachments[1].content is no base64", finer: true},
		{raw: `{"type":"edit","id":"1",` + from + `,"target":"m1"}`, fault: "text is empty"},
		{raw: `{"type":"edit","id":"1",` + from + `,"text":"x"}`, fault: "target is missing"},
		{raw: `{"type":"reaction","id":"1",` + from + `}`, fault: "target is missing"},
		{raw: `{"type":"reaction","id":"1",` + from + `,"target":"m","emoji":"` + strings.Repeat("x", 101) + `"}`, fault: "emoji"},
		{raw: `{"type":"message","id":"m6",` + from + `,"attachments":[` +
			`{"name":"a.png","type":"image/png","url":"https://x.test/a","size":48213.0}]}`,
			want: channels.Inbound{Kind: channels.InboundMessage, ExternalID: "m6", From: kim, Attachments: []channels.Attachment{
				{Name: "a.png", ContentType: "image/png", Ref: "https://x.test/a", SizeBytes: 48213}}}},
		{raw: message + `,"attachments":[{"url":"https://x.test/a","size":1.5}]}`, fault: "size is not of the right type"},
		{raw: message + `,"attachments":[{"url":"https://x.test/a","size":"5"}]}`, fault: "size is not of the right type"},
		{raw: message + `,"text":"x","chosen":"` + strings.Repeat("x", 2001) + `"}`, fault: "chosen"},
		{raw: message + `,"text":"x","reply_to":"` + strings.Repeat("x", 2001) + `"}`, fault: "reply_to"},
		{raw: `{"type":"message","id":"` + strings.Repeat("€", 134) + `",` + from + `,"text":"x"}`,
			fault: "id is longer than 200 characters or 400 bytes", finer: true},
		{raw: `{"type":"status","id":"1","message":"x","state":"eaten"}`, fault: "state is none of"},
		{raw: `{"type":"status","id":"1","state":"read"}`, fault: "message is missing"},
	}
}

// TestEvents: the webhook reads each kind of event, or refuses it and says what is wrong with it.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, c := range events() {
		w := newWorld(t, nil)
		status, answer, err := w.shop.Post(t.Context(), w.hook, json.RawMessage(c.raw))
		noError(t, err)
		facts, what, wantStatus, wantFacts := w.takeFacts(), fmt.Sprintf("%.80s: ", c.raw), http.StatusOK, 1
		if c.fault != "" {
			wantStatus, wantFacts = http.StatusBadRequest, 0
			wantText(t, what+"answer", answer, c.fault)
		}
		wantEqual(t, what+"status", status, wantStatus)
		wantEqual(t, what+"facts", len(facts), wantFacts)
		for _, f := range facts {
			if got := decodeOne(t, w.channel, f.Payload); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s became\n%+v, want\n%+v", c.raw, got, c.want)
			}
		}
	}
}

// A thousand events in one request are accepted in their order. A request with more events, with none, or with a bad one
// is refused as a whole. Typing isn't a fact, so it isn't stored.
func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const most = 1000
	var many []any
	var want []string
	for i := range most {
		many = append(many, message(fmt.Sprint("m-", i), "x"))
		want = append(want, fmt.Sprint("message:m-", i))
	}

	var got []string
	for _, f := range w.post(t, many...) {
		got = append(got, f.ExternalID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the batch became %d facts %q, want %d in its order", len(got), got, most)
	}

	wantEqual(t, "facts of typing", len(w.post(t, map[string]any{"type": "typing"})), 0)

	for name, list := range map[string][]any{"too many": append(many, message("z", "x")), "none": {}, "a bad one": {message("y", "x"), 5}} {
		status, _, err := w.shop.Post(t.Context(), w.hook, list...)
		if err != nil {
			t.Error(err)
		}
		wantEqual(t, name+": status", status, http.StatusBadRequest)
		wantEqual(t, name+": facts", len(w.takeFacts()), 0)
	}
}

// The webhook refuses each request without a recent signature of our secret, and takes those with one. When Parley is
// overloaded, it says when to come again.
func TestWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	body := []byte(`{"events":[{"type":"message","id":"1","from":{"id":"kim"},"text":"x"}]}`)
	now := time.Now()
	good := parleyhttp.Sign([]byte(secret), now, body)

	send := func(method, signature string, body []byte) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.hook, bytes.NewReader(body))
		noError(t, err)
		if signature != "" {
			req.Header.Set("Parley-Signature", signature)
		}
		resp, err := emulator.NewClient().Do(req)
		noError(t, err)
		_ = resp.Body.Close()
		return resp
	}

	signedTime, proof, _ := strings.Cut(good, ",")
	for name, signature := range map[string]string{
		"none":            "",
		"nonsense":        "nonsense",
		"no time":         proof,
		"no proof":        signedTime,
		"another secret":  parleyhttp.Sign([]byte("another secret, long"), now, body),
		"another body":    parleyhttp.Sign([]byte(secret), now, []byte("x")),
		"too old":         parleyhttp.Sign([]byte(secret), now.Add(-6*time.Minute), body),
		"from the future": parleyhttp.Sign([]byte(secret), now.Add(6*time.Minute), body),
		"two times":       good + ",t=1",
		"later time":      strings.Replace(good, "t=", "t=1", 1),
		"empty proof":     "t=1,v1=",
	} {
		wantEqual(t, name+": status", send(http.MethodPost, signature, body).StatusCode, http.StatusForbidden)
		wantEqual(t, name+": facts", len(w.takeFacts()), 0)
	}

	for name, signature := range map[string]string{
		"good":        good,
		"old":         parleyhttp.Sign([]byte(secret), now.Add(-4*time.Minute), body),
		"two proofs":  good + ",v1=00ff",
		"other order": "v1=00ff," + good + ", future=1",
	} {
		wantEqual(t, name+": status", send(http.MethodPost, signature, body).StatusCode, http.StatusOK)
		wantEqual(t, name+": facts", len(w.takeFacts()), 1)
	}

	broken := httptest.NewRecorder()
	w.channel.(http.Handler).ServeHTTP(broken, httptest.NewRequest(http.MethodPost, "/hooks/shop", iotest.ErrReader(io.ErrUnexpectedEOF)))
	wantEqual(t, "broken off", broken.Code, http.StatusBadRequest)
	resp := send(http.MethodGet, good, nil)
	wantEqual(t, "GET", resp.StatusCode, http.StatusMethodNotAllowed)
	wantEqual(t, "methods that are allowed", resp.Header.Get("Allow"), "POST")
	tooLong := bytes.Repeat([]byte(" "), 16<<20+1)
	wantEqual(t, "too long", send(http.MethodPost, good, tooLong).StatusCode, http.StatusRequestEntityTooLarge)

	w.err = channels.ErrOverloaded
	resp = send(http.MethodPost, good, body)
	wantEqual(t, "overloaded", resp.StatusCode, http.StatusServiceUnavailable)
	wantEqual(t, "overloaded: it says when to come again", resp.Header.Get("Retry-After") != "", true)
	w.err = context.DeadlineExceeded
	wantEqual(t, "not stored", send(http.MethodPost, good, body).StatusCode, http.StatusInternalServerError)
}

// messageEvent makes an event in which a customer writes a text.
func messageEvent(text string) []byte {
	raw, err := json.Marshal(parleyhttp.Event{Type: "message", ID: "1", From: &parleyhttp.Person{ID: "u"}, Text: text})
	if err != nil {
		panic(err) // it has nothing that JSON can't hold
	}
	return raw
}

// FuzzDecode: decoding gives the same result twice for any bytes, and each message that it gives has a kind, an id and a
// sender.
func FuzzDecode(f *testing.F) {
	for _, c := range events() {
		f.Add([]byte(c.raw))
	}
	c := newChannel(f, "http://127.0.0.1:1", channels.Env{})
	for _, s := range golden.Seeds() {
		f.Add(messageEvent(s))
	}
	m := golden.NewMeterFor(golden.Webhook())
	f.Fuzz(func(t *testing.T, raw []byte) {
		m.Check(t, len(raw), func() { _, _ = c.Decode(raw) })
		if long, ok := golden.Repeated(string(raw)); ok {
			event := messageEvent(long[:min(len(long), 150_000)])
			m.Check(t, len(event), func() { _, _ = c.Decode(event) })
		}
		first, err1 := c.Decode(raw)
		second, err2 := c.Decode(raw)
		if (err1 == nil) != (err2 == nil) || !reflect.DeepEqual(first, second) {
			t.Fatalf("decoded as %v, %v; the second time as %v, %v", first, err1, second, err2)
		}
		for _, in := range first {
			if in.Kind == "" || in.Kind != channels.InboundStatus && (in.ExternalID == "" || in.From.Key == "") {
				t.Fatalf("an inbound without kind, id or sender: %+v", in)
			}
		}
	})
}

// FuzzVerify: no signature passes for a body that wasn't signed with the secret.
func FuzzVerify(f *testing.F) {
	now := time.Unix(1790000000, 0)
	f.Add(parleyhttp.Sign([]byte("another"), now, []byte("body")), []byte("body"))
	f.Add("t=1790000000,v1=", []byte(""))
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		golden.CheckRepeated(t, m, header, func(s string) { parleyhttp.Verify([]byte(secret), now, s, body) })
		golden.CheckRepeated(t, m, body, func(b []byte) { parleyhttp.Verify([]byte(secret), now, header, b) })
		if parleyhttp.Verify([]byte(secret), now, header, body) == "" {
			t.Fatalf("%q passes", header)
		}
	})
}

// FuzzSplit: a body with a right signature has the same result twice. If it is accepted, each fact has an id and an order
// key and can be decoded. If it is refused, nothing is stored.
func FuzzSplit(f *testing.F) {
	for _, c := range events() {
		f.Add([]byte(`{"events":[` + c.raw + `]}`))
	}
	f.Add([]byte(`{"events":[{"type":"typing"},{"type":"typing"}]}`))
	for _, c := range events() {
		f.Add([]byte(c.raw)) // they are repeated as the events of one body
	}
	for _, s := range append(golden.Seeds(), "[", "{\"a\":", "[{}],") {
		f.Add([]byte(s))
	}
	var facts []channels.Fact // that were accepted last
	c := newChannel(f, "http://127.0.0.1:1", channels.Env{
		Accept: func(_ context.Context, list ...channels.Fact) error { facts = list; return nil }})
	post := func(t *testing.T, body []byte) (int, []channels.Fact) {
		facts = nil
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/shop", bytes.NewReader(body))
		req.Header.Set("Parley-Signature", parleyhttp.Sign([]byte(secret), time.Now(), body))
		w := httptest.NewRecorder()
		c.(http.Handler).ServeHTTP(w, req)
		return w.Code, facts
	}
	m := golden.NewMeterFor(golden.Webhook())
	f.Fuzz(func(t *testing.T, body []byte) {
		m.Check(t, len(body), func() { post(t, body) })
		if long, ok := golden.Repeated(append(bytes.Clone(body), ',')); ok {
			batch := slices.Concat([]byte(`{"events":[`), bytes.TrimRight(long, ","), []byte("]}"))
			m.Check(t, len(batch), func() { post(t, batch) })
		}
		status, first := post(t, body)
		again, second := post(t, body)
		if status != again || !reflect.DeepEqual(first, second) {
			t.Fatalf("answered %d with %+v; the second time %d with %+v", status, first, again, second)
		}
		if status != http.StatusOK && (status != http.StatusBadRequest || first != nil) {
			t.Fatalf("answered %d and accepted %+v, want 200, or 400 with nothing accepted", status, first)
		}
		for _, fact := range first {
			decodeOne(t, c, fact.Payload)
			if fact.ExternalID == "" || len(fact.ExternalID) > 500 || fact.OrderKey == "" || fact.Quarantine != "" {
				t.Fatalf("a fact without a usable id or order key, or in quarantine: %+v", fact)
			}
		}
	})
}
