package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
)

// journalMessages puts customers' messages into the journal as if they had just been accepted. It needs no running
// engine.
func (w *world) journalMessages(account string, events ...channelstest.Event) {
	w.t.Helper()
	a := w.accounts[account]
	var rows []store.NewEvent
	for _, e := range events {
		e.Type = "message"
		f := factOf(e, must(json.Marshal(e))(w.t))
		rows = append(rows, store.NewEvent{AccountID: a, ExternalID: f.ExternalID, OrderKey: store.OrderKey(a, f.OrderKey), Payload: f.Payload})
	}
	must(store.InsertEvents(w.t.Context(), w.pool, rows))(w.t)
}

// Appliers that need new gates (budgets of a provider) at the same time don't wait for each other's connections, so that
// a small pool is enough.
func TestFewConnectionsAreEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	const few = 4
	if n := w.pool.Config().MaxConns; n > few {
		t.Logf("the pool has %d connections: more than %d show nothing here", n, few)
	}

	var events []channelstest.Event
	const customers = 24
	for i := range customers {
		events = append(events, channelstest.Event{ID: fmt.Sprint("first-", i), From: fmt.Sprint("kim", i), Text: fmt.Sprintf("<%d>", i)})
	}

	w.journalMessages(chat, events...)
	w.start()
	w.waitDrained()
	wantEqual(t, "roots", w.countRoots(), customers)
}

// If two transactions make the lane of a channel at the same time, the deliveries of both are kept.
func TestLaneMadeTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	w.waitThread("Hello")
	w.waitDrained()

	tx := storetest.Begin(t, w.pool)
	must(tx.Exec(t.Context(), `INSERT INTO lanes (id, account_id, key, gate_id, due_at)
		VALUES (999999, $1, 'ch:' || $2, 1, NULL)`, w.surface, support))(t)
	text := w.chat.Say("ann", support, "", "Is anybody here?")
	w.eventually("the engine waits for the lane", func() bool {
		return w.count(`SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`) > 0
	})
	check(t, tx.Commit(t.Context()))
	w.waitLine(text, bridge.LineTopLevel)
}

// On a chat, an old conversation can't be reopened while the customer has another open one. The agent is told which.
// Requirement R-021: One open conversation for each customer of a chat.
func TestReopenBesideAnOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	first := w.waitThread("Hello")
	w.waitDrained() // nobody resolves before it is recorded that what the customer said is shown
	w.chat.Say("ann", support, first, "!resolve")
	w.waitCard(first, "#1 resolved")

	w.customerWrites("kim", "Again")
	second := w.waitThread("Again")
	w.waitCard(second, "continues #1")

	w.chat.Say("ann", support, first, "!reopen")
	w.waitWhisper("ann", "#2")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine, want none", n)
	}
	w.waitCard(first, "#1 resolved")

	w.chat.Say("ann", support, second, "!resolve")
	w.waitCard(second, "#2 resolved")
	w.chat.Say("ann", support, first, "!reopen")
	w.waitCard(first, "#1 open")
}

// If a reply is taken back before it leaves, the customer is shown as waiting again.
func TestTakenBackIsNotAnswered(t *testing.T) {
	t.Parallel()
	back := map[string]func(w *world, thread, reply string){
		"deleted": func(w *world, _, reply string) { w.chat.Delete(support, reply) },
		"undone":  func(w *world, thread, _ string) { w.chat.Say("ann", support, thread, "!undo") },
		"edited":  func(w *world, _, reply string) { w.chat.Edit(support, reply, "note: not for you") },
	}
	for name, do := range back {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			w.customerWrites("kim", "Hello")
			thread := w.waitThread("Hello")
			reply := w.chat.Say("ann", support, thread, "Yes")
			w.waitCard(thread, "#1 open | Kim | Hello | Ann")
			do(w, thread, reply)
			w.waitCard(thread, "#1 open")
			w.waitDrained()
			if w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL AND status = 'open'`) != 1 {
				t.Errorf("nobody waits any more\n%s", w.dump())
			}
			w.wantNothingSent()
		})
	}
}

// Two replicas get the same facts, and each fact counts once, whichever replica applies it.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	const customers, messages, replies = 8, 4, 3
	for i := range messages { // each comes by the webhook and, under the same name, by another way
		for c := range customers {
			e := channelstest.Event{Type: "message", ID: fmt.Sprintf("%d-%d", c, i), From: fmt.Sprint("kim", c), Text: fmt.Sprintf("(%d.%d)", c, i)}
			w.postEvents(chat, e)
			body := must(json.Marshal(e))(t)
			check(t, w.engines[0].Accept(t.Context(), w.accounts[chat], factOf(e, body)))
		}
	}

	for c := range customers {
		thread := w.waitThread(fmt.Sprintf("(%d.%d)", c, messages-1))
		for i := range replies {
			w.chat.Say("ann", support, thread, fmt.Sprintf("re %d.%d", c, i))
		}
	}

	w.provider.Wait(t, "all replies", func(sent []channelstest.Sent) bool { return len(sent) >= customers*replies })
	w.waitDrained()
	wantEqual(t, "replies", len(w.provider.Sent()), customers*replies)
	numberOf := func(text string) string { // of a text among those of its customer
		_, number, _ := strings.Cut(strings.TrimSuffix(text, ")"), ".")
		return number
	}
	perCustomer := map[int64][]string{}
	for _, m := range w.provider.Sent() {
		perCustomer[m.Conversation] = append(perCustomer[m.Conversation], numberOf(m.Text))
	}
	for id, numbers := range perCustomer {
		wantList(t, fmt.Sprintf("replies in conversation %d", id), numbers, []string{"0", "1", "2"})
	}
	for _, root := range w.chat.Messages(support, "") {
		var numbers []string
		for _, text := range w.customerTexts(root.ID) {
			numbers = append(numbers, numberOf(text))
		}
		wantList(t, "messages in the thread "+root.ID, numbers, []string{"0", "1", "2", "3"})
	}
}

// A replica dies while it sends a reply. Another one asks the provider what became of it, and the customer gets it once.
func TestReplicaDiesWhileSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()

	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Until: release})
	w.chat.Say("ann", support, thread, "Yes")
	w.provider.WaitCalls(t, 1)
	w.eventually("it is being sent", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE state = 'sending'`) == 1 })

	// The replica has stopped for good. Its result doesn't count, and its lease runs out.
	w.exec(`UPDATE lanes SET epoch = epoch + 1000 WHERE leased_until IS NOT NULL`)
	close(release)
	w.provider.WaitTexts(t, "Yes")

	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 min' WHERE state = 'sending'`)
	w.exec(`UPDATE lanes SET leased_until = clock_timestamp(), due_at = parley_now() WHERE leased_until IS NOT NULL`)
	w.waitDrained()
	w.provider.WaitTexts(t, "Yes")
	if got := w.text(`SELECT state FROM deliveries WHERE kind = 'reply'`); got != "accepted" {
		t.Errorf("the reply is %s, want accepted\n%s", got, w.dump())
	}
}
