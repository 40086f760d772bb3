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
	"parley/store/storetest"
)

// A task is what people write for one fault, such as a flood of mails. The injector queues it, and the driver, which
// plays the people, carries it out. These tests check the queue and what the driver does for each task.

// A task that the driver has done is reported as done.
func TestRunTask(t *testing.T) {
	t.Parallel()
	var q taskQueue
	done := make(chan bool, 1)
	go func() { done <- q.runAndWait(t.Context(), taskFloodAccount, time.Minute) }()
	next := waitForTask(t, &q)
	if next.kind != taskFloodAccount {
		t.Errorf("the task is %q, want %q", next.kind, taskFloodAccount)
	}
	close(next.done)
	if !<-done {
		t.Error("runAndWait reports that the task was not done")
	}
}

// waitForTask takes the first task out of a queue, once there is one.
func waitForTask(t *testing.T, q *taskQueue) queuedTask {
	t.Helper()
	var next queuedTask
	waitUntil(t, "a task in the queue", func() (ok bool) { next, ok = q.next(); return ok })
	return next
}

// A task that waits too long is reported as not done, and is removed from the queue.
func TestRunTaskTooLate(t *testing.T) {
	t.Parallel()
	var q taskQueue
	if q.runAndWait(t.Context(), taskFloodSender, time.Millisecond) {
		t.Error("runAndWait reports that a task was done, which nobody did")
	}
	wantNoTask(t, &q)
}

// A task is taken out of the queue once.
func TestNextTaskIsTakenOnce(t *testing.T) {
	t.Parallel()
	var q taskQueue
	wantNoTask(t, &q)
	go q.runAndWait(t.Context(), taskFloodAccount, time.Minute)
	close(waitForTask(t, &q).done)
	wantNoTask(t, &q)
}

// wantNoTask checks that no task waits.
func wantNoTask(t *testing.T, q *taskQueue) {
	t.Helper()
	if q.isAnyWaiting() {
		t.Error("a task waits, want none")
	}
	if next, ok := q.next(); ok {
		t.Errorf("the next task is %q, want none", next.kind)
	}
}

// recordingEmulators answers the driver in the place of the emulators, and keeps the requests.
type recordingEmulators struct {
	mu      sync.Mutex
	asks    map[string][]string // bodies by path
	answers map[string]string   // by path; {} for others
}

func (c *recordingEmulators) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body) // a request may have no body
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks[r.URL.Path] = append(c.asks[r.URL.Path], string(body))
	_, _ = w.Write([]byte(cmp.Or(c.answers[r.URL.Path], `{}`)))
}

// answer sets the emulators' answer for a path.
func (c *recordingEmulators) answer(path, with string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[path] = with
}

// newTestDriver returns a driver whose customers write to emulators that only record it.
func newTestDriver(t *testing.T, o Options) (*driver, *recordingEmulators) {
	t.Helper()
	c := &recordingEmulators{asks: map[string][]string{}, answers: map[string]string{"/_fake/mail/inbox": "[]"}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return newDriver(emulators.Client{Slack: server.URL, Mail: server.URL, Chats: o.Chats}, o), c
}

// A flood of one sender is written by one customer.
func TestFloodOfSender(t *testing.T) {
	t.Parallel()
	checkFlood(t, taskFloodSender, 1)
}

// A flood of an account is written by all of its customers.
func TestFloodOfAccount(t *testing.T) {
	t.Parallel()
	checkFlood(t, taskFloodAccount, minConversations)
}

// checkFlood runs a task and checks how many customers write the flood. Each mail must be sent once and recorded. The
// flood must not count as mails that were planned anyway.
func checkFlood(t *testing.T, kind task, wantWriters int) {
	t.Helper()
	o := Options{Mails: 6, Flow: 20 * time.Second}
	d, recorder := newTestDriver(t, o)
	runTask(t, d, kind)

	writers := map[int]bool{}
	for _, op := range d.history {
		writers[op.Conversation] = true
	}
	if len(writers) != wantWriters {
		t.Errorf("%d customers wrote, want %d", len(writers), wantWriters)
	}

	want := o.floodSize()
	if got := len(d.history); got != want {
		t.Errorf("the history has %d mails, want %d", got, want)
	}
	if got := d.counts.Mails; got != want {
		t.Errorf("%d mails are counted, want %d", got, want)
	}
	if got := len(recorder.asks["/_fake/mail/send"]); got != want {
		t.Errorf("%d mails were sent, want %d", got, want)
	}
	if d.mailsLeft != o.Mails {
		t.Errorf("%d mails are still to be written, want %d", d.mailsLeft, o.Mails)
	}
}

// Even in the smallest runs, one customer by mail has somebody in copy, and that customer's mailbox isn't gone.
func TestCustomerWithCopy(t *testing.T) {
	t.Parallel()
	for _, chats := range []bool{false, true} {
		found := 0
		for _, c := range newDriver(emulators.Client{Chats: chats}, Options{Mails: 1, Chats: chats}).conversations {
			if c.kind != emulators.ByMail || len(emulators.CopyAddresses(c.number)) == 0 {
				continue
			}
			found++
			if c.bounces {
				t.Errorf("chats %t: mail to customer %d bounces", chats, c.number)
			}
		}
		if found != 1 {
			t.Errorf("chats %t: %d customers have somebody in copy, want 1", chats, found)
		}
	}
}

// The customers of an account all write by the same kind of channel.
func TestPickAccountConversations(t *testing.T) {
	t.Parallel()
	d := newDriver(emulators.Client{Chats: true}, Options{Mails: 90, Chats: true})
	for range picks {
		list := pickAccountConversations(d)
		if len(list) == 0 {
			t.Fatal("got no conversation, want some")
		}
		for _, c := range list {
			if c.kind != list[0].kind {
				t.Errorf("conversation %d is by %q, want %q like conversation %d", c.number, c.kind, list[0].kind, list[0].number)
			}
		}
	}
}

// runPoison runs the task of a poison event, which can't be applied. It returns the driver, and the webhook with the
// event.
func runPoison(t *testing.T) (d *driver, webhook string) {
	t.Helper()
	d, recorder := newTestDriver(t, Options{Mails: 90, Chats: true})
	runTask(t, d, taskPoisonEvent)
	webhooks := recorder.asks["/_fake/chat/hook"]
	if len(webhooks) != 1 {
		t.Fatalf("got %d webhooks, want 1", len(webhooks))
	}
	return d, webhooks[0]
}

// A poison event comes between two messages of a customer, and belongs to that customer's conversation.
func TestPoisonIsInConversation(t *testing.T) {
	t.Parallel()
	d, webhook := runPoison(t)
	if len(d.history) != 2 {
		t.Fatalf("history: got %+v, want two messages", d.history)
	}
	before, behind := d.history[0], d.history[1]
	if before.Conversation != behind.Conversation {
		t.Errorf("the messages are of the conversations %d and %d, want one", before.Conversation, behind.Conversation)
	}
	if user := emulators.WhatsAppUser(before.Conversation); !strings.Contains(webhook, user) {
		t.Errorf("the webhook doesn't name the customer %s: %s", user, webhook)
	}
}

// A poison event names no sender, so that it can't be applied.
func TestPoisonHasNoSender(t *testing.T) {
	t.Parallel()
	_, webhook := runPoison(t)
	if strings.Contains(webhook, `"from`) {
		t.Errorf("the webhook names a sender: %s", webhook)
	}
}

// The driver counts and records the poison events, which Parley has to put into quarantine.
func TestPoisonIsRecorded(t *testing.T) {
	t.Parallel()
	d, _ := runPoison(t)
	if d.counts.Poisons != 1 {
		t.Errorf("got %d poison events counted, want 1", d.counts.Poisons)
	}
	if want := []string{poisonWords(1)}; !slices.Equal(d.poisons, want) {
		t.Errorf("got %q, want %q", d.poisons, want)
	}
}

// A crashing mail ends the process that applies it. It comes between two other mails of its customer.
func TestCrashingMail(t *testing.T) {
	t.Parallel()
	o := Options{Mails: 90, Chats: true}
	d, _ := newTestDriver(t, o)
	runTask(t, d, taskCrashingMail)
	if len(d.history) != 3 {
		t.Fatalf("history: got %+v, want three messages", d.history)
	}
	before, crashing, behind := d.history[0], d.history[1], d.history[2]
	if before.Conversation != behind.Conversation {
		t.Errorf("the first and last message are of the conversations %d and %d, want one", before.Conversation, behind.Conversation)
	}

	for _, op := range d.history {
		if got, want := d.failing.crashing.has(op.Marker), op.Marker == crashing.Marker; got != want {
			t.Errorf("%s ends the process: got %t, want %t", op.Marker, got, want)
		}
	}

	if got := emulators.ChatKindOf(crashing.Conversation, o.Chats); got != emulators.ByMail {
		t.Errorf("the customer writes by %q, want mail", got)
	}
	if d.counts.FailingMails != 1 {
		t.Errorf("got %d failing mails counted, want 1", d.counts.FailingMails)
	}
	if d.mailsLeft != o.Mails {
		t.Errorf("%d mails are still to be written, want %d", d.mailsLeft, o.Mails)
	}
}

// A crashing mail ends the process when its text is applied, not when the mail is accepted.
func TestIsApplyingCrashing(t *testing.T) {
	t.Parallel()
	crashing := checker.Marker{Kind: checker.Inbound, Conversation: 1, Number: 2}
	another := checker.Marker{Kind: checker.Inbound, Conversation: 1, Number: 1}
	text := "Please look at " + crashing.String() + "."
	for _, tt := range []struct {
		name    string
		written string // to the database
		want    bool
	}{
		{name: "its text", written: text, want: true},
		{name: "the mail", written: "Subject: x\r\n\r\n" + text, want: false},
		{name: "the text of another mail", written: another.String(), want: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var f failingMails
			f.crashing.add(crashing)
			if got := f.isApplyingCrashing(nil, []byte(tt.written)); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// runTask lets a driver do one task.
func runTask(t *testing.T, d *driver, kind task) {
	t.Helper()
	const timeout = 5 * time.Minute // on a busy machine
	ctx, end := context.WithTimeout(t.Context(), timeout)
	defer end()
	done := make(chan bool, 1)
	go func() { done <- d.tasks.runAndWait(ctx, kind, timeout) }()
	for hasRun := false; !hasRun; {
		var err error
		if hasRun, err = d.runNextTask(ctx); err != nil {
			t.Fatal(err)
		}
		if !pause.For(ctx, time.Millisecond) {
			t.Fatalf("%s: the driver found no task to do", kind)
		}
	}
	if !<-done {
		t.Errorf("%s: runAndWait reports that it was not done", kind)
	}
}

// sendTestReceipts sends a flood of another system's receipts. It returns the webhooks as one text, and the number of
// receipts that there must be.
func sendTestReceipts(t *testing.T) (webhooks string, want int) {
	t.Helper()
	o := Options{Mails: 90, Chats: true, Flow: 20 * time.Second}
	d, recorder := newTestDriver(t, o)
	in := &injector{client: d.client, driver: d, opt: o}
	storetest.Check(t, in.sendForeignReceipts(t.Context()))
	return strings.Join(recorder.asks["/_fake/chat/hook"], ""), o.floodSize() * receiptsPerMessage
}

// Each of another system's receipts is about a message of its own.
func TestForeignReceiptsAreDistinct(t *testing.T) {
	t.Parallel()
	webhooks, want := sendTestReceipts(t)
	ids := map[string]bool{}
	for _, part := range strings.Split(webhooks, "wamid.foreign-")[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids[id] = true
	}
	if len(ids) != want {
		t.Errorf("got receipts for %d messages, want %d", len(ids), want)
	}
}

// Half of another system's receipts are about customers of ours.
func TestForeignReceiptsAboutCustomers(t *testing.T) {
	t.Parallel()
	webhooks, all := sendTestReceipts(t)
	const ours, foreign = "US.torture", "US.foreign"
	if got, want := strings.Count(webhooks, ours), all/2; got != want {
		t.Errorf("got %d receipts about customers of ours, want %d", got, want)
	}
	if got, want := strings.Count(webhooks, foreign), all/2; got != want {
		t.Errorf("got %d receipts about other people, want %d", got, want)
	}
}
