package torture

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/cmd/parley/torture/emulators"
)

// Some faults are nothing but messages: a flood, or a message that can't be read. People are played by one goroutine,
// the driver. So the injector queues such a fault as a task, and the driver carries it out between its other
// messages.

// task is what people write for one fault, such as a flood of mails.
type task string

// Tasks.
const (
	taskFloodSender  task = "one customer writes very often"
	taskFloodAccount task = "all customers of an account write very often"
	taskPoisonEvent  task = "a customer's phone sends what can't be read"
	taskFailingMail  task = "a customer writes what can't be applied for a while"
	taskSlowMail     task = "a customer writes what takes long to apply"
	taskCrashingMail task = "a customer writes what ends the process"
)

// taskQueue has the tasks that wait for the driver. Several goroutines may use it. The zero value is ready.
type taskQueue struct {
	mu      sync.Mutex
	waiting []queuedTask
}

// queuedTask is a task in the queue.
type queuedTask struct {
	kind task
	done chan struct{} // closed when the driver has done it
}

// runAndWait queues a task, waits until the driver has done it, and reports whether that was in time. A task that
// still waits then is removed from the queue.
func (q *taskQueue) runAndWait(ctx context.Context, kind task, within time.Duration) bool {
	queued := queuedTask{kind, make(chan struct{})}
	q.mu.Lock()
	q.waiting = append(q.waiting, queued)
	q.mu.Unlock()
	timer := time.NewTimer(within)
	defer timer.Stop()

	select {
	case <-queued.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(other queuedTask) bool { return other == queued })
	return false
}

func (q *taskQueue) isAnyWaiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > 0
}

// next takes the first task out of the queue.
func (q *taskQueue) next() (queuedTask, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return queuedTask{}, false
	}
	first := q.waiting[0]
	q.waiting = q.waiting[1:]
	return first, true
}

// runNextTask does the first task of the queue. ok is false if the queue is empty.
func (d *driver) runNextTask(ctx context.Context) (ok bool, err error) {
	next, ok := d.tasks.next()
	if !ok {
		return false, nil
	}

	switch next.kind {
	case taskFloodSender:
		writer := d.rng.IntN(len(d.conversations))
		err = d.writeFlood(ctx, d.conversations[writer:writer+1])
	case taskFloodAccount:
		err = d.writeFlood(ctx, pickAccountConversations(d))
	case taskPoisonEvent:
		err = d.sendPoison(ctx)
	case taskFailingMail, taskSlowMail, taskCrashingMail:
		err = d.writeFailingMail(ctx, next.kind)
	}

	if err == nil { // otherwise runAndWait reports that it wasn't done
		close(next.done)
	}

	return true, err
}

// pickAccountConversations picks the conversations of one of the accounts.
func pickAccountConversations(d *driver) []*conversation {
	kind := d.conversations[d.rng.IntN(len(d.conversations))].kind
	return slices.DeleteFunc(slices.Clone(d.conversations), func(c *conversation) bool { return c.kind != kind })
}

// writeFlood lets customers write in turn, as fast as they can.
func (d *driver) writeFlood(ctx context.Context, from []*conversation) error {
	d.counts.Floods++
	d.mailsLeft += d.floodSize
	for i := range d.floodSize {
		isLast := i+len(from) >= d.floodSize // of this customer's messages
		if err := d.writeAsCustomer(ctx, from[i%len(from)], isLast); err != nil {
			return err
		}
	}
	return nil
}

// sendPoison lets the phone of a customer send something without a sender. It is queued with that customer's messages
// and can never be applied. The messages before and behind it must be.
func (d *driver) sendPoison(ctx context.Context) error {
	const around = 2 // messages: one before, one behind
	c := d.conversations[slices.IndexFunc(d.conversations, func(c *conversation) bool { return c.kind == emulators.ByWhatsApp })]
	d.mailsLeft += around
	if err := d.writeAsCustomer(ctx, c, false); err != nil {
		return err
	}

	d.counts.Poisons++
	id := poisonID(d.counts.Poisons)
	message := map[string]any{
		"id":        id,
		"timestamp": strconv.FormatInt(time.Now().Unix(), 10),
		"type":      "text",
		"text":      map[string]any{"body": "nobody sent this"},
		"system":    map[string]any{"previous_user_id": emulators.WhatsAppUser(c.number)},
	}
	if err := d.client.SendWebhook(ctx, "messages", message); err != nil {
		return err
	}

	d.poisons = append(d.poisons, "m:"+id)
	return d.writeAsCustomer(ctx, c, true)
}

func poisonID(n int) string { return fmt.Sprintf("wamid.poison-%d", n) }

const (
	// receiptsPerMessage is how many of another system's receipts come where customers write one message.
	receiptsPerMessage = 20
	// receiptsPerWebhook is how many receipts WhatsApp tells of at once.
	receiptsPerWebhook = 50
)

// sendForeignReceipts tells of messages that another system sent by the same number: half of them to customers of
// ours. In Parley such a receipt waits for the result of a send that never happened.
func (in *injector) sendForeignReceipts(ctx context.Context) error {
	in.receiptFloods++
	customers := numbersOf(in.driver, emulators.ByWhatsApp)
	for n := 0; n < in.opt.floodSize()*receiptsPerMessage; n += receiptsPerWebhook {
		var receipts []any
		for i := n; i < n+receiptsPerWebhook; i++ {
			phone, user := fmt.Sprintf("+1666%07d", i), fmt.Sprintf("US.foreign%04d", i)
			if i%2 == 0 {
				customer := customers[i/2%len(customers)]
				phone, user = emulators.PhoneOf(customer), emulators.WhatsAppUser(customer)
			}

			receipts = append(receipts, map[string]any{
				"id":                fmt.Sprintf("wamid.foreign-%d-%d", in.receiptFloods, i),
				"status":            "delivered",
				"timestamp":         strconv.FormatInt(time.Now().Unix(), 10),
				"recipient_id":      phone,
				"recipient_user_id": user,
			})
		}

		if err := in.client.SendWebhook(ctx, "statuses", receipts...); err != nil {
			return err
		}
	}

	return nil
}

// numbersOf returns the numbers of the conversations by one kind of channel.
func numbersOf(d *driver, kind emulators.ChatKind) []int {
	var list []int
	for _, c := range d.conversations {
		if c.kind == kind {
			list = append(list, c.number)
		}
	}
	return list
}
