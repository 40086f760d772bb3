// Package talk measures the whole path while customers and agents talk with each other: how much Parley relays, how long one
// message takes, and what is accepted meanwhile.
//
// What does not belong here: customers who write more than a chat lets Parley post (package shop), and mail.
package talk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

const (
	queueSize    = 1 << 16               // more webhooks and receipts than ever wait, so that nobody blocks who queues one
	receiptAfter = 20 * time.Millisecond // how long the provider takes for its receipts
	hookRetry    = 20 * time.Millisecond // the pause before a webhook that Parley refused is sent again
	hookSecret   = "loopback-secret"     // signs the webhooks of all loopback accounts
)

// traffic lets customers and agents talk in turns. A customer writes by webhook. When the message
// stands in the thread, an agent answers there. When the provider has the answer, it tells Parley
// by two receipts that the answer was sent and delivered. Then the customer writes again. So the
// load is as much as Parley bears, half of it each way, and the number of talks bounds what waits.
type traffic struct {
	// Set before run; answered also between two measurements.
	w            *rig.World
	provider     *channelstest.Provider
	talks        []*talk
	agentsSilent bool              // agents don't answer
	answered     func(mark string) // called for each customer's message that got its 2xx; nil means nothing is called

	// What is on its way.
	hooks    chan hook
	receipts chan receipt
	speaking atomic.Int64 // talks in which a message, a receipt or an answer is still on its way
	stop     atomic.Bool  // customers write no more

	// What was counted.
	in    atomic.Int64 // customers' messages that stand in threads
	out   atomic.Int64 // agents' messages that arrived at the provider
	calls atomic.Int64 // of Slack's Web API

	mu     sync.Mutex // guards what follows, and the talks
	faults []error
	inMS   []float64 // ms from a customer's message to the thread; takeTimes empties it
	outMS  []float64 // ms from an agent's message to the provider; takeTimes empties it
}

// talk is one customer's conversation.
type talk struct {
	customer, account, agent string
	channel                  string // of the thread; "" means that nothing was posted yet
	thread                   string // its root; "" means that nothing was posted yet

	said    int       // messages that the customer wrote
	posted  int       // of these, shown in the thread
	typed   int       // answers that the agent typed
	arrived int       // of these, taken by the provider
	at      time.Time // when the last message was said or typed
}

// chatterAt returns the place and text of the n-th event beside the talks: two thirds chatter, a
// third notes in threads of conversations.
func (t *traffic) chatterAt(n int) (channel, thread, text string) {
	const noteEvery = 3
	if n%noteEvery == 0 {
		t.mu.Lock()
		defer t.mu.Unlock()
		if talk := t.talks[n/noteEvery%len(t.talks)]; talk.thread != "" {
			return talk.channel, talk.thread, "note: " + load.Chatter
		}
	}
	return load.Everywhere(n)
}

// hook is a webhook to be sent.
type hook struct {
	account string
	body    []byte
	then    func() // called when it was answered; nil means nothing is called
}

// receipt tells Parley what became of an agent's message.
type receipt struct {
	talk *talk
	sent channelstest.Sent
	at   time.Time // when it is due
}

// newTraffic makes traffic with its provider, whose address the world's config needs. The caller sets w and adds talks.
func newTraffic() (*traffic, error) {
	t := &traffic{hooks: make(chan hook, queueSize), receipts: make(chan receipt, queueSize)}
	var err error
	t.provider, err = channelstest.StartProvider(t.noteTaken)
	return t, err
}

// accountsYAML returns the YAML of a loopback account for each team of the world.
func (t *traffic) accountsYAML(w *rig.World) string {
	var b strings.Builder
	for i := range w.Slack.Opt.Channels {
		fmt.Fprintf(&b, "  - {name: shop%d, kind: loopback, team: Team%d, hold: 0s, loopback: {url: %q, secret: %q}}\n", i, i, t.provider.URL(), hookSecret)
	}
	return b.String()
}

// addTalks makes n talks, spread over all accounts, half of them with each agent.
func (t *traffic) addTalks(n int) {
	accounts := t.w.Slack.Opt.Channels
	for i := range n {
		account, agent := i%accounts, lab.Ann
		if i/accounts%2 == 1 {
			agent = lab.Ben
		}
		t.talks = append(t.talks, &talk{customer: customerName(i), account: fmt.Sprintf("shop%d", account), agent: agent})
	}
}

// run carries the traffic until ctx ends: webhooks to c by so many senders, the agents' answers, and the provider's receipts.
// Nobody talks before begin.
func (t *traffic) run(ctx context.Context, c *rig.Child, senders int) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub := t.w.Slack.Subscribe()
	wg.Go(func() { t.watch(ctx, sub) })
	wg.Go(func() { t.acknowledge(ctx) })
	failed := make(chan error, senders)
	for range senders {
		wg.Go(func() {
			if err := t.send(ctx, c.Address, load.NewSigner(c.Address, hookSecret)); err != nil {
				failed <- err
			}
		})
	}

	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		t.addFault(err)
		return err
	}
}

// begin lets every customer write, once all of them are silent.
func (t *traffic) begin() {
	t.stop.Store(false)
	t.speaking.Add(int64(len(t.talks)))
	for _, talk := range t.talks {
		t.writeAsCustomer(talk)
	}
}

// writeAsCustomer lets a customer write.
func (t *traffic) writeAsCustomer(talk *talk) {
	n := t.countSaid(talk)
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
		Text: mark + " The parcel came today, but one of the two lamps is broken and the other one has no plug. What shall I do with them?",
	})
}

// countSaid counts a customer's message, and returns its number.
func (t *traffic) countSaid(talk *talk) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	talk.said++
	talk.at = time.Now()
	return talk.said
}

// lastMark returns the mark of the last message that a customer wrote.
func (t *traffic) lastMark(talk *talk) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return markOf(talk.customer, talk.said)
}

// queueHook queues one webhook with all events. If then isn't nil, it is called when the webhook was answered.
func (t *traffic) queueHook(account string, then func(), events ...channelstest.Event) {
	body, err := json.Marshal(events)
	if err != nil {
		t.addFault(err)
		return
	}
	t.hooks <- hook{account, body, then}
}

// send posts queued webhooks until ctx ends, and repeats one that Parley answers with 503. It connects when it has the first
// webhook, since Parley closes a connection on which nothing comes for 10 s.
func (t *traffic) send(ctx context.Context, address string, sign *load.Signer) error {
	var w *load.Wire
	for {
		var h hook
		select {
		case <-ctx.Done():
			return nil
		case h = <-t.hooks:
		}

		if w == nil {
			var err error
			if w, err = load.Dial(ctx, address); err != nil {
				return err
			}
			defer w.Close()
		}

		for {
			status, err := w.Do(sign.Hook(h.account, h.body))
			if err != nil {
				return err
			}
			if status == http.StatusOK {
				break
			}
			if status != http.StatusServiceUnavailable {
				return fmt.Errorf("%w: %d to a webhook", load.ErrAnswer, status)
			}
			if !pause.For(ctx, hookRetry) {
				return nil
			}
		}

		if h.then != nil {
			h.then()
		}
	}
}

// watch sees what Parley does in Slack, and answers for the agents.
func (t *traffic) watch(ctx context.Context, sub *slackfake.Subscription) {
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
				isAgents := c.User == lab.Ann || c.User == lab.Ben
				if c.Thread != "" && !isAgents {
					t.notePosted(c)
				}
			}
		}
	}
}

// notePosted notes that a message of Parley's stands in a thread. If it shows a customer's words, the agent answers.
func (t *traffic) notePosted(c slackfake.Change) {
	m := t.w.Slack.Message(c.Channel, c.TS)
	if m == nil || m.Username == "" { // Parley's own words may quote a customer
		return
	}

	i, numbers := postedMarks(m.Text, string(m.Blocks))
	if len(numbers) == 0 || i >= len(t.talks) {
		return
	}

	talk := t.talks[i]
	answer := t.countPosted(talk, c, numbers)
	t.in.Add(int64(len(numbers)))
	if t.agentsSilent {
		t.speaking.Add(-int64(len(numbers)))
		return
	}

	_, err := t.w.Slack.As(talk.agent).Post(slackfake.Post{
		Channel: c.Channel,
		Thread:  c.Thread,
		Text:    markOf(talk.customer, answer) + " I am sorry about the lamps! Please keep both; new ones leave our house tomorrow morning and need about two days.",
	})
	if err != nil {
		t.addFault(err)
	}
}

// countPosted counts customers' messages that stand in a thread, and notes a fault if one isn't the next of its talk. It returns
// the number of the agent's answer, which it counts too unless agents are silent.
func (t *traffic) countPosted(talk *talk, c slackfake.Change, numbers []int) (answer int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	talk.channel, talk.thread = c.Channel, c.Thread
	for _, n := range numbers {
		talk.posted++
		if n != talk.posted {
			t.faults = append(t.faults, fmt.Errorf("%w: the thread of %s got message %d as number %d", ErrOrder, talk.customer, n, talk.posted))
		}
		t.inMS = append(t.inMS, figure.MS(time.Since(talk.at)))
	}

	if !t.agentsSilent {
		talk.typed++
		talk.at = time.Now()
	}
	return talk.typed
}

// noteTaken notes that the provider has an agent's message.
func (t *traffic) noteTaken(s channelstest.Sent) {
	i, n, ok := parseMark(s.Text)
	if !ok || i >= len(t.talks) {
		t.addFault(fmt.Errorf("bench: the provider got %q", s.Text))
		return
	}

	talk := t.talks[i]
	t.countArrived(talk, s, n)
	t.out.Add(1)
	t.receipts <- receipt{talk, s, time.Now().Add(receiptAfter)}
}

// countArrived counts an agent's n-th message, and notes a fault if it isn't the next of its talk, or went to somebody else.
func (t *traffic) countArrived(talk *talk, s channelstest.Sent, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	talk.arrived++
	t.outMS = append(t.outMS, figure.MS(time.Since(talk.at)))
	isForCustomer := len(s.To) == 1 && s.To[0] == talk.customer
	if n != talk.arrived || !isForCustomer {
		t.faults = append(t.faults, fmt.Errorf("%w: %s got message %d as number %d", ErrOrder, talk.customer, n, talk.arrived))
	}
}

// acknowledge tells Parley by two receipts that agents' messages were sent and delivered, and then lets the customers go on.
func (t *traffic) acknowledge(ctx context.Context) {
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
		Type: "status", ID: r.sent.ID, State: state, Message: r.sent.Message, External: []string{r.sent.ID}, At: time.Now(),
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
