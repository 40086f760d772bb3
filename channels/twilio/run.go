package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/channels"
)

// Delays and timeouts of Run.
const (
	retryFirst   = 5 * time.Second // doubled after each consecutive failure, at most maxDoublings times
	maxDoublings = 6
	pollTimeout  = 5 * time.Minute // a busy account's lists have many pages
	onceLife     = 24 * time.Hour  // how long a content for a single message is kept
	againSpan    = 24 * time.Hour  // how much of the list is read again if the watermark is of no use
)

// memory is the state of Run that survives restarts. Run stores it as JSON:
//
//	{"since": "2026-11-05T10:00:00Z", "templates": {…}}
type memory struct {
	Since     time.Time                          `json:"since"`               // the watermark: all older messages are stored
	More      bool                               `json:"more,omitempty"`      // Since is by Twilio's clock, with the overlap: see pollOnce
	Number    string                             `json:"number,omitempty"`    // which Since belongs to; "" if saved by an earlier version
	Templates map[string]channels.TemplateStatus `json:"templates,omitempty"` // the last stored state of each template, by its SID

	stored []byte // the JSON as it is in the database, for a compare-and-swap when it is saved
}

// Run implements channels.Runner. Twilio's calls to our webhook may be lost, for example while Parley is down. So
// immediately, and then every few minutes, Run reads Twilio's list of messages (poll.go). It also reads the states of
// templates and stores those that changed. It returns when ctx is done.
func (c *Channel) Run(ctx context.Context) error {
	templatesReadAt := time.Time{}
	failures := 0 // in a row
	for ctx.Err() == nil {
		hasMore, err := c.lookOnce(ctx, &templatesReadAt)
		if ctx.Err() != nil {
			return nil
		}

		c.reportCondition(err)
		var wait time.Duration
		switch {
		case err != nil:
			wait = min(retryFirst<<min(failures, maxDoublings), c.opts.Poll)
			failures++
			c.log.Warn("looking for lost callbacks failed", "error", err)
		case hasMore:
			failures, wait = 0, 0
		default:
			failures, wait = 0, c.opts.Poll
		}

		if !c.pauseFor(ctx, wait) {
			return nil
		}
	}

	return nil
}

// lookOnce reads the list of messages. It also reads the states of templates if that is due, and then updates
// templatesReadAt. It loads the memory each time, because the database may have lost the last seconds when a standby
// took over.
func (c *Channel) lookOnce(ctx context.Context, templatesReadAt *time.Time) (hasMore bool, err error) {
	m, err := c.loadMemory(ctx)
	if err != nil {
		return false, err
	}
	hasMore, err = c.pollOnce(ctx, &m)
	if err != nil {
		return hasMore, err
	}

	areTemplatesDue := c.number.whatsapp && c.env.Now().Sub(*templatesReadAt) >= c.opts.Watch
	if !areTemplatesDue {
		return hasMore, nil
	}
	if err := c.readContents(ctx, &m); err != nil {
		return hasMore, err
	}
	*templatesReadAt = c.env.Now()
	return hasMore, nil
}

// reportCondition reports to admins whether the account works. A temporary error changes nothing.
func (c *Channel) reportCondition(err error) {
	if err == nil {
		if c.callbacks.address == "" {
			c.env.Report(unreachableCondition())
			return
		}
		c.env.Report(channels.Condition{Status: channels.Active})
		return
	}
	se := asNotSent(err)
	if se.Class == channels.AuthBroken || se.Class == channels.AccountBlocked {
		c.env.Report(channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
	}
}

// loadMemory loads the memory. If there is none, if it can't be decoded, or if the account had another number then, the
// watermark is the time at which the account was set up or, if that isn't known, the current time. Older messages aren't
// read.
//
// If the watermark is in the future, it was saved while our clock was ahead. It isn't known then up to when the list was
// read, so the last day is read again. A watermark that was taken from Twilio's times says nothing about our clock.
func (c *Channel) loadMemory(ctx context.Context) (memory, error) {
	raw, err := c.env.State.Load(ctx)
	if err != nil {
		return memory{}, fmt.Errorf("twilio: watermark: %w", err)
	}

	m := memory{stored: raw}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &m); err != nil {
			c.log.Error("watermark unreadable", "error", err)
		}
	}

	number := sourceOf(c.number.account, c.number.twilioAddress())
	if m.Number != "" && m.Number != number {
		m = memory{stored: raw}
	}
	m.Number = number

	if m.Templates == nil {
		m.Templates = map[string]channels.TemplateStatus{}
	}

	if now := c.env.Now().UTC(); m.Since.After(now) && !m.More && now.After(c.beginsAt) { // otherwise the clock is wrong now
		c.log.Warn("watermark lies in the future, reading the last day again", "watermark", m.Since)
		m.Since = now.Add(-againSpan)
		if m.Since.Before(c.beginsAt) {
			m.Since = c.beginsAt.UTC()
		}
	}

	if m.Since.IsZero() {
		m.Since = c.beginsAt.UTC()
		if m.Since.IsZero() {
			m.Since = c.env.Now().UTC()
		}

		c.log.Info("first look for messages", "taken_from", m.Since.Add(-overlap))
		if err := c.saveMemory(ctx, &m); err != nil {
			return memory{}, err
		}
	}

	return m, nil
}

// saveMemory saves the memory. It fails if the stored memory is no longer the one that was loaded.
func (c *Channel) saveMemory(ctx context.Context, m *memory) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("twilio: watermark: %w", err)
	}
	if err := c.env.State.Save(ctx, m.stored, raw); err != nil {
		return fmt.Errorf("twilio: watermark: %w", err)
	}
	m.stored = raw
	return nil
}

// readContents stores changes of templates' states. A template is a "content" at Twilio. The same list has the contents
// that were made for single messages with buttons or a list, and readContents deletes the old ones. If that fails, it
// is retried the next time.
func (c *Channel) readContents(ctx context.Context, m *memory) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	list, err := c.catalogue.list(ctx)
	if err != nil {
		return err
	}
	if err := c.storeTemplateStates(ctx, m, list); err != nil {
		return err
	}

	var old []string
	for _, t := range list {
		isOld := !t.Created.IsZero() && c.env.Now().Sub(t.Created.Time) > onceLife
		if t.Name == onceName && isOld {
			old = append(old, t.SID)
		}
	}
	if err := c.catalogue.removeAll(ctx, old); err != nil {
		c.log.Warn("contents of single messages can't be deleted", "error", err)
	}
	return nil
}

// storeTemplateStates stores the states of templates that differ from those in the memory, and updates the memory.
func (c *Channel) storeTemplateStates(ctx context.Context, m *memory, list []content) error {
	var facts []channels.Fact
	states := map[string]channels.TemplateStatus{}
	for _, t := range list {
		if t.Name == onceName {
			continue
		}
		s := t.describeState()
		states[t.SID] = s.Status
		if m.Templates[t.SID] == s.Status || s.Status == channels.TemplateDraft { // unchanged, or not submitted yet
			continue
		}

		facts = append(facts, channels.Fact{
			ExternalID: fmt.Sprintf("template:%s:%s:%d", t.SID, s.Status, c.env.Now().Unix()),
			OrderKey:   "template:" + t.SID,
			Payload:    jsonPayload(payloadTemplate, s),
		})
	}

	if err := c.accept(ctx, facts); err != nil {
		return err
	}

	m.Templates = states
	return c.saveMemory(ctx, m)
}
