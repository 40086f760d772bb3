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

// How Run looks for what callbacks lost.
const (
	overlap     = 10 * time.Minute // looked at twice, in case the list is behind
	statusSpan  = 24 * time.Hour   // how old a message of ours may be whose fate is looked for
	maxGathered = 20_000           // messages held in memory at once
	maxStatuses = 5_000
	acceptBatch = 200
	retryFirst  = 5 * time.Second
	pollTimeout = 5 * time.Minute
	onceLife    = 24 * time.Hour
)

// memory is what Run keeps over restarts.
type memory struct {
	Since     time.Time                          `json:"since"` // all that arrived before was accepted
	Templates map[string]channels.TemplateStatus `json:"templates,omitempty"`
}

// Run implements channels.Runner: at once, and then every few minutes, it reads what
// callbacks lost, and beside it what became of templates.
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
		if err == nil && c.whatsapp && c.env.Now().Sub(watched) >= c.opts.Watch {
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

// condition tells how the account is. A passing failure changes nothing.
func (c *Channel) condition(err error) {
	if err == nil {
		if c.env.HookURL == "" {
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

// load reads the memory. A new account begins when it was set up, or now where that is not known:
// what was said before is left alone.
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

// poll accepts what the lists show since the watermark and moves it. again says that there
// is more.
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

// listedRow is a message of the list with its bytes as they came.
type listedRow struct {
	row
	raw json.RawMessage
}

// list reads messages from then on, newest first, by a filter of To or From.
func (c *Channel) list(ctx context.Context, filter string, from time.Time, use func(listedRow) (enough bool)) error {
	query := url.Values{filter: {c.own()}, "DateSent>": {from.UTC().Format(time.DateOnly)}, "PageSize": {"1000"}}
	return c.each(ctx, c.messagesURL()+"?"+query.Encode(), func(p page) bool {
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

// arrived lists what customers sent between from and until, oldest first. Of too much it
// gives the oldest and says so.
func (c *Channel) arrived(ctx context.Context, from, until time.Time) (rows []listedRow, cut bool, err error) {
	older := 0
	err = c.list(ctx, "To", from, func(r listedRow) bool {
		switch {
		case r.at().Before(from):
			older++ // the order is by time, but two may have changed places
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

// facts makes facts of customers' messages, with the addresses of their files.
func (c *Channel) facts(ctx context.Context, rows []listedRow) ([]channels.Fact, error) {
	var facts []channels.Fact
	for _, r := range rows {
		l := listed{Message: r.raw}
		if r.Media > 0 {
			first := c.accountURL() + "/Messages/" + url.PathEscape(r.SID) + "/Media.json?PageSize=50"
			err := c.each(ctx, first, func(p page) bool {
				for _, m := range p.Media {
					l.Media = append(l.Media, listedMedia{URL: strings.TrimSuffix(m.URI, ".json"), ContentType: m.ContentType})
				}
				return false
			})
			if err != nil && unsent(err).Class != channels.BadContent { // deleted meanwhile: the words are still there
				return nil, err
			}
		}
		facts = append(facts, channels.Fact{ExternalID: r.SID, OrderKey: clip(keyOf(r.From), 200), Payload: jsonPayload(payloadListed, l)})
	}
	return facts, nil
}

// fates gives what became of our messages of the last day whose state changed between since
// and until. A state that a callback told has the same name; the callback has time to come
// first, for it names our message by its token.
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

// settled reports whether a state is worth telling.
func settled(status string) bool {
	switch strings.ToLower(status) {
	case "sent", "delivered", "read", "failed", "undelivered", "canceled":
		return true
	}
	return false
}

// watch tells what became of templates, and deletes the contents that single messages
// needed.
func (c *Channel) watch(ctx context.Context, m *memory) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	list, err := c.contents(ctx)
	if err != nil {
		return err
	}
	var facts []channels.Fact
	states := map[string]channels.TemplateStatus{}
	for _, t := range list {
		if t.Name == onceName {
			if !t.Created.IsZero() && c.env.Now().Sub(t.Created.Time) > onceLife {
				err = errors.Join(err, c.remove(ctx, t.SID))
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
