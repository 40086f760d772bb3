package meta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/channels"
)

const (
	// pollInterval is the pause between polls of the Page's conversations. Facebook allows about 200 polls per
	// day on the quietest Page.
	pollInterval = 10 * time.Minute
	// minPollInterval is the shortest pause. It applies when requestPoll was called.
	minPollInterval = 15 * time.Second
	// pageTimeout limits the time to read and store one page of conversations.
	pageTimeout = 30 * time.Second
	// missedAfter is how long a webhook may take before its message counts as missed.
	missedAfter = 5 * time.Minute
	// maxMissedAge is the maximum age of missed messages that are recovered.
	maxMissedAge = 24 * time.Hour
	// clockTolerance is how far Facebook's clock may be behind ours.
	clockTolerance = 10 * time.Minute
	// conversationsPerPage is how many conversations one call requests.
	conversationsPerPage = 25
	// fewPerPage is how many it requests if Facebook finds the answer too large, and then it requests only one.
	fewPerPage = 5
)

var _ channels.Runner = (*Page)(nil)

// savedState is the state of an account that survives a restart.
type savedState struct {
	Since time.Time `json:"since"`          // older messages precede the account, and are ignored
	Page  string    `json:"page,omitempty"` // the Page that Since belongs to; "" if saved by the previous version
}

// Run implements channels.Runner. Normally, messages arrive by webhook. As a safety net, Run polls the list
// of the Page's conversations (conversation.go) for messages whose webhook was lost, and for names of
// customers whose profiles can't be read. Messages are stored under the ids that webhooks give them, so none
// is stored twice.
func (c *Page) Run(ctx context.Context) error {
	since, err := c.loadSince(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{} // the names that this process has stored, by customer
	readFrom := since            // conversations without a message since then aren't read again
	lastBegan := since
	for ctx.Err() == nil {
		began := c.env.Now().UTC()   // without the monotonic clock, which never goes back
		if began.Before(lastBegan) { // our clock was ahead, so it isn't known which messages were passed over
			readFrom = since
		}
		lastBegan = began
		if c.storeMissed(ctx, since, readFrom, names) {
			readFrom = began.Add(-missedAfter - clockTolerance) // later messages may have been skipped, or not listed yet
		}
		c.pause(ctx)
	}
	return nil
}

// waitForPoll waits until the next poll: for pollInterval or, if requestPoll is called, for at least
// minPollInterval.
func (c *Page) waitForPoll(ctx context.Context) {
	soon, late := time.NewTimer(minPollInterval), time.NewTimer(pollInterval)
	defer soon.Stop()
	defer late.Stop()
	select {
	case <-soon.C:
	case <-ctx.Done():
	}
	select {
	case <-c.newcomer:
	case <-late.C:
	case <-ctx.Done():
	}
}

// loadSince returns the time from which missed messages are recovered. The first call stores it: the time at
// which the account was set up or, if that is unknown, the present. If the account's Page has changed, a new
// time is stored.
func (c *Page) loadSince(ctx context.Context) (time.Time, error) {
	var s savedState
	raw, err := c.env.State.Load(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("messenger: run: %w", err)
	}
	isKnown := json.Unmarshal(raw, &s) == nil && !s.Since.IsZero()
	if isKnown && s.Page == c.id {
		return s.Since, nil
	}

	isOfPreviousVersion := isKnown && s.Page == ""
	if !isOfPreviousVersion {
		s.Since = c.env.Now()
		if !c.beginsAt.IsZero() {
			s.Since = c.beginsAt.Add(-clockTolerance)
		}
		c.env.Log.Info("first look for messages", "taken_from", s.Since)
	}

	s.Page = c.id
	data, err := json.Marshal(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("messenger: run: %w", err)
	}
	if err := c.env.State.Save(ctx, raw, data); err != nil {
		return time.Time{}, fmt.Errorf("messenger: run: %w", err)
	}

	return s.Since, nil
}

// storeMissed stores missed messages and new names from the first page of the list, and from all further
// conversations that have a message since readFrom. It returns false on failure; then the next poll tries
// again. names maps customers to the names stored so far, and is updated.
//
// If Facebook refuses a page because the answer would be too large, it begins again with smaller pages, since a
// cursor is only valid for pages of the same size.
func (c *Page) storeMissed(ctx context.Context, since, readFrom time.Time, names map[string]string) (isComplete bool) {
	if oldest := c.env.Now().Add(-maxMissedAge); readFrom.Before(oldest) {
		readFrom = oldest
	}

	var err error
	for _, perPage := range []int{conversationsPerPage, fewPerPage, 1} {
		err = c.storePages(ctx, perPage, since, readFrom, names)
		if !isTooMuch(err) {
			break
		}
	}
	return err == nil
}

// storePages is storeMissed with pages of a given size.
// Errors: those of storePage.
func (c *Page) storePages(ctx context.Context, perPage int, since, readFrom time.Time, names map[string]string) error {
	query := url.Values{"limit": {strconv.Itoa(perPage)}, "fields": {"updated_time,participants," + messageFields}}
	for {
		page, err := c.storePage(ctx, query, since, names)
		if err != nil {
			return err
		}
		if page.next == "" || !page.mayHaveMoreSince(readFrom) {
			return nil
		}
		query.Set("after", page.next)
	}
}

// storePage reads one page of conversations and stores what is missing.
// Errors: those of listConversations and of Accept, which it logs, or reports if the token was refused.
func (c *Page) storePage(
	ctx context.Context, query url.Values, since time.Time, names map[string]string,
) (conversationPage, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	page, err := c.listConversations(ctx, query)
	if refused, isRefused := errors.AsType[*graphError](err); isRefused && refused.Code == codeTokenEnded {
		e := c.classifyError(err)
		c.env.Report(channels.Condition{Status: channels.Broken, Text: e.Text, Hint: e.Hint})
		return page, err
	}
	if err != nil {
		c.env.Log.Info("conversations not read", "error", err)
		return page, err
	}

	c.env.Report(channels.Condition{Status: channels.Active})
	return page, c.storeListed(ctx, page.list, since, names)
}

// storeListed stores the missed messages and new names of listed conversations.
// Errors: those of Accept, which it logs.
func (c *Page) storeListed(ctx context.Context, list []conversation, since time.Time, names map[string]string) error {
	if len(names) > maxNamesKept {
		clear(names)
	}

	var facts []channels.Fact
	for _, conv := range list {
		for _, p := range conv.Participants.Data {
			isCustomer := p.ID != c.id && p.Name != ""
			if isCustomer && names[p.ID] != p.Name {
				facts = append(facts, newNameFact(c.id, p.ID, p.Name))
				names[p.ID] = p.Name
			}
		}

		facts = append(facts, c.missedFacts(conv, since)...)
	}

	if len(facts) == 0 {
		return nil
	}
	if err := c.env.Accept(ctx, facts...); err != nil {
		c.env.Log.Info("conversations not stored", "error", err)
		clear(names)
		return err
	}
	return nil
}

// newNameFact returns the fact (a record to store) that a person who writes to a page has this name.
func newNameFact(page, id, name string) channels.Fact {
	payload, err := json.Marshal(stored{Page: page, Event: json.RawMessage("{}"), Person: id, Name: name})
	if err != nil {
		panic("messenger: name: " + err.Error()) // a struct of strings can always be marshalled
	}
	return channels.Fact{
		ExternalID: boundedID("n:" + id + ":" + hashOf([]byte(name))),
		OrderKey:   id,
		Payload:    payload,
		Owner:      page,
	}
}

// missedFacts returns a fact for each message of a customer whose webhook should have arrived by now, oldest
// first. The facts have the same external ids as those of webhooks, so Accept recognizes messages that did
// arrive.
func (c *Page) missedFacts(conv conversation, since time.Time) (facts []channels.Fact) {
	now := c.env.Now()
	for i := len(conv.Messages.Data) - 1; i >= 0; i-- {
		m := conv.Messages.Data[i]
		hasIDs := m.From.ID != "" && m.ID != ""
		if !hasIDs || m.From.ID == c.id {
			continue
		}

		isTooOld := m.at.Before(since) || m.at.Before(now.Add(-maxMissedAge))
		mayStillCome := m.at.After(now.Add(-missedAfter))
		if isTooOld || mayStillCome {
			continue
		}

		raw, err := json.Marshal(m.asWebhookEvent(c.id))
		if err == nil { // always true: texts and numbers can be marshalled
			facts = append(facts, factOf(stored{Page: c.id, Event: raw}))
		}
	}

	return facts
}

// accept stores the facts of a webhook, and queues the customers who wrote, so that their profiles are read.
func (c *Page) accept(ctx context.Context, facts ...channels.Fact) error {
	if err := c.env.Accept(ctx, facts...); err != nil {
		return err
	}
	for _, f := range facts {
		if f.Owner == c.id && strings.HasPrefix(f.ExternalID, "m:") {
			c.profiles.noteMessage(f.OrderKey, c.env.Now())
		}
	}
	return nil
}
