package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
)

// Twilio calls our webhook once for each message and each change of a message's state. A call may be lost, for example while Parley is
// down. So every few minutes Run (run.go) reads Twilio's lists of messages. What it finds there is stored as a fact, under the same id
// as that of the call: whichever comes second is ignored. The watermark is the time up to which the lists were read.

// How much is read of the lists of messages.
const (
	overlap            = 10 * time.Minute // this much before the watermark is read again, because the list may lag
	statusSpan         = 24 * time.Hour   // the age up to which our messages' states are read
	defaultMaxKept     = 20_000           // customers' messages that one look keeps before it cuts; up to twice as many are in memory
	defaultMaxStatuses = 5_000            // our messages whose states one look reads, and as many of our messaging service's other numbers
	maxListed          = 20_000           // messages of the whole Twilio account among which those of a service's other numbers are looked for
	acceptBatch        = 200              // facts stored by one call of Accept
	maxOlder           = 100              // messages older than asked for that are passed over before reading stops
)

// pollOnce stores what the lists have since the watermark, m.Since, and moves the watermark. hasMore is true if there was too much for
// one call: then the next one must follow at once.
func (c *Channel) pollOnce(ctx context.Context, m *memory) (hasMore bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	from := m.Since.Add(-overlap)
	until := c.env.Now().UTC().Add(-c.opts.Settle)
	rows, hasMore, err := c.listArrived(ctx, from, until)
	if err != nil {
		return false, err
	}

	readUntil := until
	if hasMore {
		// The next call subtracts the overlap again, and so begins at the last message that is stored.
		readUntil = rows[len(rows)-1].sentOrCreated().Add(overlap)
	}
	others, err := listArrivedAtOthers(ctx, c, from, until)
	if err != nil {
		return false, err
	}

	facts, err := c.factsOf(ctx, sortByTime(append(rows, others...)))
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}

	facts, err = c.statusFacts(ctx, from, until)
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}

	if readUntil.After(m.Since) {
		m.Since = readUntil
	}

	return hasMore, c.saveMemory(ctx, m)
}

// accept stores facts in batches.
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

// listRows reads the list of messages from the day of from on, the newest first, and calls use with each until use returns true.
// filter chooses the messages by number. One that can't be read is skipped, because it would stop all others for ever.
func (c *Channel) listRows(ctx context.Context, filter url.Values, from time.Time, use func(listedRow) (enough bool)) error {
	query := maps.Clone(filter)
	query.Set("DateSent>", from.UTC().Format(time.DateOnly))
	query.Set("PageSize", "1000")
	return c.api.eachPage(ctx, c.api.messagesURL()+"?"+query.Encode(), func(p page) bool {
		for _, raw := range p.Messages {
			var r row
			if json.Unmarshal(raw, &r) != nil || r.SID == "" {
				continue
			}
			if use(listedRow{row: r, raw: raw}) {
				return true
			}
		}
		return false
	})
}

// listArrived lists customers' messages between from and until, the oldest first. If there are too many, it returns the
// oldest ones, at least c.maxKept, and hasMore is true.
func (c *Channel) listArrived(ctx context.Context, from, until time.Time) (rows []listedRow, hasMore bool, err error) {
	older := 0
	err = c.listRows(ctx, url.Values{"To": {c.number.twilioAddress()}}, from, func(r listedRow) (enough bool) {
		if r.sentOrCreated().Before(from) {
			older++ // don't stop at the first one: messages may be slightly out of order
			return older > maxOlder
		}
		if !r.isFromCustomer() || r.sentOrCreated().After(until) { // the next call reads what came after until
			return false
		}

		rows = append(rows, r)
		if len(rows) > 2*c.maxKept { // keep the oldest, which the list has last
			rows = slices.Clone(rows[len(rows)-c.maxKept:])
			hasMore = true
		}

		return false
	})

	slices.Reverse(rows)
	return sortByTime(rows), hasMore, err
}

// sortByTime sorts messages by the time at which they were sent, the oldest first.
func sortByTime(rows []listedRow) []listedRow {
	slices.SortStableFunc(rows, func(a, b listedRow) int { return a.sentOrCreated().Compare(b.sentOrCreated()) })
	return rows
}

// listArrivedAtOthers is listArrived for other numbers of our messaging service, if Twilio calls our webhook for them. The list can't be
// filtered by a service, so the newest maxListed messages of the whole Twilio account are read.
func listArrivedAtOthers(ctx context.Context, c *Channel, from, until time.Time) (rows []listedRow, err error) {
	if c.number.service == "" {
		return nil, nil
	}

	read, older := 0, 0
	err = c.listRows(ctx, url.Values{}, from, func(r listedRow) (enough bool) {
		read++
		if r.sentOrCreated().Before(from) {
			older++
		} else if c.number.isServiceRecipient(r.row) && r.isFromCustomer() && !r.sentOrCreated().After(until) {
			rows = append(rows, r)
		}
		return older > maxOlder || read > maxListed
	})

	if err != nil {
		return nil, err
	}

	calledFor := map[string]bool{}
	for _, r := range rows {
		if _, isKnown := calledFor[r.To]; isKnown {
			continue
		}
		if calledFor[r.To], err = isCalledFor(ctx, c, r.To); err != nil {
			return nil, err
		}
	}

	slices.Reverse(rows)
	return slices.DeleteFunc(rows, func(r listedRow) bool { return !calledFor[r.To] }), nil
}

// isCalledFor reports whether Twilio calls our webhook for what comes to another number of our messaging service. The callbacks of a
// number may go to another account, or to another program.
func isCalledFor(ctx context.Context, c *Channel, ours string) (bool, error) {
	number := *c.number
	number.from = keyOf(ours)
	f := finder{api: c.api, number: &number, address: c.callbacks.address}
	p, err := f.findHook(ctx)
	if err != nil {
		isDeleted := isGone(err) || channels.ClassOf(err) == channels.BadRecipient // the number, or the service
		if isDeleted {
			return false, nil
		}
		return false, err
	}
	address, _, _ := strings.Cut(p.address, "#")
	return p.app == "" && address == c.callbacks.address, nil
}

// isFromCustomer reports whether a message is a customer's. Without a proper id or an author, no fact can be made of it.
func (r row) isFromCustomer() bool {
	if r.From == "" || !sidPattern.MatchString(r.SID) {
		return false
	}
	return r.isInbound()
}

// factsOf returns the facts of customers' messages, with the addresses of their files.
func (c *Channel) factsOf(ctx context.Context, rows []listedRow) ([]channels.Fact, error) {
	var facts []channels.Fact
	for _, r := range rows {
		message := listedMessage{Message: r.raw}
		if r.Media > 0 {
			var err error
			if message.Media, err = c.listMedia(ctx, r.SID); err != nil {
				return nil, err
			}
		}

		facts = append(facts, channels.Fact{
			ExternalID: r.SID,
			OrderKey:   clipText(keyOf(r.From), maxOrderKey),
			Payload:    jsonPayload(payloadListed, message),
			Owner:      c.number.ownerOf(r.To),
		})
	}

	return facts, nil
}

// listMedia lists the files of a message. It returns none if they were deleted: the message's text is still of use.
func (c *Channel) listMedia(ctx context.Context, sid string) ([]listedMedia, error) {
	var files []listedMedia
	first := c.api.accountURL() + "/Messages/" + url.PathEscape(sid) + "/Media.json?PageSize=50"
	err := c.api.eachPage(ctx, first, func(p page) (enough bool) {
		for _, m := range p.Media {
			files = append(files, listedMedia{URL: strings.TrimSuffix(m.URI, ".json"), ContentType: m.ContentType})
		}
		return false
	})
	if err != nil && !isGone(err) {
		return nil, err
	}
	return files, nil
}

// isGone reports whether a request failed because what it asked for doesn't exist any more. A 404 could also mean that Twilio doesn't
// know the account, but not here: the callers have just read a list of messages with the same credentials.
func isGone(err error) bool {
	if api, ok := errors.AsType[*apiError](err); ok && api.status == http.StatusNotFound {
		return true
	}
	return asNotSent(err).Class == channels.BadContent
}

// statusFacts returns facts about our messages whose state changed between since and until. It reads the messages of the last day, or
// all from since on if that is longer ago, but only the newest c.maxStatuses. Of older ones, Parley learns the state by callbacks alone.
//
// until is some seconds ago, so that the callback usually comes first: only it has our token. Without the token, another program may
// have sent the message from our number, so the fact says so (Others) unless this process remembers sending it.
func (c *Channel) statusFacts(ctx context.Context, since, until time.Time) ([]channels.Fact, error) {
	from := c.env.Now().Add(-statusSpan)
	if since.Before(from) {
		from = since
	}

	var facts []channels.Fact
	seen := 0
	own := url.Values{"From": {c.number.twilioAddress()}}
	err := c.listRows(ctx, own, from, func(r listedRow) (enough bool) {
		seen++
		if r.hasNewState(since, until) {
			facts = append(facts, statusFact(listedMessage{Message: r.raw, Others: !c.sent.has(r.SID)}, r.row))
		}
		return seen > c.maxStatuses
	})

	if err == nil && c.number.service != "" {
		var others []channels.Fact
		others, err = statusFactsOfOthers(ctx, c, from, since, until)
		facts = append(facts, others...)
	}

	slices.Reverse(facts)
	return facts, err
}

// statusFactsOfOthers is statusFacts for messages that our messaging service sent from other numbers. The list can't be filtered by a
// service, so the newest maxListed messages of the whole Twilio account are read.
func statusFactsOfOthers(ctx context.Context, c *Channel, from, since, until time.Time) (facts []channels.Fact, err error) {
	read, seen := 0, 0
	err = c.listRows(ctx, url.Values{}, from, func(r listedRow) (enough bool) {
		read++
		if c.number.isServiceSender(r.row) {
			seen++
			if r.hasNewState(since, until) {
				facts = append(facts, statusFact(listedMessage{Message: r.raw, Others: true}, r.row))
			}
		}
		return seen > c.maxStatuses || read > maxListed
	})
	return facts, err
}

// hasNewState reports whether a message of ours got a state that people see between since and until.
func (r row) hasNewState(since, until time.Time) bool {
	isOurs := !r.isInbound() && !r.isAutomatic()
	hasChanged := !r.Updated.Before(since) && !r.Updated.After(until)
	isReportable := r.To != "" && isReported(r.Status)
	return isOurs && hasChanged && isReportable
}

// statusFact returns the fact of a message's state.
func statusFact(m listedMessage, r row) channels.Fact {
	return channels.Fact{
		ExternalID: r.SID + ":" + strings.ToLower(r.Status),
		OrderKey:   clipText(keyOf(r.To), maxOrderKey),
		Payload:    jsonPayload(payloadListed, m),
	}
}

// isReported reports whether people see a state of a message. They don't see "queued" or "sending".
func isReported(status string) bool {
	switch strings.ToLower(status) {
	case "sent", "delivered", "read", "failed", "undelivered", "canceled":
		return true
	}
	return false
}
