package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/channelstest"
	"parley/channels/wire"
	"parley/cmd/parley/lab"
)

const (
	queueSize    = 1 << 16               // more webhooks and receipts than can be waiting, so that adding one never blocks
	receiptAfter = 20 * time.Millisecond // delay of the provider's receipts
)

// Texts of the messages, after the mark.
const (
	customerText = " The parcel came today, but one of the two lamps is broken and the other one has no plug. What shall I do with them?"
	agentText    = " I am sorry about the lamps! Please keep both; new ones leave our house tomorrow morning and need about two days."
)

// traffic simulates the customers, the agents and the chat provider of all talks. Set world, and agentsSilent
// if wanted, and add the talks; then call run in a goroutine, and begin.
type traffic struct {
	// These fields are set before run. answered may also be changed while nobody writes.
	world        *World
	provider     *channelstest.Provider
	agentsSilent bool              // if true, agents don't answer
	answered     func(mark string) // called for each customer's message that Parley answered with 2xx; may be nil

	ledger   ledger // the talks, and which messages were written and arrived
	hooks    hookQueue
	receipts chan receipt
	speaking atomic.Int64 // number of talks with a message, a receipt or an answer in flight
	stop     atomic.Bool  // if true, customers write no further message
	calls    atomic.Int64 // number of calls to Slack's Web API
}

// receipt tells Parley that an agent's message was sent and delivered.
type receipt struct {
	talk *talk
	sent channelstest.Sent
	at   time.Time // when to send it
}

// newTraffic returns traffic whose provider is running, because the world's config needs the provider's
// address. The caller calls close.
func newTraffic() (*traffic, error) {
	t := &traffic{hooks: make(hookQueue, queueSize), receipts: make(chan receipt, queueSize)}
	var err error
	t.provider, err = channelstest.StartProvider(t.takeReply)
	return t, err
}

// close stops the provider.
func (t *traffic) close() error { return t.provider.Close() }

// accountsYAML returns the YAML of the accounts: a loopback account (a channel for tests) for each team of the
// world.
func (t *traffic) accountsYAML(w *World) string {
	const account = "  - {name: shop%d, kind: loopback, team: Team%d, hold: 0s, loopback: {url: %q, secret: %q}}\n"
	var b strings.Builder
	for i := range w.Slack.Opt.Channels {
		fmt.Fprintf(&b, account, i, i, t.provider.URL(), hookSecret)
	}
	return b.String()
}

// addTalks adds n talks, spread evenly over all accounts and both agents.
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

// run simulates everybody until ctx ends: it sends webhooks to Parley over several connections (as many as senders
// says), answers for the agents, and sends the provider's receipts. Nobody writes before begin is called.
func (t *traffic) run(ctx context.Context, parley *Child, senders int) error {
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

// begin makes every customer write. Call it only while nobody writes.
func (t *traffic) begin() {
	t.stop.Store(false)
	t.speaking.Add(int64(len(t.ledger.talks)))
	for _, talk := range t.ledger.talks {
		t.writeAsCustomer(talk)
	}
}

// writeAsCustomer writes the next message of a customer.
func (t *traffic) writeAsCustomer(talk *talk) {
	n := t.ledger.countSaid(talk)
	mark := markOf(talk.customer, n)
	var onAccepted func()
	if answered := t.answered; answered != nil {
		onAccepted = func() { answered(mark) }
	}
	t.queueHook(talk.account, onAccepted, channelstest.Event{
		Type: "message",
		ID:   fmt.Sprintf("%s-%d", talk.customer, n),
		From: talk.customer,
		Name: "Customer " + talk.customer[len(customerPrefix):],
		At:   time.Now(),
		Text: mark + customerText,
	})
}

// queueHook queues a webhook with one event. onAccepted is called after Parley has accepted it; it may be nil.
func (t *traffic) queueHook(account string, onAccepted func(), event channelstest.Event) {
	if err := t.hooks.add(account, onAccepted, event); err != nil {
		t.ledger.addFault(err)
	}
}

// watchSlack follows what Parley does in Slack, and answers for the agents.
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

// readMessage handles a new message in Slack. If it shows messages of a customer, the agent answers.
func (t *traffic) readMessage(c slackfake.Change) {
	isAgents := c.User == lab.Ann || c.User == lab.Ben
	if c.Thread == "" || isAgents {
		return
	}
	m := t.world.Slack.Message(c.Channel, c.TS)
	if m == nil || m.Username == "" { // Parley's own messages have no name, and may quote a customer
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

// answerAsAgent writes the answer of a talk's agent, in the thread of the message c.
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

// takeReply handles an agent's message at the provider: it records the message and schedules its receipts.
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

// sendReceipts tells Parley with two receipts that each of the agents' messages was sent and delivered. Then
// the customer writes again.
func (t *traffic) sendReceipts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-t.receipts:
			wait := time.Until(r.at)
			if wait > 0 && !wire.For(ctx, wait) {
				return
			}
			t.queueHook(r.talk.account, nil, r.event("sent")) // nothing to do afterwards
			t.queueHook(r.talk.account, func() { t.continueTalk(r.talk) }, r.event("delivered"))
		}
	}
}

// event returns the event that reports a state of the message.
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

// continueTalk makes the customer write again, unless the customers should stop.
func (t *traffic) continueTalk(talk *talk) {
	if t.stop.Load() {
		t.speaking.Add(-1)
		return
	}
	t.writeAsCustomer(talk)
}
