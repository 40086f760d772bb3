package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/channels"
	"parley/channels/pause"
)

// Waits of Run.
const (
	retryFirst   = 5 * time.Second // doubled with each failure in a row, at most maxDoublings times
	maxDoublings = 6
	pollTimeout  = 5 * time.Minute // a busy account's lists have many pages
	onceLife     = 24 * time.Hour  // how long a content that was made for a single message is kept
)

// memory is the state of Run that survives restarts.
type memory struct {
	Since     time.Time                          `json:"since"`               // the watermark: all older messages are stored
	Templates map[string]channels.TemplateStatus `json:"templates,omitempty"` // the states that are stored, by the contents' ids

	stored []byte // how it is stored
}

// Run implements channels.Runner: at once, and then every few minutes, it reads the lists of messages for lost
// callbacks. It also reads the states of templates. Each look begins with the memory that is stored: a standby that takes over from a
// database, and lagged behind, has forgotten what was stored last.
func (c *Channel) Run(ctx context.Context) error {
	templatesReadAt := time.Time{}
	failures := 0 // in a row
	for ctx.Err() == nil {
		var hasMore bool
		m, err := c.loadMemory(ctx)
		if err == nil {
			hasMore, err = c.pollOnce(ctx, &m)
		}
		templatesDue := c.number.whatsapp && c.env.Now().Sub(templatesReadAt) >= c.opts.Watch
		if err == nil && templatesDue {
			err = readContents(ctx, c, &m)
			if err == nil {
				templatesReadAt = c.env.Now()
			}
		}

		if ctx.Err() != nil {
			return nil
		}

		c.reportCondition(err)
		wait := c.opts.Poll
		if err != nil {
			failures++
			wait = min(retryFirst<<min(failures, maxDoublings), c.opts.Poll)
			c.log.Warn("looking for lost callbacks failed", "error", err)
		} else {
			failures = 0
			if hasMore {
				wait = 0
			}
		}

		if !pause.For(ctx, wait) {
			return nil
		}
	}

	return nil
}

// reportCondition reports the account's condition. An error that may pass by itself changes nothing.
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

// loadMemory reads the memory. A new account's watermark is when the account was set up or, if that isn't known, now: older
// messages are not read. A memory that can't be understood counts as none.
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

	if m.Templates == nil {
		m.Templates = map[string]channels.TemplateStatus{}
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

// readContents stores changes of templates' states, and deletes old contents that were made for single messages. A content that
// can't be deleted is tried again the next time.
func readContents(ctx context.Context, c *Channel, m *memory) error {
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

// storeTemplateStates stores those states of templates that differ from the memory's, and remembers them.
func (c *Channel) storeTemplateStates(ctx context.Context, m *memory, list []content) error {
	var facts []channels.Fact
	states := map[string]channels.TemplateStatus{}
	for _, t := range list {
		if t.Name == onceName {
			continue
		}
		s := t.describeState()
		states[t.SID] = s.Status
		if m.Templates[t.SID] == s.Status || s.Status == channels.TemplateDraft { // nothing new, or not submitted
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
