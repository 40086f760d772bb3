package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// statementsForCustomers lets a number of customers write one after the other. It returns the median of the numbers of
// statements in the transactions that applied their messages.
func (w *world) statementsForCustomers(name string, customers int) int {
	w.t.Helper()
	for i := range customers {
		text := fmt.Sprintf("I am %s %d;", name, i)
		w.customerWrites(fmt.Sprint(name, i), text)
		w.waitShown(text)
	}
	w.eventually("the transactions were counted", func() bool { return w.opt.statements.countTransactions() == customers })
	return w.opt.statements.takeMiddle()
}

// Another system writes to many customers from the same number, and 240 of its receipts a second come to us. Beside them,
// a customer's message takes at most one and a half times as many statements. The number doesn't depend on the machine's
// speed.
func TestForeignReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{statements: &statements{}})
	w.statementsForCustomers("max", 1) // a process makes more statements when it begins
	normal := w.statementsForCustomers("amy", 5)

	most := 0
	done := make(chan error, 1)
	go func() { done <- w.acceptForeignReceipts(4 * time.Second) }()
	for i, areComing := 0, true; areComing; i++ {
		most = max(most, w.statementsForCustomers(fmt.Sprintf("zoe%d-", i), 1))
		select {
		case err := <-done:
			check(t, err)
			areComing = false
		default:
		}
	}

	t.Log("statements of a customer's message, normally and at most beside foreign receipts:", normal, most)
	if 2*most > 3*normal {
		t.Errorf("a customer's message took %d statements beside foreign receipts, want at most one and a half times %d", most, normal)
	}
	w.forgetReceipts()
}

// Receipts of another system's messages are forgotten, also those of failures if the message may be somebody else's.
func TestForeignReceiptsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	check(t, w.acceptForeignReceipts(time.Second))
	w.forgetReceipts()
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 0)
	wantEqual(t, "threads that show failures", w.countThreadsOfFailures(), 0)
}

// A receipt of a message that may be somebody else's doesn't wait for a result of ours, and nothing waits behind it.
func TestForeignReceiptDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	release := w.holdQueues(w.accounts[chat])
	w.reportStatus(channelstest.Event{State: "failed", From: "kim", External: []string{"foreign-1"}, Reason: "unknown number", Others: true})
	w.exec(`UPDATE events SET received_at = received_at + interval '1 hour'`) // a receipt that waited would do so for an hour
	release()
	w.waitDrained()
	wantEqual(t, "threads that show failures", w.countThreadsOfFailures(), 0)
}

// Events behind a receipt that waits for its message stay behind it, even if both are applied together (invariant 3).
func TestNothingOvertakesAReceiptThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	reply := w.reply(w.openThread(), "Hi Kim")
	w.waitFate(reply, "out")

	release := w.holdQueues(w.accounts[chat])
	w.reportStatus(channelstest.Event{State: "read", From: "kim", External: []string{"unknown-1"}})
	w.reportStatus(channelstest.Event{State: "read", Message: int64(w.messageOf(reply))})
	w.exec(`UPDATE events SET received_at = received_at + interval '1 hour'`) // the first one waits for an hour
	release()
	w.eventually("the first one waits", func() bool { return w.count(`SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`) == 1 })
	w.waitDeliveryState(reply, "accepted")

	w.exec(`UPDATE events SET received_at = received_at - interval '1 hour'`)
	w.forgetReceipts()
	w.waitDeliveryState(reply, "read")
}

// forgetReceipts ends the waiting of receipts for their message, and waits until none is left. Each receipt is looked at
// when it comes, and again when its time is over.
func (w *world) forgetReceipts() {
	w.t.Helper()
	w.exec(`UPDATE events SET received_at = received_at - interval '10 s'`)
	w.repeatUntil("all receipts are forgotten", w.makeQueuesDue, func() bool { return w.count(`SELECT count(*) FROM queued`) == 0 })
}

// countThreadsOfFailures counts the threads that show failures of messages which belong to no conversation.
func (w *world) countThreadsOfFailures() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE kind <> 'customer'`)
}

// A shop numbers its customers' messages and ours separately, so both may have the same number. A receipt that a message
// with such a number arrived isn't shown, but one that it failed is.
func TestReceiptWithTheIDOfACustomersMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const id = "17"
	w.postChatEvent(channelstest.Event{Type: "message", ID: id, From: "kim", Text: "Hello"})
	w.waitThread("Hello")

	w.reportStatus(channelstest.Event{State: "delivered", From: "kim", External: []string{id}})
	w.reportStatus(channelstest.Event{State: "read", From: "kim", External: []string{id}})
	w.waitDrained()
	wantEqual(t, "threads that show failures", w.countThreadsOfFailures(), 0)

	w.reportStatus(channelstest.Event{State: "failed", From: "kim", External: []string{id}, Reason: "unknown number"})
	w.waitShown("unknown number")
}

// acceptForeignReceipts accepts 240 receipts a second of another system's messages. One in a hundred tells of a failure.
func (w *world) acceptForeignReceipts(during time.Duration) error {
	const perSecond, ticks = 240, 20 // ticks a second
	tick := time.NewTicker(time.Second / ticks)
	defer tick.Stop()
	for n := 0; n < int(perSecond*during.Seconds()); {
		<-tick.C
		var facts []channels.Fact
		for range perSecond / ticks {
			n++
			f, err := foreignReceipt(n)
			if err != nil {
				return err
			}
			facts = append(facts, f)
		}
		if err := w.engines[0].Accept(w.t.Context(), w.accounts[chat], facts...); err != nil {
			return err
		}
	}
	return nil
}

// foreignReceipt returns the nth receipt.
func foreignReceipt(n int) (channels.Fact, error) {
	e := channelstest.Event{
		Type:     "status",
		ID:       fmt.Sprint("f", n),
		From:     fmt.Sprint("other", n),
		State:    "delivered",
		External: []string{fmt.Sprint("foreign-", n)},
	}
	if isFailure := n%100 == 0; isFailure {
		e.State, e.Others = "failed", true
	}
	body, err := json.Marshal(e)
	return channels.Fact{ExternalID: fmt.Sprint("s:", n), OrderKey: e.From, Payload: body}, err
}
