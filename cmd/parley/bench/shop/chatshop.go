package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

// chatShop is a shop with one account, whose customers write one after the other. It works alike with Slack and
// Teams, so that the two can be compared.
type chatShop struct{ *shoppers }

// openChatShop starts a shop with Slack or Teams, and opens a conversation of each customer.
func openChatShop(ctx context.Context, b *rig.Rig, o rig.WorldOptions) (*chatShop, error) {
	s, err := startShops(ctx, b, 0, o)
	if err != nil {
		return nil, err
	}
	c := &chatShop{s}
	if _, err = c.writeInTurn(ctx, hopTalks, 0); err == nil {
		err = s.w.Drain(ctx, budgetWithin)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return c, nil
}

// writeInTurn lets the customers write n messages in turn, one each interval every. It returns, by line, when Parley
// answered its webhook.
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
		answered[line{who, c.said[who] + m.said[who]}.name()] = time.Now()
	}

	return answered, nil
}

// post is a request by which Parley posts into a channel.
type post struct {
	at      time.Time
	isTaken bool // the chat accepted it
	text    string
}

// listPosts returns the requests since a time by which Parley posted something into a channel.
func (c *chatShop) listPosts(since time.Time) (list []post) {
	if c.w.Teams == nil {
		for _, call := range c.w.Slack.Calls("chat.postMessage") {
			if !call.At.Before(since) {
				list = append(list, post{at: call.At, isTaken: call.OK, text: call.Args["text"]})
			}
		}
		return list
	}

	for _, method := range []string{"conversations.create", "activities.send"} {
		for _, call := range c.w.Teams.Calls(method) {
			if !call.At.Before(since) {
				isTaken := call.Status/100 == 2 // any status from 200 to 299
				list = append(list, post{at: call.At, isTaken: isTaken, text: activityText(call.Body)})
			}
		}
	}

	return list
}

// activityText returns the text that an activity of Teams shows; "" if it has none, as that of a card, or can't be
// read.
func activityText(body string) string {
	var a struct {
		Text string `json:"text"`
	}
	if json.Unmarshal([]byte(body), &a) != nil {
		return ""
	}
	return a.Text
}

// measureHops lets customers write n messages, and returns the times from the answer to each to the call that posts it, in ms:
// never below zero. Errors: errPosted unless each was posted once.
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
	for _, p := range c.listPosts(began) {
		for _, l := range linesIn(p.text, "") {
			at, ok := waiting[l.name()]
			if !ok {
				return nil, fmt.Errorf("%w: line %s was posted twice, or never said", errPosted, l.name())
			}

			delete(waiting, l.name())
			hops = append(hops, max(0, figure.MS(p.at.Sub(at))))
		}
	}

	if len(waiting) > 0 {
		return nil, fmt.Errorf("%w: %d lines of %d were not posted", errPosted, len(waiting), n)
	}

	return hops, nil
}

// checkTeams checks that the threads in Teams show each line of each customer once, in order. Errors: errPosted.
func (c *chatShop) checkTeams() error {
	counted := lineCount{}
	for _, m := range c.w.Teams.Messages(lab.TeamsSupport) {
		if err := counted.add(linesIn(m.Text, "")); err != nil {
			return err
		}
	}
	return counted.compare(c.said)
}
