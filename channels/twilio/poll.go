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

// poll reads the lists of messages once.
type poll struct {
	*Channel

	from  time.Time // the watermark, less the overlap
	until time.Time // some seconds ago: what came later is left to callbacks and the next poll
}

// pollOnce stores what the lists have since the watermark, m.Since, and moves the watermark. hasMore is true if there was too much for
// one call: then the next one must follow at once.
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
		// The next call subtracts the overlap again, and so begins at the last message that is stored.
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

// listArrived lists customers' messages between p.from and p.until, the oldest first. If there are too many, it returns the
// oldest ones, at least p.maxKept, and hasMore is true.
func (p *poll) listArrived(ctx context.Context) (rows []listedRow, hasMore bool, err error) {
	older := 0
	err = p.listRows(ctx, url.Values{"To": {p.number.twilioAddress()}}, p.from, func(r listedRow) (enough bool) {
		if r.sentOrCreated().Before(p.from) {
			older++ // don't stop at the first one: messages may be slightly out of order
			return older > maxOlder
		}
		if !r.isFromCustomer() || r.sentOrCreated().After(p.until) {
			return false
		}

		rows = append(rows, r)
		if len(rows) > 2*p.maxKept { // keep the oldest, which the list has last
			rows = slices.Clone(rows[len(rows)-p.maxKept:])
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
func (p *poll) listArrivedAtOthers(ctx context.Context) (rows []listedRow, err error) {
	if p.number.service == "" {
		return nil, nil
	}

	read, older := 0, 0
	err = p.listRows(ctx, url.Values{}, p.from, func(r listedRow) (enough bool) {
		read++
		if r.sentOrCreated().Before(p.from) {
			older++
		} else if p.number.isServiceRecipient(r.row) && r.isFromCustomer() && !r.sentOrCreated().After(p.until) {
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
		if calledFor[r.To], err = p.isCalledFor(ctx, r.To); err != nil {
			return nil, err
		}
	}

	slices.Reverse(rows)
	return slices.DeleteFunc(rows, func(r listedRow) bool { return !calledFor[r.To] }), nil
}

// isCalledFor reports whether Twilio calls our webhook for what comes to another number of our messaging service. The callbacks of a
// number may go to another account, or to another program.
func (p *poll) isCalledFor(ctx context.Context, ours string) (bool, error) {
	number := *p.number
	number.from = keyOf(ours)
	f := finder{api: p.api, number: &number, address: p.callbacks.address}
	hook, err := f.findHook(ctx)
	if err != nil {
		isDeleted := isGone(err) || channels.ClassOf(err) == channels.BadRecipient // the number, or the service
		if isDeleted {
			return false, nil
		}
		return false, err
	}
	address, _, _ := strings.Cut(hook.address, "#")
	return hook.app == "" && address == p.callbacks.address, nil
}

// isFromCustomer reports whether a message is a customer's. Without a proper id or an author, no fact can be made of it.
func (r row) isFromCustomer() bool {
	if r.From == "" || !sidPattern.MatchString(r.SID) {
		return false
	}
	return r.isInbound()
}

// factsOf returns the facts of customers' messages, with the addresses of their files.
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

// listMedia lists the files of a message. It returns none if they were deleted: the message's text is still of use.
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

// isGone reports whether a request failed because what it asked for doesn't exist any more. A 404 could also mean that Twilio doesn't
// know the account, but not here: the callers have just read a list of messages with the same credentials.
func isGone(err error) bool {
	if api, ok := errors.AsType[*apiError](err); ok && api.status == http.StatusNotFound {
		return true
	}
	return asNotSent(err).Class == channels.BadContent
}

// statusFacts returns facts about our messages whose state changed between p.from and p.until, the oldest first. It reads the messages
// of the last day, or all from p.from on if that is longer ago, but only the newest p.maxStatuses. Of older ones, Parley learns the
// state by callbacks alone.
//
// A callback usually comes before p.until: only it has our token. Without the token, another program may have sent the message from our
// number, so the fact says so (Others) unless this process remembers sending it.
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

// statusFactsOfOthers is statusFacts for messages that our messaging service sent from other numbers, the newest first. The list can't be
// filtered by a service, so the newest maxListed messages of the whole Twilio account are read.
func (p *poll) statusFactsOfOthers(ctx context.Context, sentSince time.Time) (facts []channels.Fact, err error) {
	read, seen := 0, 0
	err = p.listRows(ctx, url.Values{}, sentSince, func(r listedRow) (enough bool) {
		read++
		if p.number.isServiceSender(r.row) {
			seen++
			if r.hasNewState(p.from, p.until) {
				facts = append(facts, statusFact(listedMessage{Message: r.raw, Others: true}, r.row))
			}
		}
		return seen > p.maxStatuses || read > maxListed
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
