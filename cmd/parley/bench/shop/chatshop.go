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

// chatShop is a shop with one account whose customers write in turn. It works the same with Slack and Teams, so
// that the two can be compared. Each message, called a line, contains a unique name, by which it is found again
// in the chat.
type chatShop struct{ *shoppers }

// openChatShop starts a shop with Slack or Teams, and makes each customer open a conversation.
func openChatShop(ctx context.Context, b *rig.Rig, o rig.WorldOptions) (*chatShop, error) {
	s, err := startShops(ctx, b, 0, o)
	if err != nil {
		return nil, err
	}
	c := &chatShop{s}
	const withoutPause = 0
	if _, err = c.writeInTurn(ctx, hopTalks, withoutPause); err == nil {
		err = s.w.Drain(ctx, budgetWithin)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return c, nil
}

// writeInTurn makes the customers write n messages in turn, one every interval. For each line it returns the
// time at which Parley answered the webhook, by the name of the line.
func (c *chatShop) writeInTurn(ctx context.Context, n int, interval time.Duration) (map[string]time.Time, error) {
	m, err := c.openWriter(ctx, fullAccount) // the only account
	if err != nil {
		return nil, err
	}
	defer m.close()
	answered, began := map[string]time.Time{}, time.Now()
	for i := range n {
		wait := time.Until(began.Add(time.Duration(i) * interval))
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

// post is an API call by which Parley posts a message into a channel.
type post struct {
	at      time.Time
	isTaken bool // the chat accepted the call
	text    string
}

// listPosts returns the API calls since a time that post messages, whether the chat is Slack or Teams.
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

// activityText returns the text of a Teams activity. It returns "" if the activity has no text, because it
// shows a card, or can't be parsed.
func activityText(body string) string {
	var a struct {
		Text string `json:"text"`
	}
	if json.Unmarshal([]byte(body), &a) != nil {
		return ""
	}
	return a.Text
}

// measureHops makes customers write n messages. For each, it returns the time in ms from the answer to the
// webhook to the API call that posts the message, but at least 0.
//
// Errors: errPosted, unless each message was posted exactly once.
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

// checkTeams checks that the threads in Teams show each line of each customer once, in order.
//
// Errors: errPosted.
func (c *chatShop) checkTeams() error {
	counted := lineCount{}
	for _, m := range c.w.Teams.Messages(lab.TeamsSupport) {
		if err := counted.add(linesIn(m.Text, "")); err != nil {
			return err
		}
	}
	return counted.compare(c.said)
}
