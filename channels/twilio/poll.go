package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
)

// How much is read of the lists of messages.
const (
	overlap     = 10 * time.Minute // this time is read twice, because the list may lag
	statusSpan  = 24 * time.Hour   // the age up to which our messages' states are read
	maxGathered = 20_000           // messages held in memory at once
	maxStatuses = 5_000            // states of our messages read at once
	acceptBatch = 200              // facts stored at once
	maxOlder    = 100              // messages from before the wanted time that are passed over before reading stops
)

// pollOnce stores what the lists have since the watermark, and moves the watermark. again is true if there is
// more.
func (c *Channel) pollOnce(ctx context.Context, m *memory) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	until := c.env.Now().UTC().Add(-c.opts.Settle)
	rows, cut, err := c.listArrived(ctx, m.Since.Add(-overlap), until)
	if err != nil {
		return false, err
	}
	facts, err := c.factsOf(ctx, rows)
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}
	facts, err = c.statusFacts(ctx, m.Since.Add(-overlap), until)
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}
	if cut {
		until = rows[len(rows)-1].at().Add(overlap)
	}
	if until.After(m.Since) {
		m.Since = until
	}
	return cut, c.save(ctx, *m)
}

func (c *Channel) accept(ctx context.Context, facts []channels.Fact) error {
	for batch := range slices.Chunk(facts, acceptBatch) {
		if err := c.env.Accept(ctx, batch...); err != nil {
			return fmt.Errorf("twilio: accept: %w", err)
		}
	}
	return nil
}

// listedRow is a message of the list with its original JSON.
type listedRow struct {
	row
	raw json.RawMessage
}

// listRows reads messages from this time on, the newest first, filtered by To or From.
func (c *Channel) listRows(ctx context.Context, filter string, from time.Time, use func(listedRow) (enough bool)) error {
	query := url.Values{filter: {c.number.address()}, "DateSent>": {from.UTC().Format(time.DateOnly)}, "PageSize": {"1000"}}
	return c.api.eachPage(ctx, c.api.messagesURL()+"?"+query.Encode(), func(p page) bool {
		for _, raw := range p.Messages {
			var r row
			if json.Unmarshal(raw, &r) != nil || r.SID == "" {
				continue
			}
			if use(listedRow{r, raw}) {
				return true
			}
		}
		return false
	})
}

// listArrived lists customers' messages between from and until, the oldest first. If there are too many, it returns
// the oldest, and cut is true.
func (c *Channel) listArrived(ctx context.Context, from, until time.Time) (rows []listedRow, cut bool, err error) {
	older := 0
	err = c.listRows(ctx, "To", from, func(r listedRow) bool {
		switch {
		case r.at().Before(from):
			older++ // don't stop at the first one: messages may be slightly out of order
			return older > maxOlder
		case r.isInbound() && !r.at().After(until) && sidPattern.MatchString(r.SID) && r.From != "":
			rows = append(rows, r)
			if len(rows) > 2*c.gather { // keep the oldest, which the list has last
				rows = slices.Clone(rows[len(rows)-c.gather:])
				cut = true
			}
		}
		return false
	})
	slices.Reverse(rows)
	slices.SortStableFunc(rows, func(a, b listedRow) int { return a.at().Compare(b.at()) })
	return rows, cut, err
}

// factsOf returns the facts of customers' messages, with the addresses of their files.
func (c *Channel) factsOf(ctx context.Context, rows []listedRow) ([]channels.Fact, error) {
	var facts []channels.Fact
	for _, r := range rows {
		l := listed{Message: r.raw}
		if r.Media > 0 {
			first := c.api.accountURL() + "/Messages/" + url.PathEscape(r.SID) + "/Media.json?PageSize=50"
			err := c.api.eachPage(ctx, first, func(p page) bool {
				for _, m := range p.Media {
					l.Media = append(l.Media, listedMedia{URL: strings.TrimSuffix(m.URI, ".json"), ContentType: m.ContentType})
				}
				return false
			})
			filesDeleted := err != nil && asNotSent(err).Class == channels.BadContent // the message's text is left
			if err != nil && !filesDeleted {
				return nil, err
			}
		}
		facts = append(facts, channels.Fact{ExternalID: r.SID, OrderKey: clipText(keyOf(r.From), 200), Payload: jsonPayload(payloadListed, l)})
	}
	return facts, nil
}

// statusFacts returns facts about our messages of the last day whose state changed between since and until. They
// have the same external ids as those of callbacks. until leaves time for the callback to come first, which
// is better because it has our token.
func (c *Channel) statusFacts(ctx context.Context, since, until time.Time) ([]channels.Fact, error) {
	var facts []channels.Fact
	from := c.env.Now().Add(-statusSpan)
	if since.Before(from) {
		from = since
	}
	seen := 0
	err := c.listRows(ctx, "From", from, func(r listedRow) bool {
		seen++
		isOurs := !r.isInbound() && !r.isAutomatic() && r.To != ""
		hasChanged := !r.Updated.Before(since) && !r.Updated.After(until)
		if isOurs && hasChanged && isReported(r.Status) {
			facts = append(facts, channels.Fact{
				ExternalID: r.SID + ":" + strings.ToLower(r.Status),
				OrderKey:   clipText(keyOf(r.To), 200),
				Payload:    jsonPayload(payloadListed, listed{Message: r.raw}),
			})
		}
		return seen > maxStatuses
	})
	slices.Reverse(facts)
	return facts, err
}

// isReported reports whether people are told of a state.
func isReported(status string) bool {
	switch strings.ToLower(status) {
	case "sent", "delivered", "read", "failed", "undelivered", "canceled":
		return true
	}
	return false
}
