// Package shop measures shops whose customers write more than a chat lets Parley post: how much of the budget is used, and
// that nobody waits because others write much.
//
// What does not belong here: how fast events are accepted while nothing is scarce.
package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
)

// errBudget means that a customer's line is missing in its thread, came twice or came out of order.
var errBudget = errors.New("bench: budget: lost, doubled or out of order")

// shoppers are the customers of all accounts. Each has one conversation.
type shoppers struct {
	w      *rig.World
	c      *rig.Child
	others int                  // accounts beside the first, whose channel is filled
	mu     sync.Mutex           // guards said and at: a writer may be closed while another speaks
	said   map[string]int       // by customer: messages so far
	at     map[string]time.Time // by line: when it was said
}

func newShoppers(w *rig.World, c *rig.Child, others int) *shoppers {
	return &shoppers{w: w, c: c, others: others, said: map[string]int{}, at: map[string]time.Time{}}
}

// openShops starts a Parley with one loopback account and others beside it, each with a channel of its own in Slack, and
// opens a conversation of each customer. closeShops ends all of it.
func openShops(ctx context.Context, b *rig.Rig, others int, slack rig.SlackOptions) (s *shoppers, closeShops func() error, err error) {
	provider, err := channelstest.StartProvider(nil)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: %w", err)
	}

	slack.Channels = 1 + others
	w, err := rig.StartWorld(ctx, b, rig.WorldOptions{
		Specs:  []channels.Spec{channelstest.Spec()},
		Slack:  &slack,
		Config: func(w *rig.World) string { return w.SlackConfig(shopAccounts(provider.URL(), 1+others)) },
	})
	if err != nil {
		return nil, nil, errors.Join(err, provider.Close())
	}

	closeShops = func() error { return errors.Join(w.Close(), provider.Close()) }
	c, err := w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()})
	if err != nil {
		return nil, nil, errors.Join(err, closeShops())
	}

	s = newShoppers(w, c, others)
	if err := s.openConversations(ctx); err != nil {
		return nil, nil, errors.Join(err, closeShops())
	}

	return s, closeShops, nil
}

// shopAccounts returns the YAML of so many loopback accounts, each with a support channel of its own.
func shopAccounts(url string, accounts int) (yaml string) {
	for n := range accounts {
		yaml += fmt.Sprintf("  - {name: shop%d, kind: loopback, team: Team%d, hold: 0s, loopback: {url: %q, secret: %s}}\n", n, n, url, budgetSecret)
	}
	return yaml
}

// shopperName names the n-th customer of an account.
func shopperName(account, n int) string { return fmt.Sprintf("s%dn%d", account, n) }

// writer sends one account's messages over a connection of its own.
type writer struct {
	s       *shoppers
	account int
	wire    *load.Wire
	sign    *load.Signer
	at      map[string]time.Time // by line: when it was said; close adds it to the shoppers'
	said    map[string]int       // by customer: messages that this writer sent
}

// openWriter connects a writer to Parley.
func (s *shoppers) openWriter(ctx context.Context, account int) (*writer, error) {
	conn, err := load.Dial(ctx, s.c.Address)
	if err != nil {
		return nil, err
	}
	return &writer{
		s:       s,
		account: account,
		wire:    conn,
		sign:    load.NewSigner(s.c.Address, budgetSecret),
		at:      map[string]time.Time{},
		said:    map[string]int{},
	}, nil
}

// close adds what was said to the shoppers' records. Another writer of the same account may be opened only afterwards.
func (m *writer) close() {
	m.wire.Close()
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	for who, n := range m.said {
		m.s.said[who] += n
	}
	maps.Copy(m.s.at, m.at)
}

// writeLines writes the next line of each of these customers, in one request. due is the time from which
// the lines' latency counts.
func (m *writer) writeLines(due time.Time, customers ...int) error {
	events := make([]channelstest.Event, 0, len(customers))
	for _, n := range customers {
		who := shopperName(m.account, n)
		m.said[who]++
		m.s.mu.Lock()
		line := fmt.Sprintf("%sx%d", who, m.s.said[who]+m.said[who])
		m.s.mu.Unlock()
		m.at[line] = due
		events = append(events, channelstest.Event{Type: "message", ID: line, From: who, Name: "Shopper " + who, At: time.Now(),
			Text: "Line " + line + ": where is my parcel?"})
	}

	body, err := json.Marshal(events)
	if err != nil {
		return fmt.Errorf("bench: budget: %w", err)
	}

	status, err := m.wire.Do(m.sign.Hook("shop"+strconv.Itoa(m.account), body))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%w: %d", load.ErrAnswer, status)
	}

	return err
}

// openConversations begins every conversation and waits until all roots are posted.
func (s *shoppers) openConversations(ctx context.Context) error {
	for account := range 1 + s.others {
		m, err := s.openWriter(ctx, account)
		if err != nil {
			return err
		}

		count := budgetThreads
		if account > 0 {
			count = calmThreads
		}

		for n := range count {
			if err := m.writeLines(time.Now(), n); err != nil {
				return err
			}
		}

		m.close()
	}

	return s.w.Drain(ctx, budgetWithin)
}

// writeSteadily lets the customers of the other channels write at a steady rate until stop.
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

// measureCalm measures the other channels alone: p99 in ms of a line's way into its thread.
func (s *shoppers) measureCalm(ctx context.Context, window time.Duration) (float64, error) {
	stop, began := make(chan struct{}), time.Now()
	var group errgroup.Group
	group.Go(func() error { return s.writeSteadily(ctx, stop) })
	pause.For(ctx, window)
	close(stop)
	if err := group.Wait(); err != nil {
		return 0, err
	}
	if err := s.w.Drain(ctx, budgetWithin); err != nil {
		return 0, err
	}
	return figure.Percentile(s.listLatencies(began, isInFullChannel), 0.99), nil
}

// fillChannel sends more into one channel than it takes, while the others go on. It writes into r what that showed.
func (s *shoppers) fillChannel(ctx context.Context, size budgetSize, r *budgetResult) error {
	m, err := s.openWriter(ctx, 0)
	if err != nil {
		return err
	}

	stop, began := make(chan struct{}), time.Now()
	var group errgroup.Group
	group.Go(func() error { return s.writeSteadily(ctx, stop) })
	group.Go(func() error {
		defer close(stop)
		defer m.close()

		for i := range size.messages {
			due := began.Add(time.Duration(i) * size.every)
			wait := time.Until(due)
			if wait > 0 && !pause.For(ctx, wait) {
				return ctx.Err()
			}
			if err := m.writeLines(due, i%budgetThreads); err != nil {
				return err
			}
		}

		return nil
	})

	if err := group.Wait(); err != nil {
		return err
	}
	if err := s.w.Drain(ctx, budgetWithin); err != nil {
		return err
	}

	calls := s.callsSince(began, rig.SupportChannel(0))
	took := calls.last.Sub(began).Seconds()
	r.use = float64(calls.posts) / (budgetRate*took + budgetBurst)
	r.calls = float64(calls.all) / float64(size.messages)
	r.rate = float64(calls.posts) / took
	r.refused = calls.refused
	r.beside = figure.Percentile(s.listLatencies(began, isInFullChannel), 0.99)
	return nil
}

// measurePile lets one customer write faster than the channel takes, and returns calls per message.
func (s *shoppers) measurePile(ctx context.Context, messages int) (float64, error) {
	m, err := s.openWriter(ctx, 0)
	if err != nil {
		return 0, err
	}

	began := time.Now()

	for range messages {
		if err := m.writeLines(time.Now(), 0); err != nil {
			return 0, err
		}
	}

	m.close()

	if err := s.w.Drain(ctx, budgetWithin); err != nil {
		return 0, err
	}

	return float64(s.callsSince(began, rig.SupportChannel(0)).all) / float64(messages), nil
}

// callCounts is what Parley asked of Slack for one channel.
type callCounts struct {
	all, posts, refused int
	last                time.Time // of the last post
}

// callsSince counts calls about a channel, and those about none.
func (s *shoppers) callsSince(began time.Time, channel string) (n callCounts) {
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

var linePattern = regexp.MustCompile(`Line (s\d+n\d+)x(\d+):`)

// linesIn finds customer and number of each line in a post; several lines may share a post. If a
// post has blocks, they count and not its text, which only notifications show.
func linesIn(text, blocks string) [][]string {
	if blocks != "" {
		text = blocks
	}
	return linePattern.FindAllStringSubmatch(text, -1)
}

// isInFullChannel reports whether a customer writes into the channel that fillChannel fills.
func isInFullChannel(who string) bool { return strings.HasPrefix(who, "s0n") }

// listLatencies returns the ms from when a line was said until it was posted, for all customers whom isLeftOut doesn't
// leave out.
func (s *shoppers) listLatencies(began time.Time, isLeftOut func(who string) bool) (list []float64) {
	for _, c := range s.w.Slack.Calls("chat.postMessage") {
		isParleys := c.Args["username"] == "" // Parley's own words, which may quote a customer
		if !c.OK || isParleys {
			continue
		}
		if c.At.Before(began) {
			continue
		}

		for _, found := range linesIn(c.Args["text"], c.Args["blocks"]) {
			who, number := found[1], found[2]
			at, isKnown := s.at[who+"x"+number]
			isNew := isKnown && !at.Before(began)
			if isNew && !isLeftOut(who) {
				list = append(list, figure.MS(c.At.Sub(at)))
			}
		}
	}

	return list
}

// checkThreads returns errBudget unless the threads show each line of each customer once, in order.
func (s *shoppers) checkThreads() error {
	seen := map[string]int{}
	for n := range 1 + s.others {
		state := s.w.Slack.Snapshot(rig.SupportChannel(n))
		for _, channel := range state.Channels {
			for _, thread := range channel.Threads {
				for _, post := range thread {
					if post.Username == "" {
						continue
					}

					for _, found := range linesIn(post.Text, string(post.Blocks)) {
						who, number := found[1], found[2]
						if want := strconv.Itoa(seen[who] + 1); number != want {
							return fmt.Errorf("%w: line %s of %s in place of %s", errBudget, number, who, want)
						}
						seen[who]++
					}
				}
			}
		}
	}

	for who, n := range s.said {
		if seen[who] != n {
			return fmt.Errorf("%w: %s said %d lines, %d are posted", errBudget, who, n, seen[who])
		}
	}

	return nil
}
