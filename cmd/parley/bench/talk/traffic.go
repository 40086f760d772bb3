// Package talk measures the whole path while customers and agents talk with each other: how much Parley relays, how long one
// message takes, and what is accepted meanwhile. In a talk, one customer and one agent write in turns:
//
//	customer-00017/5: The parcel came today …   the customer's webhook → Parley → the thread in Slack
//	customer-00017/5: I am sorry about …        the agent's thread in Slack → Parley → the provider
//	sent, delivered                             two receipts of the provider → Parley; then the customer writes 6
//
// So the load is as much as Parley bears, half of it each way, and the number of talks bounds what waits.
//
// What does not belong here: customers who write more than a chat lets Parley post (package shop), and mail.
package talk

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

const (
	queueSize    = 1 << 16               // more webhooks and receipts than ever wait, so that nobody blocks who queues one
	receiptAfter = 20 * time.Millisecond // how long the provider takes for its receipts
)

// What they write, behind the mark of the message.
const (
	customerText = " The parcel came today, but one of the two lamps is broken and the other one has no plug. What shall I do with them?"
	agentText    = " I am sorry about the lamps! Please keep both; new ones leave our house tomorrow morning and need about two days."
)

// traffic plays the customers, the agents and the provider of all talks.
type traffic struct {
	// Set before run; answered also between two measurements.
	world        *rig.World
	provider     *channelstest.Provider
	agentsSilent bool              // agents don't answer
	answered     func(mark string) // called for each customer's message that got its 2xx; nil means nothing is called

	ledger   ledger // the talks, with what was written and arrived
	hooks    hookQueue
	receipts chan receipt
	speaking atomic.Int64 // talks in which a message, a receipt or an answer is still on its way
	stop     atomic.Bool  // customers write no more
	calls    atomic.Int64 // of Slack's Web API
}

// receipt tells Parley what became of an agent's message.
type receipt struct {
	talk *talk
	sent channelstest.Sent
	at   time.Time // when it is due
}

// newTraffic makes traffic with its provider, whose address the world's config needs. The caller sets world and adds talks.
func newTraffic() (*traffic, error) {
	t := &traffic{hooks: make(hookQueue, queueSize), receipts: make(chan receipt, queueSize)}
	var err error
	t.provider, err = channelstest.StartProvider(t.takeReply)
	return t, err
}

// close stops the provider.
func (t *traffic) close() error { return t.provider.Close() }

// accountsYAML returns the YAML of a loopback account for each team of the world.
func (t *traffic) accountsYAML(w *rig.World) string {
	const account = "  - {name: shop%d, kind: loopback, team: Team%d, hold: 0s, loopback: {url: %q, secret: %q}}\n"
	var b strings.Builder
	for i := range w.Slack.Opt.Channels {
		fmt.Fprintf(&b, account, i, i, t.provider.URL(), hookSecret)
	}
	return b.String()
}

// addTalks makes n talks, spread over all accounts, half of them with each agent.
func (t *traffic) addTalks(n int) {
	accounts := t.world.Slack.Opt.Channels
	for i := range n {
		account, agent := i%accounts, lab.Ann
		if i/accounts%2 == 1 {
			agent = lab.Ben
		}
		t.ledger.talks = append(t.ledger.talks, &talk{
			customer: customerName(i),
			account:  fmt.Sprintf("shop%d", account),
			agent:    agent,
		})
	}
}

// run carries the traffic until ctx ends: webhooks to Parley by so many senders, the agents' answers, and the provider's
// receipts. Nobody talks before begin.
func (t *traffic) run(ctx context.Context, parley *rig.Child, senders int) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	sub := t.world.Slack.Subscribe()
	wg.Go(func() { t.watchSlack(ctx, sub) })
	wg.Go(func() { t.sendReceipts(ctx) })
	failed := make(chan error, senders)
	for range senders {
		wg.Go(func() {
			if err := t.hooks.send(ctx, parley.Address); err != nil {
				failed <- err
			}
		})
	}

	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		t.ledger.addFault(err)
		return err
	}
}

// begin lets every customer write, once all of them are silent.
func (t *traffic) begin() {
	t.stop.Store(false)
	t.speaking.Add(int64(len(t.ledger.talks)))
	for _, talk := range t.ledger.talks {
		t.writeAsCustomer(talk)
	}
}

// writeAsCustomer lets a customer write.
func (t *traffic) writeAsCustomer(talk *talk) {
	n := t.ledger.countSaid(talk)
	mark := markOf(talk.customer, n)
	var then func()
	if answered := t.answered; answered != nil {
		then = func() { answered(mark) }
	}
	t.queueHook(talk.account, then, channelstest.Event{
		Type: "message",
		ID:   fmt.Sprintf("%s-%d", talk.customer, n),
		From: talk.customer,
		Name: "Customer " + talk.customer[len(customerPrefix):],
		At:   time.Now(),
		Text: mark + customerText,
	})
}

// queueHook queues a webhook with one event. then is called when Parley has accepted it; nil means nothing is called.
func (t *traffic) queueHook(account string, then func(), event channelstest.Event) {
	if err := t.hooks.add(account, then, event); err != nil {
		t.ledger.addFault(err)
	}
}

// watchSlack sees what Parley does in Slack, and answers for the agents.
func (t *traffic) watchSlack(ctx context.Context, sub *slackfake.Subscription) {
	for {
		changes, err := sub.Next(ctx)
		if err != nil {
			return
		}

		for _, c := range changes {
			switch c.Kind {
			case "call":
				t.calls.Add(1)
			case "message":
				t.readMessage(c)
			}
		}
	}
}

// readMessage looks at a message in Slack. If it shows what a customer wrote, the agent answers.
func (t *traffic) readMessage(c slackfake.Change) {
	isAgents := c.User == lab.Ann || c.User == lab.Ben
	if c.Thread == "" || isAgents {
		return
	}
	m := t.world.Slack.Message(c.Channel, c.TS)
	if m == nil || m.Username == "" { // Parley's own words may quote a customer
		return
	}

	i, numbers := postedMarks(m.Text, string(m.Blocks))
	if len(numbers) == 0 || i >= len(t.ledger.talks) {
		return
	}
	talk := t.ledger.talks[i]
	t.ledger.notePosted(talk, c, numbers)
	if t.agentsSilent {
		t.speaking.Add(-int64(len(numbers)))
		return
	}
	t.answerAsAgent(talk, c)
}

// answerAsAgent lets the agent of a talk answer in its thread, below the message of c.
func (t *traffic) answerAsAgent(talk *talk, c slackfake.Change) {
	n := t.ledger.countTyped(talk)
	_, err := t.world.Slack.As(talk.agent).Post(slackfake.Post{
		Channel: c.Channel,
		Thread:  c.Thread,
		Text:    markOf(talk.customer, n) + agentText,
	})
	if err != nil {
		t.ledger.addFault(err)
	}
}

// takeReply takes an agent's message at the provider, and has its receipts sent.
func (t *traffic) takeReply(s channelstest.Sent) {
	i, n, ok := parseMark(s.Text)
	if !ok || i >= len(t.ledger.talks) {
		t.ledger.addFault(fmt.Errorf("bench: the provider got %q", s.Text))
		return
	}

	talk := t.ledger.talks[i]
	t.ledger.noteArrived(talk, s, n)
	t.receipts <- receipt{talk: talk, sent: s, at: time.Now().Add(receiptAfter)}
}

// sendReceipts tells Parley by two receipts that agents' messages were sent and delivered, and then lets the customers go on.
func (t *traffic) sendReceipts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-t.receipts:
			wait := time.Until(r.at)
			if wait > 0 && !pause.For(ctx, wait) {
				return
			}
			t.queueHook(r.talk.account, nil, r.event("sent"))
			t.queueHook(r.talk.account, func() { t.goOn(r.talk) }, r.event("delivered"))
		}
	}
}

// event says in which state the message is.
func (r receipt) event(state string) channelstest.Event {
	return channelstest.Event{
		Type:     "status",
		ID:       r.sent.ID,
		State:    state,
		Message:  r.sent.Message,
		External: []string{r.sent.ID},
		At:       time.Now(),
	}
}

// goOn lets the customer write again, unless customers shall stop.
func (t *traffic) goOn(talk *talk) {
	if t.stop.Load() {
		t.speaking.Add(-1)
		return
	}
	t.writeAsCustomer(talk)
}

// record is a note that asks nothing. Behind a question of a colleague's, Parley would ask whether the next text is for the customer,
// and hold it.
const record = "note: The parcels that came back on Thursday are found. " +
	"The warehouse says that two of them were signed for at the front desk, " +
	"and the list there has them now."

// chatterAt returns the place and text of the n-th event that is sent beside the talks, where a measurement wants some: two
// thirds are chatter, a third are notes in threads of conversations.
func (t *traffic) chatterAt(n int) (channel, thread, text string) {
	const noteEvery = 3
	if n%noteEvery != 0 {
		return load.Everywhere(n)
	}
	talks := t.ledger.talks
	channel, thread = t.ledger.threadOf(talks[n/noteEvery%len(talks)])
	if thread == "" {
		return load.Everywhere(n)
	}
	return channel, thread, record
}
