package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

// chatShop is a shop whose customers write into one channel of a chat.
type chatShop struct {
	*shoppers

	provider *channelstest.Provider
}

// openChatShop makes a world with Slack or Teams, a Parley, and an open conversation of each customer.
func openChatShop(ctx context.Context, b *rig.Rig, o rig.WorldOptions) (*chatShop, error) {
	provider, err := channelstest.StartProvider(nil)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}

	account := shopAccounts(provider.URL(), 1)
	o.Specs = []channels.Spec{channelstest.Spec()}
	o.Config = func(w *rig.World) string {
		if w.Teams != nil {
			return rig.TeamsConfig(account)
		}
		return w.SlackConfig(account)
	}

	w, err := rig.StartWorld(ctx, b, o)
	if err != nil {
		return nil, errors.Join(err, provider.Close())
	}

	c := &chatShop{provider: provider, shoppers: newShoppers(w, nil, 0)}
	if c.c, err = w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()}); err == nil {
		_, err = c.writeInTurn(ctx, hopTalks, 0)
	}
	if err == nil {
		err = w.Drain(ctx, budgetWithin)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}

	return c, nil
}

func (c *chatShop) close() error { return errors.Join(c.w.Close(), c.provider.Close()) }

// writeInTurn lets the customers write n messages in turn, so much apart, and returns when each got its answer.
func (c *chatShop) writeInTurn(ctx context.Context, n int, every time.Duration) (map[string]time.Time, error) {
	m, err := c.openWriter(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer m.close()
	answered, began := map[string]time.Time{}, time.Now()
	for i := range n {
		wait := time.Until(began.Add(time.Duration(i) * every))
		if wait > 0 && !pause.For(ctx, wait) {
			return nil, ctx.Err()
		}
		if err := m.writeLines(time.Now(), i%hopTalks); err != nil {
			return nil, err
		}

		who := shopperName(0, i%hopTalks)
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

// listPosts returns the requests since a time by which Parley posted something into a channel.
func (c *chatShop) listPosts(since time.Time) (list []call) {
	if c.w.Teams == nil {
		for _, one := range c.w.Slack.Calls("chat.postMessage") {
			if !one.At.Before(since) {
				list = append(list, call{at: one.At, taken: one.OK, text: one.Args["text"]})
			}
		}
		return list
	}

	for _, method := range []string{"conversations.create", "activities.send"} {
		for _, one := range c.w.Teams.Calls(method) {
			if !one.At.Before(since) {
				isTaken := one.Status/100 == 2 // any status from 200 to 299
				list = append(list, call{at: one.At, taken: isTaken, text: activityText(one.Body)})
			}
		}
	}

	return list
}

// activityText returns the text that an activity shows; "" for a card.
func activityText(body string) string {
	var a struct {
		Text string `json:"text"`
	}
	if json.Unmarshal([]byte(body), &a) != nil {
		return "" // a root is a card
	}
	return a.Text
}

// measureHops returns the times from the answer to a customer's message to the call that posts it,
// in ms, while little is going on. Errors: errPosted.
func (c *chatShop) measureHops(ctx context.Context, n int) ([]float64, error) {
	began := time.Now()
	answered, err := c.writeInTurn(ctx, n, rig.HopEvery)
	if err != nil {
		return nil, err
	}
	if err := c.w.Drain(ctx, budgetWithin); err != nil {
		return nil, err
	}

	waiting := maps.Clone(answered)
	var hops []float64
	for _, one := range c.listPosts(began) {
		for _, found := range linesIn(one.text, "") {
			line := found[1] + "x" + found[2]
			at, ok := waiting[line]
			if !ok {
				return nil, fmt.Errorf("%w: line %s was posted twice, or never said", errPosted, line)
			}

			delete(waiting, line)
			hops = append(hops, max(0, figure.MS(one.at.Sub(at))))
		}
	}

	if len(waiting) > 0 {
		return nil, fmt.Errorf("%w: %d lines of %d were not posted", errPosted, len(waiting), n)
	}

	return hops, nil
}

// checkComplete checks that the threads in Teams show each line of each customer once, in order.
// Errors: errPosted.
func (c *chatShop) checkComplete() error {
	seen := map[string]int{}
	for _, m := range c.w.Teams.Messages(lab.TeamsSupport) {
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

// errPosted: Teams or Slack doesn't show exactly what customers said.
var errPosted = errors.New("bench: lost, doubled or out of order")
