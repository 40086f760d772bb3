package torture

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/cmd/parley/torture/world"
)

// errand is something that people do once for a blow, beyond what was to be said anyway.
type errand string

// Errands.
const (
	errandOne    errand = "one customer writes very often"
	errandAll    errand = "all customers of an account write very often"
	errandPoison errand = "a customer's phone sends what can't be read"
	errandFails  errand = "a customer writes what can't be applied for a while"
	errandSlow   errand = "a customer writes what takes long to apply"
	errandDeadly errand = "a customer writes what ends the process"
)

// errands are those that wait for the driver, used by several goroutines. The zero value is ready.
type errands struct {
	mu   sync.Mutex
	list []sent
}

// sent is an errand on the list; done is closed when it was done.
type sent struct {
	what errand
	done chan struct{}
}

// send puts an errand on the list, waits for it, and reports whether it was done in time.
func (e *errands) send(ctx context.Context, what errand, within time.Duration) bool {
	one := sent{what, make(chan struct{})}
	e.mu.Lock()
	e.list = append(e.list, one)
	e.mu.Unlock()
	timer := time.NewTimer(within)
	defer timer.Stop()

	select {
	case <-one.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = slices.DeleteFunc(e.list, func(other sent) bool { return other == one })
	return false
}

func (e *errands) isAnyOpen() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.list) > 0
}

// next takes the first errand off the list.
func (e *errands) next() (sent, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.list) == 0 {
		return sent{}, false
	}
	first := e.list[0]
	e.list = e.list[1:]
	return first, true
}

// runErrand does the first errand. Whoever waits is told only of those that could be done.
func (d *driver) runErrand(ctx context.Context) (done bool, err error) {
	one, ok := d.errands.next()
	if !ok {
		return false, nil
	}

	switch one.what {
	case errandOne:
		err = d.writeFlood(ctx, d.talks[d.rng.IntN(len(d.talks)):][:1])
	case errandAll:
		err = d.writeFlood(ctx, d.pickAccountTalks())
	case errandPoison:
		err = d.sendPoison(ctx)
	case errandFails, errandSlow, errandDeadly:
		err = d.writeHard(ctx, one.what)
	}

	if err == nil {
		close(one.done)
	}

	return true, err
}

// pickAccountTalks picks the customers of one of the accounts.
func (d *driver) pickAccountTalks() []*talk {
	kind := d.talks[d.rng.IntN(len(d.talks))].kind
	return slices.DeleteFunc(slices.Clone(d.talks), func(t *talk) bool { return t.kind != kind })
}

// writeFlood lets customers write in turn, as fast as they can.
func (d *driver) writeFlood(ctx context.Context, from []*talk) error {
	d.counted.Floods++
	d.mails += d.floodSize
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
	t := d.talks[slices.IndexFunc(d.talks, func(t *talk) bool { return t.kind == world.ByWhatsApp })]
	d.mails += 2
	if err := d.writeAsCustomer(ctx, t, false); err != nil {
		return err
	}

	d.counted.Poisons++
	id := poisonID(d.counted.Poisons)
	message := map[string]any{"id": id, "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "type": "text",
		"text": map[string]any{"body": "nobody sent this"}, "system": map[string]any{"previous_user_id": world.WhatsAppUser(t.conv)}}
	if err := d.wire.Hook(ctx, "messages", message); err != nil {
		return err
	}

	d.poisons = append(d.poisons, "m:"+id)
	return d.writeAsCustomer(ctx, t, true)
}

func poisonID(n int) string { return fmt.Sprintf("wamid.poison-%d", n) }

// sendForeignReceipts tells of messages that another system sends by the same number: half of them to
// customers of ours. They wait for the result of a send that there never was.
func (c *chaos) sendForeignReceipts(ctx context.Context) error {
	const together = 50
	talks := c.driver.conversationsBy(world.ByWhatsApp)
	for n := 0; n < c.opt.floodSize()*receiptsEach; n += together {
		var list []any
		for i := n; i < n+together; i++ {
			phone, user := fmt.Sprintf("+1666%07d", i), fmt.Sprintf("US.foreign%04d", i)
			if i%2 == 0 {
				conv := talks[i/2%len(talks)]
				phone, user = world.PhoneOf(conv), world.WhatsAppUser(conv)
			}

			list = append(list, map[string]any{"id": fmt.Sprintf("wamid.foreign-%d-%d", c.receipts, i), "status": "delivered",
				"timestamp": strconv.FormatInt(time.Now().Unix(), 10), "recipient_id": phone, "recipient_user_id": user})
		}

		if err := c.wire.Hook(ctx, "statuses", list...); err != nil {
			return err
		}
	}

	return nil
}

// receiptsEach is how many of another system's receipts come where customers write one message.
const receiptsEach = 20

// conversationsBy returns the talks of the customers who write by one kind of channel.
func (d *driver) conversationsBy(kind world.ChatKind) []int {
	var list []int
	for _, t := range d.talks {
		if t.kind == kind {
			list = append(list, t.conv)
		}
	}
	return list
}
