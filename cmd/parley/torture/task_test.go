package torture

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// wantNone checks that no errand is to be done.
func (q *taskQueue) wantNone(t *testing.T) {
	t.Helper()
	if q.isAnyOpen() {
		t.Error("an errand is open, want none")
	}
	if one, ok := q.next(); ok {
		t.Errorf("the next errand is %q, want none", one.kind)
	}
}

// Whoever sends an errand learns whether it was done. It is taken off the list when he stops waiting for it.
func TestErrands(t *testing.T) {
	t.Parallel()
	var e taskQueue
	e.wantNone(t)
	if e.runAndWait(t.Context(), taskFloodSender, time.Millisecond) {
		t.Error("send reports that an errand was done, which nobody did")
	}
	e.wantNone(t)

	done := make(chan bool, 1)
	go func() { done <- e.runAndWait(t.Context(), taskFloodAccount, time.Minute) }()
	for {
		if one, ok := e.next(); ok {
			if one.kind != taskFloodAccount {
				t.Errorf("the errand is %q, want %q", one.kind, taskFloodAccount)
			}
			e.wantNone(t)
			close(one.done)
			break
		}
		if !pause.For(t.Context(), time.Millisecond) {
			t.Fatal("the errand is not on the list")
		}
	}
	if !<-done {
		t.Error("send reports that an errand was not done, which was")
	}
}

// recordingEmulators answers the driver in the place of the emulators, and keeps the requests.
type recordingEmulators struct {
	mu      sync.Mutex
	asks    map[string][]string // bodies by path
	answers map[string]string   // by path; {} unless said otherwise
}

func (c *recordingEmulators) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body) // a request without a body asks for something
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks[r.URL.Path] = append(c.asks[r.URL.Path], string(body))
	_, _ = w.Write([]byte(cmp.Or(c.answers[r.URL.Path], `{}`)))
}

// answer says what the emulators answer from now on.
func (c *recordingEmulators) answer(path, with string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[path] = with
}

// newTestDriver returns a driver whose customers write to emulators that only record it.
func newTestDriver(t *testing.T, o Options) (*driver, *recordingEmulators) {
	t.Helper()
	c := &recordingEmulators{asks: map[string][]string{}, answers: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return newDriver(emulators.Client{Slack: server.URL, Mail: server.URL, Chats: o.Chats}, o), c
}

// One customer, or all of an account in turn, write a flood of mails. Each is sent once and is in the ledger, and none counts as
// one of the mails that were to be written anyway.
func TestFlood(t *testing.T) {
	t.Parallel()
	for what, wantWriters := range map[task]int{taskFloodSender: 1, taskFloodAccount: minConversations} {
		o := Options{Mails: 6, Flow: 20 * time.Second}
		d, recorder := newTestDriver(t, o)
		runErrand(t, d, what)
		writers := map[int]bool{}
		for _, r := range d.history {
			writers[r.Conversation] = true
		}
		if len(writers) != wantWriters {
			t.Errorf("%s: %d customers wrote, want %d", what, len(writers), wantWriters)
		}
		for where, got := range map[string]int{
			"in the ledger": len(d.history),
			"counted":       d.counts.Mails,
			"sent":          len(recorder.asks["/_fake/mail/send"]),
		} {
			if got != o.floodSize() {
				t.Errorf("%s: %d mails are %s, want %d", what, got, where, o.floodSize())
			}
		}
		if d.mailsLeft != o.Mails {
			t.Errorf("%s: %d mails are still to be written, want %d", what, d.mailsLeft, o.Mails)
		}
	}
}

// The customers of an account all write by the same kind of channel.
func TestPickAccountTalks(t *testing.T) {
	t.Parallel()
	d := newDriver(emulators.Client{Chats: true}, Options{Mails: 90, Chats: true})
	for range 10 {
		list := d.pickAccountConversations()
		if len(list) == 0 || slices.ContainsFunc(list, func(t *conversation) bool { return t.kind != list[0].kind }) {
			t.Errorf("got %d customers %+v, want some who write by one kind of channel", len(list), list)
		}
	}
}

// An event that can't be read comes between two messages of a customer. It belongs to her conversation, and names no sender.
func TestPoison(t *testing.T) {
	t.Parallel()
	d, recorder := newTestDriver(t, Options{Mails: 90, Chats: true})
	runErrand(t, d, taskPoisonEvent)
	if len(d.history) != 2 || d.history[0].Conversation != d.history[1].Conversation {
		t.Fatalf("said: got %+v, want two messages of one customer", d.history)
	}
	if want := []string{"m:" + poisonID(1)}; d.counts.Poisons != 1 || !slices.Equal(d.poisons, want) {
		t.Errorf("poisons: got %d, %q; want %q", d.counts.Poisons, d.poisons, want)
	}
	hooks := recorder.asks["/_fake/chat/hook"]
	if len(hooks) != 1 {
		t.Fatalf("got %d webhooks, want 1", len(hooks))
	}
	if strings.Contains(hooks[0], `"from`) {
		t.Errorf("the webhook names a sender: %s", hooks[0])
	}
	if user := emulators.WhatsAppUser(d.history[0].Conversation); !strings.Contains(hooks[0], user) {
		t.Errorf("the webhook doesn't name the customer %s: %s", user, hooks[0])
	}
}

// A mail that ends the process that applies it comes between two others of its customer. It does so when its text is applied, not
// when the mail arrives.
func TestDeadlyMail(t *testing.T) {
	t.Parallel()
	o := Options{Mails: 90, Chats: true}
	d, _ := newTestDriver(t, o)
	runErrand(t, d, taskCrashingMail)
	if len(d.history) != 3 || d.history[0].Conversation != d.history[2].Conversation {
		t.Fatalf("said: got %+v, want three messages, the first and the last of one customer", d.history)
	}
	if d.counts.FailingMails != 1 || d.mailsLeft != o.Mails {
		t.Errorf("got %d hard mails, and %d mails still to be written; want 1 and %d", d.counts.FailingMails, d.mailsLeft, o.Mails)
	}
	before, deadly := d.history[0], d.history[1]
	if got := d.failing.crashing.list(); !slices.Equal(got, []checker.Marker{deadly.Marker}) {
		t.Errorf("deadly: got %v, want %v", got, deadly.Marker)
	}
	if got := emulators.ChatKindOf(deadly.Conversation, true); got != emulators.ByMail {
		t.Errorf("its customer writes by %v, want mail", got)
	}
	text := "Please look at " + deadly.Marker.String() + "."
	for _, c := range []struct {
		name, written string // to the database
		want          bool
	}{
		{name: "its text", written: text, want: true},
		{name: "the mail", written: "Subject: x\r\n\r\n" + text},
		{name: "another text", written: before.Marker.String()},
	} {
		if got := d.failing.isApplyingCrashing(nil, []byte(c.written)); got != c.want {
			t.Errorf("%s is written: got applying %t, want %t", c.name, got, c.want)
		}
	}
}

// runNextTask has a driver do one errand.
func runErrand(t *testing.T, d *driver, what task) {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), 5*time.Minute)
	defer end()
	done := make(chan bool, 1)
	go func() { done <- d.tasks.runAndWait(ctx, what, 5*time.Minute) }()
	for ok := false; !ok; {
		var err error
		if ok, err = d.runNextTask(ctx); err != nil {
			t.Fatal(err)
		}
		if !pause.For(ctx, time.Millisecond) {
			t.Fatalf("%s: the driver found no errand to do", what)
		}
	}
	if !<-done {
		t.Errorf("%s: send reports that it was not done", what)
	}
}

// Half of the receipts for another system's messages are about customers of ours, and each is about a message of its own.
func TestForeignReceipts(t *testing.T) {
	t.Parallel()
	o := Options{Mails: 90, Chats: true, Flow: 20 * time.Second}
	d, recorder := newTestDriver(t, o)
	c := &injector{client: d.client, driver: d, opt: o}
	if err := c.sendForeignReceipts(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(recorder.asks["/_fake/chat/hook"], "")
	ids := map[string]bool{}
	for _, part := range strings.Split(all, "wamid.foreign-")[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids[id] = true
	}
	want := o.floodSize() * receiptsEach
	if len(ids) != want {
		t.Errorf("receipts for %d messages, want %d", len(ids), want)
	}
	for _, user := range []string{"US.torture", "US.foreign"} {
		if got := strings.Count(all, user); got != want/2 {
			t.Errorf("receipts about %s: got %d, want %d", user, got, want/2)
		}
	}
}
