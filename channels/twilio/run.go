package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/pause"
)

// How Run looks for lost callbacks.
const (
	overlap     = 10 * time.Minute // this time is read twice, because the list may lag
	statusSpan  = 24 * time.Hour   // the age up to which our messages' states are read
	maxGathered = 20_000           // messages held in memory at once
	maxStatuses = 5_000
	acceptBatch = 200
	retryFirst  = 5 * time.Second
	pollTimeout = 5 * time.Minute
	onceLife    = 24 * time.Hour
)

// memory is the state of Run that survives restarts.
type memory struct {
	Since     time.Time                          `json:"since"` // all older messages are stored
	Templates map[string]channels.TemplateStatus `json:"templates,omitempty"`
}

// Run implements channels.Runner: at once, and then every few minutes, it reads the lists of messages for lost
// callbacks. It also reads the states of templates.
func (c *Channel) Run(ctx context.Context) error {
	m, err := c.load(ctx)
	for wait := retryFirst; err != nil; wait = min(2*wait, time.Minute) {
		if !pause.For(ctx, wait) {
			return nil
		}
		m, err = c.load(ctx)
	}
	watched := time.Time{}
	failed := 0
	for ctx.Err() == nil {
		again, err := c.poll(ctx, &m)
		if err == nil && c.number.whatsapp && c.env.Now().Sub(watched) >= c.opts.Watch {
			if err = c.watch(ctx, &m); err == nil {
				watched = c.env.Now()
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		c.condition(err)
		wait := c.opts.Poll
		switch {
		case err != nil:
			failed++
			wait = min(retryFirst<<min(failed, 6), c.opts.Poll)
			c.log.Warn("looking for lost callbacks failed", "error", err)
		case again:
			failed, wait = 0, 0
		default:
			failed = 0
		}
		if !pause.For(ctx, wait) {
			return nil
		}
	}
	return nil
}

// condition reports the account's condition. An error that may pass by itself changes nothing.
func (c *Channel) condition(err error) {
	if err == nil {
		if c.callbacks.address == "" {
			c.env.Report(unreachable())
			return
		}
		c.env.Report(channels.Condition{Status: channels.Active})
		return
	}
	if se := unsent(err); se.Class == channels.AuthBroken || se.Class == channels.AccountBlocked {
		c.env.Report(channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
	}
}

// load reads the memory. For a new account it begins when the account was set up or, if that isn't known, now:
// older messages are not read.
func (c *Channel) load(ctx context.Context) (memory, error) {
	raw, err := c.env.State.Load(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("twilio: watermark: %w", err)
	}
	var m memory
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &m); err != nil {
			c.log.Error("watermark unreadable", "error", err)
		}
	}
	if m.Templates == nil {
		m.Templates = map[string]channels.TemplateStatus{}
	}
	if m.Since.IsZero() {
		if m.Since = c.beginsAt.UTC(); m.Since.IsZero() {
			m.Since = c.env.Now().UTC()
		}
		c.log.Info("first look for messages", "taken_from", m.Since.Add(-overlap))
		return m, c.save(ctx, m)
	}
	return m, nil
}

func (c *Channel) save(ctx context.Context, m memory) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("twilio: watermark: %w", err)
	}
	if err := c.env.State.Save(ctx, raw); err != nil {
		return fmt.Errorf("twilio: watermark: %w", err)
	}
	return nil
}

// poll stores what the lists have since the watermark, and moves that. again is true if there is more.
func (c *Channel) poll(ctx context.Context, m *memory) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	until := c.env.Now().UTC().Add(-c.opts.Settle)
	rows, cut, err := c.arrived(ctx, m.Since.Add(-overlap), until)
	if err != nil {
		return false, err
	}
	facts, err := c.facts(ctx, rows)
	if err != nil {
		return false, err
	}
	if err := c.accept(ctx, facts); err != nil {
		return false, err
	}
	facts, err = c.fates(ctx, m.Since.Add(-overlap), until)
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

// list reads messages from this time on, the newest first, filtered by To or From.
func (c *Channel) list(ctx context.Context, filter string, from time.Time, use func(listedRow) (enough bool)) error {
	query := url.Values{filter: {c.number.own()}, "DateSent>": {from.UTC().Format(time.DateOnly)}, "PageSize": {"1000"}}
	return c.api.each(ctx, c.api.messagesURL()+"?"+query.Encode(), func(p page) bool {
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

// arrived lists customers' messages between from and until, the oldest first. If there are too many, it returns
// the oldest, and cut is true.
func (c *Channel) arrived(ctx context.Context, from, until time.Time) (rows []listedRow, cut bool, err error) {
	older := 0
	err = c.list(ctx, "To", from, func(r listedRow) bool {
		switch {
		case r.at().Before(from):
			older++ // don't stop at the first: messages may be slightly out of order
			return older > 100
		case r.inbound() && !r.at().After(until) && sidPattern.MatchString(r.SID) && r.From != "":
			if rows = append(rows, r); len(rows) > 2*c.gather {
				rows, cut = slices.Clone(rows[len(rows)-c.gather:]), true
			}
		}
		return false
	})
	slices.Reverse(rows)
	slices.SortStableFunc(rows, func(a, b listedRow) int { return a.at().Compare(b.at()) })
	return rows, cut, err
}

// facts returns the facts of customers' messages, with the addresses of their files.
func (c *Channel) facts(ctx context.Context, rows []listedRow) ([]channels.Fact, error) {
	var facts []channels.Fact
	for _, r := range rows {
		l := listed{Message: r.raw}
		if r.Media > 0 {
			first := c.api.accountURL() + "/Messages/" + url.PathEscape(r.SID) + "/Media.json?PageSize=50"
			err := c.api.each(ctx, first, func(p page) bool {
				for _, m := range p.Media {
					l.Media = append(l.Media, listedMedia{URL: strings.TrimSuffix(m.URI, ".json"), ContentType: m.ContentType})
				}
				return false
			})
			if err != nil && unsent(err).Class != channels.BadContent { // if its files were deleted, its text remains
				return nil, err
			}
		}
		facts = append(facts, channels.Fact{ExternalID: r.SID, OrderKey: clip(keyOf(r.From), 200), Payload: jsonPayload(payloadListed, l)})
	}
	return facts, nil
}

// fates returns facts about our messages of the last day whose state changed between since and until. They
// have the same external ids as those of callbacks. until leaves time for the callback to come first, which
// is better because it has our token.
func (c *Channel) fates(ctx context.Context, since, until time.Time) ([]channels.Fact, error) {
	var facts []channels.Fact
	from := c.env.Now().Add(-statusSpan)
	if since.Before(from) {
		from = since
	}
	seen := 0
	err := c.list(ctx, "From", from, func(r listedRow) bool {
		seen++
		if r.inbound() || r.automatic() || r.Updated.Before(since) || r.Updated.After(until) || r.To == "" || !settled(r.Status) {
			return seen > maxStatuses
		}
		facts = append(facts, channels.Fact{ExternalID: r.SID + ":" + strings.ToLower(r.Status), OrderKey: clip(keyOf(r.To), 200),
			Payload: jsonPayload(payloadListed, listed{Message: r.raw})})
		return seen > maxStatuses
	})
	slices.Reverse(facts)
	return facts, err
}

// settled reports whether a state is one that matters to people.
func settled(status string) bool {
	switch strings.ToLower(status) {
	case "sent", "delivered", "read", "failed", "undelivered", "canceled":
		return true
	}
	return false
}

// watch stores changes of templates' states, and deletes old contents that were made for single messages.
func (c *Channel) watch(ctx context.Context, m *memory) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	list, err := c.catalogue.list(ctx)
	if err != nil {
		return err
	}
	var facts []channels.Fact
	states := map[string]channels.TemplateStatus{}
	for _, t := range list {
		if t.Name == onceName {
			if !t.Created.IsZero() && c.env.Now().Sub(t.Created.Time) > onceLife {
				err = errors.Join(err, c.catalogue.remove(ctx, t.SID))
			}
			continue
		}
		s := t.state()
		states[t.SID] = s.Status
		if m.Templates[t.SID] == s.Status || s.Status == channels.TemplateDraft {
			continue
		}
		facts = append(facts, channels.Fact{ExternalID: fmt.Sprintf("template:%s:%s:%d", t.SID, s.Status, c.env.Now().Unix()),
			OrderKey: "template:" + t.SID, Payload: jsonPayload(payloadTemplate, s)})
	}
	if err != nil {
		return err
	}
	if err := c.accept(ctx, facts); err != nil {
		return err
	}
	m.Templates = states
	return c.save(ctx, *m)
}
