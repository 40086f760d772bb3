package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/channels"
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

	stored []byte // the bytes that are stored of it
}

// Run implements channels.Runner. At once, and then every few minutes, it reads Twilio's lists for messages whose callbacks were lost
// (poll.go). It also reads the states of templates.
func (c *Channel) Run(ctx context.Context) error {
	templatesReadAt := time.Time{}
	failures := 0 // in a row
	for ctx.Err() == nil {
		hasMore, err := c.lookOnce(ctx, &templatesReadAt)
		if ctx.Err() != nil {
			return nil
		}

		c.reportCondition(err)
		wait := c.opts.Poll
		if err != nil {
			wait = min(retryFirst<<min(failures, maxDoublings), c.opts.Poll)
			failures++
			c.log.Warn("looking for lost callbacks failed", "error", err)
		} else {
			failures = 0
			if hasMore {
				wait = 0
			}
		}

		if !c.pauseFor(ctx, wait) {
			return nil
		}
	}

	return nil
}

// lookOnce reads the lists of messages and, if templatesReadAt is long ago, the states of templates; then it moves templatesReadAt.
// It loads the memory each time, because the database may have gone back since: a standby that takes over may lack the last seconds.
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

// reportCondition tells admins whether the account works. An error that may pass by itself changes nothing.
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

// loadMemory reads the memory. The watermark of a new account is the time at which it was set up or, if that isn't known, now. So older
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

// readContents stores changes of templates' states. It also deletes old contents that were made for single messages: Twilio keeps these
// in the same list. A content that can't be deleted is tried again the next time.
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

// storeTemplateStates stores the states of templates that differ from those in the memory, and remembers them.
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
