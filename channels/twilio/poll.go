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
// down. So every few minutes Run (run.go) reads Twilio's list of messages and stores each entry as a fact, which is decoded like a call.
// The fact has the same id as that of the call (for example "SM12", or "SM12:delivered" for a state), so the second of them is ignored
// as a duplicate. The watermark is the time up to which the list has been read.
//
// An account may use a messaging service, a pool of numbers at Twilio. Then the messages of the pool's other numbers are read, too, if
// Twilio calls our webhook for them.

// Limits of one poll.
const (
	overlap            = 10 * time.Minute // how far before the watermark the list is read again, because it may lag
	statusSpan         = 24 * time.Hour   // the maximum age of our messages whose states are read
	defaultMaxKept     = 20_000           // customers' messages; up to twice as many are in memory
	defaultMaxStatuses = 5_000            // messages of ours whose states are read, and as many of the service's other numbers
	maxListed          = 20_000           // messages of the whole Twilio account that are searched for the service's other numbers
	acceptBatch        = 200              // facts stored by one call of Accept
	maxOlder           = 100              // messages older than requested after which reading stops
)

// poll reads the list of messages once.
type poll struct {
	*Channel

	from  time.Time // the watermark minus the overlap
	until time.Time // some seconds ago; newer messages are left to callbacks and to the next poll
}

// pollOnce stores the entries of the list since the watermark, m.Since, and advances the watermark. hasMore is true if there were too
// many for one call; the caller must then call again without a pause.
func (c *Channel) pollOnce(ctx context.Context, m *memory) (hasMore bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	p := poll{Channel: c, from: m.Since.Add(-overlap), until: c.env.Now().UTC().Add(-c.opts.Settle)}
	rows, hasMore, err := p.listArrived(ctx)
	if err != nil {
		return false, err
	}

	readUntil := p.until
	if hasMore {
		// The next call subtracts the overlap again, and so starts at the last message that is stored now.
		readUntil = rows[len(rows)-1].sentOrCreated().Add(overlap)
	}
	others, err := p.listArrivedAtOthers(ctx)
	if err != nil {
		return false, err
	}

	facts, err := p.factsOf(ctx, sortByTime(append(rows, others...)))
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}

	facts, err = p.statusFacts(ctx)
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}

	if readUntil.After(m.Since) {
		m.Since, m.More = readUntil, hasMore
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

// listedRow is an entry of the list with its original JSON.
type listedRow struct {
	row
	raw json.RawMessage
}

// listRows reads the list of messages, newest first, back to the day of from, and calls use for each until use returns true. filter
// selects messages by number. An entry that can't be decoded is skipped, since it would otherwise block all others forever.
func (p *poll) listRows(ctx context.Context, filter url.Values, from time.Time, use func(listedRow) (enough bool)) error {
	query := maps.Clone(filter)
	query.Set("DateSent>", from.UTC().Format(time.DateOnly))
	query.Set("PageSize", "1000")
	return p.api.eachPage(ctx, p.api.messagesURL()+"?"+query.Encode(), func(listed page) bool {
		for _, raw := range listed.Messages {
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

// listArrived returns customers' messages between p.from and p.until, oldest first. If there are too many, it returns the oldest, at
// least p.maxKept of them, and hasMore is true.
func (p *poll) listArrived(ctx context.Context) (rows []listedRow, hasMore bool, err error) {
	older := 0
	err = p.listRows(ctx, url.Values{"To": {p.number.twilioAddress()}}, p.from, func(r listedRow) (enough bool) {
		if r.sentOrCreated().Before(p.from) {
			older++ // the first one doesn't end the search, because the list may be slightly out of order
			return older > maxOlder
		}
		if !r.isFromCustomer() || r.sentOrCreated().After(p.until) {
			return false
		}

		rows = append(rows, r)
		if len(rows) > 2*p.maxKept { // keep the oldest, which come last
			rows = slices.Clone(rows[len(rows)-p.maxKept:])
			hasMore = true
		}

		return false
	})

	slices.Reverse(rows)
	return sortByTime(rows), hasMore, err
}

// sortByTime sorts messages by the time at which they were sent, oldest first, and returns them.
func sortByTime(rows []listedRow) []listedRow {
	slices.SortStableFunc(rows, func(a, b listedRow) int { return a.sentOrCreated().Compare(b.sentOrCreated()) })
	return rows
}

// listArrivedAtOthers is like listArrived for the other numbers of our messaging service. It leaves out numbers for which Twilio doesn't
// call our webhook. The list can't be filtered by service, so it searches the newest maxListed messages of the whole Twilio account.
func (p *poll) listArrivedAtOthers(ctx context.Context) (rows []listedRow, err error) {
	if p.number.service == "" {
		return nil, nil
	}

	read, older := 0, 0
	err = p.listRows(ctx, url.Values{}, p.from, func(r listedRow) (enough bool) {
		read++
		isForOthers := p.number.isServiceRecipient(r.row) && r.isFromCustomer()
		switch {
		case r.sentOrCreated().Before(p.from):
			older++
		case isForOthers && !r.sentOrCreated().After(p.until):
			rows = append(rows, r)
		}
		return older > maxOlder || read > maxListed
	})
	if err != nil {
		return nil, err
	}

	callsUs := map[string]bool{} // by number
	for _, r := range rows {
		if _, isKnown := callsUs[r.To]; isKnown {
			continue
		}
		if callsUs[r.To], err = p.isCalledFor(ctx, r.To); err != nil {
			return nil, err
		}
	}

	slices.Reverse(rows)
	return slices.DeleteFunc(rows, func(r listedRow) bool { return !callsUs[r.To] }), nil
}

// isCalledFor reports whether Twilio calls our webhook for messages to another number of our messaging service. It may call another
// account or another program instead.
func (p *poll) isCalledFor(ctx context.Context, ours string) (bool, error) {
	number := *p.number
	number.from = keyOf(ours)
	f := finder{api: p.api, number: &number, address: p.callbacks.address}
	hook, err := f.findHook(ctx)
	if err != nil {
		isDeleted := isGone(err) || channels.ClassOf(err) == channels.BadRecipient
		if isDeleted { // the number or the service no longer exists, so nobody is called for it
			return false, nil
		}
		return false, err
	}
	address, _, _ := strings.Cut(hook.address, "#")
	return hook.app == "" && address == p.callbacks.address, nil
}

// isFromCustomer reports whether a message is a customer's, and has the id and the author that its fact needs.
func (r row) isFromCustomer() bool {
	if r.From == "" || !sidPattern.MatchString(r.SID) {
		return false
	}
	return r.isInbound()
}

// factsOf returns the facts of customers' messages. It looks up the addresses of their files.
func (p *poll) factsOf(ctx context.Context, rows []listedRow) ([]channels.Fact, error) {
	var facts []channels.Fact
	for _, r := range rows {
		message := listedMessage{Message: r.raw}
		if r.Media > 0 {
			var err error
			if message.Media, err = p.listMedia(ctx, r.SID); err != nil {
				return nil, err
			}
		}

		facts = append(facts, channels.Fact{
			ExternalID: r.SID,
			OrderKey:   clipText(keyOf(r.From), maxOrderKey),
			Payload:    jsonPayload(payloadListed, message),
			Owner:      p.number.ownerOf(r.To),
		})
	}

	return facts, nil
}

// listMedia returns the files of a message. Files that were deleted are no error, because the message's text is still useful.
func (p *poll) listMedia(ctx context.Context, sid string) ([]listedMedia, error) {
	var files []listedMedia
	first := p.api.accountURL() + "/Messages/" + url.PathEscape(sid) + "/Media.json?PageSize=50"
	err := p.api.eachPage(ctx, first, func(listed page) (enough bool) {
		for _, m := range listed.Media {
			files = append(files, listedMedia{URL: strings.TrimSuffix(m.URI, ".json"), ContentType: m.ContentType})
		}
		return false
	})
	if err != nil && !isGone(err) {
		return nil, err
	}
	return files, nil
}

// isGone reports whether a request failed because the resource no longer exists. A 404 could also mean that Twilio doesn't know the
// account, but not here: the callers have just read the list of messages with the same credentials.
func isGone(err error) bool {
	if api, ok := errors.AsType[*apiError](err); ok && api.status == http.StatusNotFound {
		return true
	}
	return asNotSent(err).Class == channels.BadContent
}

// statusFacts returns facts about our messages whose state changed between p.from and p.until, oldest first. It reads the messages of
// the last day, or since p.from if that is longer ago, and at most the newest p.maxStatuses. The state of older messages is only known
// from callbacks.
//
// Only a callback has our signed token, which proves that Parley sent the message. Another program may have sent a listed message from
// our number, so its fact says so (Others) unless this process remembers sending it.
func (p *poll) statusFacts(ctx context.Context) ([]channels.Fact, error) {
	sentSince := p.env.Now().Add(-statusSpan)
	if p.from.Before(sentSince) {
		sentSince = p.from
	}

	var facts []channels.Fact
	seen := 0
	err := p.listRows(ctx, url.Values{"From": {p.number.twilioAddress()}}, sentSince, func(r listedRow) (enough bool) {
		seen++
		if r.hasNewState(p.from, p.until) {
			facts = append(facts, statusFact(listedMessage{Message: r.raw, Others: !p.sent.has(r.SID)}, r.row))
		}
		return seen > p.maxStatuses
	})
	if err != nil {
		return nil, err
	}

	if p.number.service != "" {
		others, err := p.statusFactsOfOthers(ctx, sentSince)
		if err != nil {
			return nil, err
		}
		facts = append(facts, others...)
	}

	slices.Reverse(facts)
	return facts, nil
}

// statusFactsOfOthers is like statusFacts for messages that our messaging service sent from other numbers, but newest first. It searches
// the newest maxListed messages of the whole Twilio account.
func (p *poll) statusFactsOfOthers(ctx context.Context, sentSince time.Time) (facts []channels.Fact, err error) {
	read, seen := 0, 0
	err = p.listRows(ctx, url.Values{}, sentSince, func(r listedRow) (enough bool) {
		read++
		if !p.number.isServiceSender(r.row) {
			return read > maxListed
		}
		seen++
		if r.hasNewState(p.from, p.until) {
			facts = append(facts, statusFact(listedMessage{Message: r.raw, Others: true}, r.row))
		}
		return seen > p.maxStatuses || read > maxListed
	})
	return facts, err
}

// hasNewState reports whether a message of ours changed to a state that agents see, between since and until.
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

// isReported reports whether agents see a state of a message. They don't see "queued" or "sending".
func isReported(status string) bool {
	switch strings.ToLower(status) {
	case "sent", "delivered", "read", "failed", "undelivered", "canceled":
		return true
	}
	return false
}
