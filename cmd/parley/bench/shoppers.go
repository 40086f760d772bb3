package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/wire"
)

// shoppers are the customers of several shops that use the same Parley. Each shop is an account with its own
// support channel. A customer, such as "s0n7" (number 7 of account 0), has one conversation and writes short
// messages, called lines. Account 0 has the full channel: customers write more into it than Parley may post
// there.
type shoppers struct {
	w        *World
	c        *Child                 // the Parley
	provider *channelstest.Provider // the chat provider of all accounts
	others   int                    // number of accounts in addition to account 0
	mu       sync.Mutex             // guards said and at, which each writer updates when it is closed
	said     map[string]int         // by customer: number of lines written so far
	at       map[string]time.Time   // by name of a line: when it was written
}

// startShops starts a Parley with account 0 and others more accounts, each with its own channel in the chat
// that o configures. The caller calls close.
func startShops(ctx context.Context, b *Rig, others int, o WorldOptions) (*shoppers, error) {
	provider, err := channelstest.StartProvider(nil)
	if err != nil {
		return nil, fmt.Errorf("bench: provider: %w", err)
	}

	accounts := shopAccounts(provider.URL(), 1+others)
	o.Specs = []channels.Spec{channelstest.Spec()}
	o.Config = func(w *World) string { return w.SlackConfig(accounts) }

	w, err := StartWorld(ctx, b, o)
	if err != nil {
		return nil, errors.Join(err, provider.Close())
	}

	s := &shoppers{w: w, provider: provider, others: others, said: map[string]int{}, at: map[string]time.Time{}}
	if s.c, err = w.StartParley(ctx, ParleyOptions{Args: b.MeasuredArgs()}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *shoppers) close() error { return errors.Join(s.w.Close(), s.provider.Close()) }

// openShops is startShops with Slack. It also makes each customer open a conversation.
func openShops(ctx context.Context, b *Rig, others int, slack SlackOptions) (*shoppers, error) {
	slack.Channels = 1 + others
	s, err := startShops(ctx, b, others, WorldOptions{Slack: &slack})
	if err != nil {
		return nil, err
	}
	if err := s.openConversations(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// shopAccounts returns the YAML of loopback accounts (a channel for tests), each with its own support channel.
func shopAccounts(url string, accounts int) (yaml string) {
	for n := range accounts {
		yaml += fmt.Sprintf("  - {name: shop%d, kind: loopback, team: Team%d, hold: 0s, loopback: {url: %q, secret: %s}}\n",
			n, n, url, budgetSecret)
	}
	return yaml
}

const fullAccount = 0 // the account with the full channel

// shopperName returns the name of the n-th customer of an account.
func shopperName(account, n int) string { return fmt.Sprintf("s%dn%d", account, n) }

// writer sends lines of one account's customers over its own connection. It keeps its own records of what it
// sent; close adds them to those of the shoppers. It is not safe for concurrent use.
type writer struct {
	s       *shoppers
	account int
	wire    *Wire
	sign    *Signer
	at      map[string]time.Time
	said    map[string]int
}

// openWriter connects a writer to Parley. Since each writer numbers its lines, no two may write for the same
// customers at the same time.
func (s *shoppers) openWriter(ctx context.Context, account int) (*writer, error) {
	conn, err := Dial(ctx, s.c.Address)
	if err != nil {
		return nil, err
	}
	return &writer{
		s:       s,
		account: account,
		wire:    conn,
		sign:    NewSigner(s.c.Address, budgetSecret),
		at:      map[string]time.Time{},
		said:    map[string]int{},
	}, nil
}

// close closes the connection and adds the records to those of the shoppers.
func (m *writer) close() {
	m.wire.Close()
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	for who, n := range m.said {
		m.s.said[who] += n
	}
	maps.Copy(m.s.at, m.at)
}

// writeLines writes the next line of each of these customers, in one request. The latency of the lines is
// measured from due.
func (m *writer) writeLines(due time.Time, customers ...int) error {
	events := make([]channelstest.Event, 0, len(customers))
	for _, n := range customers {
		who := shopperName(m.account, n)
		m.said[who]++
		m.s.mu.Lock()
		name := line{who, m.s.said[who] + m.said[who]}.name()
		m.s.mu.Unlock()
		m.at[name] = due
		events = append(events, channelstest.Event{
			Type: "message",
			ID:   name,
			From: who,
			Name: "Shopper " + who,
			At:   time.Now(),
			Text: "Line " + name + ": where is my parcel?", // matches linePattern
		})
	}

	body, err := json.Marshal(events)
	if err != nil {
		return fmt.Errorf("bench: shop: %w", err)
	}

	status, err := m.wire.Do(m.sign.Hook("shop"+strconv.Itoa(m.account), body))
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%w: %d", ErrAnswer, status)
	}
	return nil
}

// openConversations makes each customer write a first line, and waits until every conversation has its thread.
func (s *shoppers) openConversations(ctx context.Context) error {
	for account := range 1 + s.others {
		m, err := s.openWriter(ctx, account)
		if err != nil {
			return err
		}

		customers := budgetThreads
		if account > 0 {
			customers = calmThreads
		}

		for n := range customers {
			if err := m.writeLines(time.Now(), n); err != nil {
				return err
			}
		}

		m.close()
	}

	return s.w.Drain(ctx, budgetWithin)
}

// writeSteadily makes the customers of the other accounts write at a steady rate until stop is closed.
func (s *shoppers) writeSteadily(ctx context.Context, stop <-chan struct{}) (err error) {
	writers := make([]*writer, s.others)
	for i := range writers {
		if writers[i], err = s.openWriter(ctx, i+1); err != nil {
			return err
		}
		defer writers[i].close()
	}

	tick := time.NewTicker(calmEvery)
	defer tick.Stop()

	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			return nil
		case <-tick.C:
		}

		if err := writers[n%s.others].writeLines(time.Now(), n/s.others%calmThreads); err != nil {
			return err
		}
	}
}

// measureBeside makes the customers of the other accounts write while do runs, and waits until everything is
// posted. It returns the p99 latency in ms of all customers for whom isLeftOut returns false.
func (s *shoppers) measureBeside(ctx context.Context, isLeftOut func(who string) bool, do func() error) (float64, error) {
	stop, began := make(chan struct{}), time.Now()
	var group errgroup.Group
	group.Go(func() error { return s.writeSteadily(ctx, stop) })
	group.Go(func() error {
		defer close(stop)
		return do()
	})
	if err := group.Wait(); err != nil {
		return 0, err
	}
	if err := s.w.Drain(ctx, budgetWithin); err != nil {
		return 0, err
	}
	return Percentile(s.listLatencies(began, isLeftOut), 0.99), nil
}

// measureCalm is measureBeside while nothing else happens, for the duration of window.
func (s *shoppers) measureCalm(ctx context.Context, window time.Duration) (float64, error) {
	return s.measureBeside(ctx, isInFullChannel, func() error {
		wire.For(ctx, window)
		return nil
	})
}

// fillChannel makes customers write more into the full channel than Parley may post there, while the customers
// of the other accounts write too. It sets the fields of r that concern this situation.
func (s *shoppers) fillChannel(ctx context.Context, size budgetSize, r *budgetResult) error {
	m, err := s.openWriter(ctx, fullAccount)
	if err != nil {
		return err
	}

	began := time.Now()
	r.beside, err = s.measureBeside(ctx, isInFullChannel, func() error {
		defer m.close()
		for i := range size.messages {
			due := began.Add(time.Duration(i) * size.every)
			wait := time.Until(due)
			if wait > 0 && !wire.For(ctx, wait) {
				return ctx.Err()
			}
			if err := m.writeLines(due, i%budgetThreads); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		return err
	}

	calls := s.countCalls(began, SupportChannel(0))
	took := calls.last.Sub(began).Seconds()
	r.use = float64(calls.posts) / (budgetRate*took + budgetBurst)
	r.calls = float64(calls.all) / float64(size.messages)
	r.rate = float64(calls.posts) / took
	r.refused = calls.refused
	return nil
}

// measurePile makes one customer write faster than Parley may post, and returns the number of API calls per
// message.
func (s *shoppers) measurePile(ctx context.Context, messages int) (float64, error) {
	m, err := s.openWriter(ctx, fullAccount)
	if err != nil {
		return 0, err
	}

	const customer = 0
	began := time.Now()
	for range messages {
		if err := m.writeLines(time.Now(), customer); err != nil {
			return 0, err
		}
	}

	m.close()
	if err := s.w.Drain(ctx, budgetWithin); err != nil {
		return 0, err
	}

	return float64(s.countCalls(began, SupportChannel(0)).all) / float64(messages), nil
}

// callCounts counts API calls of Parley to Slack for one channel.
type callCounts struct {
	all     int
	posts   int       // messages that were posted
	refused int       // calls that were answered with 429
	last    time.Time // when the last message was posted
}

// countCalls counts the API calls since began that concern a channel or name none.
func (s *shoppers) countCalls(began time.Time, channel string) (n callCounts) {
	for _, c := range s.w.Slack.Calls("") {
		isElsewhere := c.Args["channel"] != channel && c.Args["channel"] != ""
		if c.At.Before(began) || isElsewhere {
			continue
		}

		n.all++
		if c.Error == "ratelimited" {
			n.refused++
			continue
		}
		if c.OK && c.Method == "chat.postMessage" {
			n.posts++
			n.last = c.At
		}
	}

	return n
}

// isInFullChannel reports whether a customer is one of account 0.
func isInFullChannel(who string) bool { return strings.HasPrefix(who, "s0n") }

// listLatencies returns, for each line that was written and posted since began, the time in ms between the two.
// It skips customers for whom isLeftOut returns true.
func (s *shoppers) listLatencies(began time.Time, isLeftOut func(who string) bool) (list []float64) {
	for _, c := range s.w.Slack.Calls("chat.postMessage") {
		isParleys := c.Args["username"] == "" // Parley's own message, which may quote a customer
		isOld := c.At.Before(began)
		if !c.OK || isParleys || isOld {
			continue
		}

		for _, l := range linesIn(c.Args["text"], c.Args["blocks"]) {
			at, isKnown := s.at[l.name()]
			isNew := isKnown && !at.Before(began)
			if isNew && !isLeftOut(l.who) {
				list = append(list, MS(c.At.Sub(at)))
			}
		}
	}

	return list
}

// checkThreads checks that the threads in Slack show each line of each customer once, in order.
//
// Errors: errPosted.
func (s *shoppers) checkThreads() error {
	counted := lineCount{}
	for n := range 1 + s.others {
		for _, lines := range s.listPostedLines(SupportChannel(n)) {
			if err := counted.add(lines); err != nil {
				return err
			}
		}
	}
	return counted.compare(s.said)
}

// listPostedLines returns the lines of each customer post in the threads of a channel, one slice per post.
func (s *shoppers) listPostedLines(id string) (posts [][]line) {
	for _, channel := range s.w.Slack.Snapshot(id).Channels {
		for _, post := range slices.Concat(slices.Collect(maps.Values(channel.Threads))...) {
			if post.Username != "" { // Parley's own messages have no name, and may quote a customer
				posts = append(posts, linesIn(post.Text, string(post.Blocks)))
			}
		}
	}
	return posts
}
