package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/lab"
)

// Targets in Teams.
const (
	teamsHopTarget    = 1.5
	teamsBudgetTarget = 0.95
	teamsCallsTarget  = 1.1
)

const (
	// teamsFactor makes the 1800 posts an hour that Teams allows 50 a second.
	teamsFactor = 100.0
	teamsHour   = 1800.0 / 3600 * teamsFactor // posts per second
	hopTalks    = 50
)

// counter is a shop whose customers write into one channel of a chat.
type counter struct {
	*shoppers

	provider *channelstest.Provider
}

// openCounter makes a world with Slack or Teams, a Parley, and an open conversation of each
// customer.
func openCounter(ctx context.Context, b *bench, o worldOptions) (*counter, error) {
	provider, err := channelstest.StartProvider(nil)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	account := fmt.Sprintf("  - {name: shop0, kind: loopback, team: Team0, hold: 0s, loopback: {url: %q, secret: %s}}\n", provider.URL(), budgetSecret)
	o.specs = []channels.Spec{channelstest.Spec()}
	o.config = func(w *world) string {
		if w.teams != nil {
			return teamsConfig(account)
		}
		return w.slackConfig(account)
	}
	w, err := startWorld(ctx, b, o)
	if err != nil {
		return nil, errors.Join(err, provider.Close())
	}
	c := &counter{provider: provider, shoppers: newShoppers(w, nil, 0)}
	if c.c, err = w.parley(ctx, parleyOptions{args: b.measured()}); err == nil {
		_, err = c.speak(ctx, hopTalks, 0)
	}
	if err == nil {
		err = w.drain(ctx, budgetWithin)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *counter) close() error { return errors.Join(c.w.close(), c.provider.Close()) }

// speak lets the customers write n messages in turn, so much apart, and gives when each got
// its answer.
func (c *counter) speak(ctx context.Context, n int, every time.Duration) (map[string]time.Time, error) {
	m, err := c.mouth(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer m.close()
	answered, began := map[string]time.Time{}, time.Now()
	for i := range n {
		if wait := time.Until(began.Add(time.Duration(i) * every)); wait > 0 && !pause.For(ctx, wait) {
			return nil, ctx.Err()
		}
		if err := m.say(time.Now(), i%hopTalks); err != nil {
			return nil, err
		}
		who := shopper(0, i%hopTalks)
		answered[fmt.Sprintf("%sx%d", who, c.said[who]+m.said[who])] = time.Now()
	}
	return answered, nil
}

// call is a request by which Parley posts.
type call struct {
	at    time.Time
	taken bool
	text  string
}

// posts gives the requests since a time by which Parley posted something into a channel.
func (c *counter) posts(since time.Time) (list []call) {
	if c.w.teams == nil {
		for _, one := range c.w.slack.Calls("chat.postMessage") {
			if !one.At.Before(since) {
				list = append(list, call{one.At, one.OK, one.Args["text"]})
			}
		}
		return list
	}
	for _, method := range []string{"conversations.create", "activities.send"} {
		for _, one := range c.w.teams.Calls(method) {
			if !one.At.Before(since) {
				list = append(list, call{one.At, one.Status/100 == 2, activityText(one.Body)})
			}
		}
	}
	return list
}

// activityText gives the text that an activity shows; "" for a card.
func activityText(body string) string {
	var a struct {
		Text string `json:"text"`
	}
	if json.Unmarshal([]byte(body), &a) != nil {
		return "" // a root is a card
	}
	return a.Text
}

// hops gives the times from the answer to a customer's message to the call that posts it,
// in ms, while little is going on. Errors: errPosted.
func (c *counter) hops(ctx context.Context, n int) ([]float64, error) {
	began := time.Now()
	answered, err := c.speak(ctx, n, hopEvery)
	if err != nil {
		return nil, err
	}
	if err := c.w.drain(ctx, budgetWithin); err != nil {
		return nil, err
	}
	waiting := maps.Clone(answered)
	var hops []float64
	for _, one := range c.posts(began) {
		for _, found := range linesIn(one.text, "") {
			line := found[1] + "x" + found[2]
			at, ok := waiting[line]
			if !ok {
				return nil, fmt.Errorf("%w: line %s was posted twice, or never said", errPosted, line)
			}
			delete(waiting, line)
			hops = append(hops, max(0, ms(one.at.Sub(at))))
		}
	}
	if len(waiting) > 0 {
		return nil, fmt.Errorf("%w: %d lines of %d were not posted", errPosted, len(waiting), n)
	}
	return hops, nil
}

// teamsGroup measures what differs in Teams: the way into a thread beside Slack's, and how
// much of a channel's budget a queue gets.
func teamsGroup(b *bench, ctx context.Context) (map[string]Figure, error) {
	hop, err := teamsHop(ctx, b)
	if err != nil {
		return nil, err
	}
	use, calls, err := teamsBudget(ctx, b)
	return map[string]Figure{"teams_hop": hop, "teams_budget_use": use, "teams_calls": calls}, err
}

func teamsHop(ctx context.Context, b *bench) (f Figure, err error) {
	slack, err := openCounter(ctx, b, worldOptions{slack: &slackOptions{}})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, slack.close()) }()
	teams, err := openCounter(ctx, b, worldOptions{teams: &teamsOptions{}})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, teams.close()) }()
	n := int(b.span(10*time.Second, 1500*time.Millisecond) / hopEvery)
	var slacks, ours [][]float64 // all hops of an attempt, ms
	m, err := b.bracket(ctx, b.rounds(),
		func(ctx context.Context) (float64, error) {
			hops, err := slack.hops(ctx, n)
			slacks = append(slacks, hops)
			return median(hops), err
		},
		func(ctx context.Context) (float64, error) {
			hops, err := teams.hops(ctx, n)
			ours = append(ours, hops)
			return median(hops), err
		})
	if err != nil {
		return f, err
	}
	own, others := slices.Concat(kept(m, ours)...), slices.Concat(keptReferences(m, slacks)...)
	f = atMost(teamsHopTarget, "ratio", m.ratios()...).with(map[string]float64{"p50_ms": median(own), "p95_ms": percentile(own, 0.95),
		"slack_p50_ms": median(others), "slack_p95_ms": percentile(others, 0.95)})
	f.Note = m.note
	return f, nil
}

// teamsBudget lets customers write more than a channel takes.
func teamsBudget(ctx context.Context, b *bench) (use, calls Figure, err error) {
	c, err := openCounter(ctx, b, worldOptions{teams: &teamsOptions{rate: teamsFactor}})
	if err != nil {
		return use, calls, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	size := b.crowd()
	var shares, each []float64
	refused := 0
	for range b.rounds() {
		began, before := time.Now(), len(c.w.teams.Calls(""))
		if _, err := c.speak(ctx, size.messages, size.every); err != nil {
			return use, calls, err
		}
		if err := c.w.drain(ctx, budgetWithin); err != nil {
			return use, calls, err
		}
		posted, last := 0, began
		for _, one := range c.posts(began) {
			if one.taken {
				posted, last = posted+1, one.at
			} else {
				refused++
			}
		}
		shares = append(shares, float64(posted)/(last.Sub(began).Seconds()*teamsHour))
		each = append(each, float64(len(c.w.teams.Calls(""))-before)/float64(size.messages))
	}
	if err := c.complete(); err != nil {
		return use, calls, err
	}
	note := fmt.Sprintf("%d messages over %d conversations", size.messages, hopTalks)
	use = atLeast(teamsBudgetTarget, "ratio", shares...).with(map[string]float64{"refused": float64(refused)})
	calls = atMost(teamsCallsTarget, "per message", each...)
	use.Note, calls.Note = note+"; of 1800 posts an hour", note+"; cards included"
	return use, calls, nil
}

// complete reads the threads in Teams: each line of each customer once, in order.
// Errors: errPosted.
func (c *counter) complete() error {
	seen := map[string]int{}
	for _, m := range c.w.teams.Messages(lab.TeamsSupport) {
		for _, found := range linesIn(m.Text, "") {
			if want := strconv.Itoa(seen[found[1]] + 1); found[2] != want {
				return fmt.Errorf("%w: line %s of %s in place of %s", errPosted, found[2], found[1], want)
			}
			seen[found[1]]++
		}
	}
	for who, n := range c.said {
		if seen[who] != n {
			return fmt.Errorf("%w: %d of %d lines of %s", errPosted, seen[who], n, who)
		}
	}
	return nil
}
