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

// task is something that people do once for a blow, beyond what was to be said anyway.
type task string

// Errands.
const (
	taskFloodSender  task = "one customer writes very often"
	taskFloodAccount task = "all customers of an account write very often"
	taskPoisonEvent  task = "a customer's phone sends what can't be read"
	taskFailingMail  task = "a customer writes what can't be applied for a while"
	taskSlowMail     task = "a customer writes what takes long to apply"
	taskCrashingMail task = "a customer writes what ends the process"
)

// taskQueue are those that wait for the driver, used by several goroutines. The zero value is ready.
type taskQueue struct {
	mu   sync.Mutex
	list []queuedTask
}

// queuedTask is an errand on the list; done is closed when it was done.
type queuedTask struct {
	kind task
	done chan struct{}
}

// runAndWait puts an errand on the list, waits for it, and reports whether it was done in time.
func (q *taskQueue) runAndWait(ctx context.Context, what task, within time.Duration) bool {
	one := queuedTask{what, make(chan struct{})}
	q.mu.Lock()
	q.list = append(q.list, one)
	q.mu.Unlock()
	timer := time.NewTimer(within)
	defer timer.Stop()

	select {
	case <-one.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = slices.DeleteFunc(q.list, func(other queuedTask) bool { return other == one })
	return false
}

func (q *taskQueue) isAnyOpen() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list) > 0
}

// next takes the first errand off the list.
func (q *taskQueue) next() (queuedTask, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return queuedTask{}, false
	}
	first := q.list[0]
	q.list = q.list[1:]
	return first, true
}

// runNextTask does the first errand. Whoever waits is told only of those that could be done.
func (d *driver) runNextTask(ctx context.Context) (done bool, err error) {
	one, ok := d.tasks.next()
	if !ok {
		return false, nil
	}

	switch one.kind {
	case taskFloodSender:
		err = d.writeFlood(ctx, d.conversations[d.rng.IntN(len(d.conversations)):][:1])
	case taskFloodAccount:
		err = d.writeFlood(ctx, d.pickAccountConversations())
	case taskPoisonEvent:
		err = d.sendPoison(ctx)
	case taskFailingMail, taskSlowMail, taskCrashingMail:
		err = d.writeFailingMail(ctx, one.kind)
	}

	if err == nil {
		close(one.done)
	}

	return true, err
}

// pickAccountConversations picks the customers of one of the accounts.
func (d *driver) pickAccountConversations() []*conversation {
	kind := d.conversations[d.rng.IntN(len(d.conversations))].kind
	return slices.DeleteFunc(slices.Clone(d.conversations), func(t *conversation) bool { return t.kind != kind })
}

// writeFlood lets customers write in turn, as fast as they can.
func (d *driver) writeFlood(ctx context.Context, from []*conversation) error {
	d.counts.Floods++
	d.mailsLeft += d.floodSize
	for i := range d.floodSize {
		if err := d.writeAsCustomer(ctx, from[i%len(from)], i+len(from) >= d.floodSize); err != nil {
			return err
		}
	}
	return nil
}

// sendPoison lets the phone of a customer send something without a sender, which is queued with that
// customer's messages and can never be applied. What comes before and behind it must be.
func (d *driver) sendPoison(ctx context.Context) error {
	t := d.conversations[slices.IndexFunc(d.conversations, func(t *conversation) bool { return t.kind == emulators.ByWhatsApp })]
	d.mailsLeft += 2
	if err := d.writeAsCustomer(ctx, t, false); err != nil {
		return err
	}

	d.counts.Poisons++
	id := poisonID(d.counts.Poisons)
	message := map[string]any{"id": id, "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "type": "text",
		"text": map[string]any{"body": "nobody sent this"}, "system": map[string]any{"previous_user_id": emulators.WhatsAppUser(t.number)}}
	if err := d.client.SendWebhook(ctx, "messages", message); err != nil {
		return err
	}

	d.poisons = append(d.poisons, "m:"+id)
	return d.writeAsCustomer(ctx, t, true)
}

func poisonID(n int) string { return fmt.Sprintf("wamid.poison-%d", n) }

// sendForeignReceipts tells of messages that another system sends by the same number: half of them to
// customers of ours. They wait for the result of a send that there never was.
func (in *injector) sendForeignReceipts(ctx context.Context) error {
	const together = 50
	talks := in.driver.numbersOf(emulators.ByWhatsApp)
	for n := 0; n < in.opt.floodSize()*receiptsEach; n += together {
		var list []any
		for i := n; i < n+together; i++ {
			phone, user := fmt.Sprintf("+1666%07d", i), fmt.Sprintf("US.foreign%04d", i)
			if i%2 == 0 {
				conv := talks[i/2%len(talks)]
				phone, user = emulators.PhoneOf(conv), emulators.WhatsAppUser(conv)
			}

			list = append(list, map[string]any{"id": fmt.Sprintf("wamid.foreign-%d-%d", in.receiptFloods, i), "status": "delivered",
				"timestamp": strconv.FormatInt(time.Now().Unix(), 10), "recipient_id": phone, "recipient_user_id": user})
		}

		if err := in.client.SendWebhook(ctx, "statuses", list...); err != nil {
			return err
		}
	}

	return nil
}

// receiptsEach is how many of another system's receipts come where customers write one message.
const receiptsEach = 20

// numbersOf returns the talks of the customers who write by one kind of channel.
func (d *driver) numbersOf(kind emulators.ChatKind) []int {
	var list []int
	for _, t := range d.conversations {
		if t.kind == kind {
			list = append(list, t.number)
		}
	}
	return list
}
