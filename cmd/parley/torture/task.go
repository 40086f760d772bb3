package torture

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
)

// Some faults of a test run consist of messages, such as a flood of mails, or a message that Parley can't read. Only the
// driver, which acts for all customers and agents in one goroutine, may write messages. So the injector queues such a
// fault as a task, and the driver carries it out between its other acts.

// task is the kind of messages that people write for a fault.
type task string

// Tasks.
const (
	taskFloodSender  task = "one customer writes very often"
	taskFloodAccount task = "all customers of an account write very often"
	taskPoisonEvent  task = "a customer sends what can never be applied"
	taskFailingMail  task = "a customer writes what can't be applied for a while"
	taskSlowMail     task = "a customer writes what takes long to apply"
	taskCrashingMail task = "a customer writes what ends the process"
)

// taskQueue has the tasks that wait for the driver. It may be used concurrently. The zero value is ready.
type taskQueue struct {
	mu      sync.Mutex
	waiting []queuedTask
}

// queuedTask is a task in the queue.
type queuedTask struct {
	kind task
	done chan struct{} // closed when the driver has finished
}

// runAndWait queues a task and waits until the driver has finished it. It returns false if that takes too long or ctx ends;
// then it removes the task from the queue if the driver hasn't begun it.
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

// next removes and returns the first task; false if there is none.
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

// runNextTask carries out the first task of the queue. ok is false if the queue is empty.
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

	if err == nil { // otherwise runAndWait returns false
		close(next.done)
	}

	return true, err
}

// pickAccountConversations returns all conversations of a random account.
func pickAccountConversations(d *driver) []*conversation {
	kind := d.conversations[d.rng.IntN(len(d.conversations))].kind
	return slices.DeleteFunc(slices.Clone(d.conversations), func(c *conversation) bool { return c.kind != kind })
}

// writeFlood has customers write in turn, as fast as possible.
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

// sendPoison sends what Parley can never apply between two normal messages of a customer, in whose queue it waits: a WhatsApp
// message without a sender, which can't be read, or, in a run without phones, a mail that the database refuses each time. The
// messages before and after it must be applied.
func (d *driver) sendPoison(ctx context.Context) error {
	const around = 2 // messages: one before, one after
	c := d.conversations[0]
	if i := slices.IndexFunc(d.conversations, func(c *conversation) bool { return c.kind == ByWhatsApp }); i >= 0 {
		c = d.conversations[i]
	}
	d.mailsLeft += around
	if err := d.writeAsCustomer(ctx, c, false); err != nil {
		return err
	}

	d.counts.Poisons++
	words := poisonWords(d.counts.Poisons)
	send := d.sendPoisonMail
	if c.kind == ByWhatsApp {
		send = d.sendPoisonText
	}
	if err := send(ctx, c, words); err != nil {
		return err
	}

	d.poisons = append(d.poisons, words)
	return d.writeAsCustomer(ctx, c, true)
}

// poisonWords returns words by which a poison is recognised. None is the beginning of another.
func poisonWords(n int) string { return fmt.Sprintf("poison-%03d", n) }

func (d *driver) sendPoisonMail(ctx context.Context, c *conversation, words string) error {
	const always = math.MaxInt16 // more attempts than Parley makes
	if err := d.failing.refuse(ctx, words, 0, always); err != nil {
		return err
	}
	before := c.lastMailID
	defer func() { c.lastMailID = before }() // an answer to a mail that Parley doesn't have would begin another conversation
	from := fmt.Sprintf("Customer %03d <%s>", c.number, CustomerAddress(c.number))
	return d.write(ctx, c, mailfake.Mail{From: from, To: []string{lab.HelpAddress}, Text: words})
}

func (d *driver) sendPoisonText(ctx context.Context, c *conversation, words string) error {
	message := map[string]any{
		"id":        "wamid." + words,
		"timestamp": strconv.FormatInt(time.Now().Unix(), 10),
		"type":      "text",
		"text":      map[string]any{"body": "nobody sent this"},
		"system":    map[string]any{"previous_user_id": WhatsAppUser(c.number)},
	}
	return d.client.SendWebhook(ctx, "messages", message)
}

const (
	// receiptsPerMessage is how many foreign receipts are sent for each message of a flood.
	receiptsPerMessage = 20
	// receiptsPerWebhook is how many receipts are in one webhook.
	receiptsPerWebhook = 50
)

// sendForeignReceipts sends Parley delivery receipts for messages that another system sent from the same phone number. Half
// of them are to our customers. In Parley each such receipt waits for the result of a message that was never sent.
func (in *injector) sendForeignReceipts(ctx context.Context) error {
	in.receiptFloods++
	customers := numbersOf(in.driver, ByWhatsApp)
	for n := 0; n < in.opt.floodSize()*receiptsPerMessage; n += receiptsPerWebhook {
		var receipts []any
		for i := n; i < n+receiptsPerWebhook; i++ {
			phone, user := fmt.Sprintf("+1666%07d", i), fmt.Sprintf("US.foreign%04d", i)
			if i%2 == 0 {
				customer := customers[i/2%len(customers)]
				phone, user = PhoneOf(customer), WhatsAppUser(customer)
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

// numbersOf returns the numbers of the conversations with this kind of channel.
func numbersOf(d *driver, kind ChatKind) []int {
	var list []int
	for _, c := range d.conversations {
		if c.kind == kind {
			list = append(list, c.number)
		}
	}
	return list
}
