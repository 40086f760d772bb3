package messenger

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
	"parley/channels/graph"
)

const (
	// lookInterval is the pause between looks at the Page's conversations. Facebook allows about 200 looks a
	// day on the quietest Page.
	lookInterval = 10 * time.Minute
	// minLookInterval is the shortest pause. A look comes so soon when somebody new has written.
	minLookInterval = 15 * time.Second
	// pageTimeout bounds how long one page of conversations is read and stored.
	pageTimeout = 30 * time.Second
	// missedAfter is how long a webhook may be on its way before its message counts as missed.
	missedAfter = 5 * time.Minute
	// maxMissedAge is how far back missed messages are looked for.
	maxMissedAge = 24 * time.Hour
	// clockDoubt is how far Facebook's clock may be behind ours. Messages that are older by no more than
	// that are still fetched.
	clockDoubt = 10 * time.Minute
	// listedAtOnce is how many conversations a call asks for.
	listedAtOnce = 25
)

var _ channels.Runner = (*Channel)(nil)

// seenState is the durable memory of an account.
type seenState struct {
	Since time.Time `json:"since"`          // older messages were there before the account was set up
	Page  string    `json:"page,omitempty"` // whose messages Since is about; "" in memories of the version before
}

// Run implements channels.Runner. Messages come by webhooks. From time to time, Run reads the list of the Page's conversations
// (conversation.go) for messages whose webhook was lost, and for names of customers whose profiles can't be read.
func (c *Channel) Run(ctx context.Context) error {
	since, err := c.fetchedSince(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{} // the names that this process has stored, by customer
	reach := since               // conversations without a message since then aren't read again
	for ctx.Err() == nil {
		began := c.env.Now()
		if c.storeMissed(ctx, since, reach, names) {
			reach = began.Add(-missedAfter - clockDoubt) // what came later may have been left out, or not listed yet
		}
		c.pause(ctx)
	}
	return nil
}

// waitForLook waits until the next look is due: after lookInterval or, if somebody new writes, after minLookInterval.
func (c *Channel) waitForLook(ctx context.Context) {
	soon, late := time.NewTimer(minLookInterval), time.NewTimer(lookInterval)
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

// fetchedSince returns the time from which on messages are fetched. The first call stores it: the time at which the account was set up
// or, if that isn't known, now. When the account gets another Page, it is stored anew.
func (c *Channel) fetchedSince(ctx context.Context) (time.Time, error) {
	var s seenState
	raw, err := c.env.State.Load(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("messenger: run: %w", err)
	}
	isKnown := json.Unmarshal(raw, &s) == nil && !s.Since.IsZero()
	if isKnown && s.Page == c.page {
		return s.Since, nil
	}

	isOfVersionBefore := isKnown && s.Page == ""
	if !isOfVersionBefore {
		s.Since = c.env.Now()
		if !c.beginsAt.IsZero() {
			s.Since = c.beginsAt.Add(-clockDoubt)
		}
		c.env.Log.Info("first look for messages", "taken_from", s.Since)
	}

	s.Page = c.page
	data, err := json.Marshal(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("messenger: run: %w", err)
	}
	if err := c.env.State.Save(ctx, raw, data); err != nil {
		return time.Time{}, fmt.Errorf("messenger: run: %w", err)
	}

	return s.Since, nil
}

// storeMissed stores missed messages and new names from the first page of the list, and from all conversations in which something was
// written since reach. It returns false if it fails: then the next look tries again. names has the names that are stored already, by
// customer, and gets the new ones.
func (c *Channel) storeMissed(ctx context.Context, since, reach time.Time, names map[string]string) (isComplete bool) {
	if oldest := c.env.Now().Add(-maxMissedAge); reach.Before(oldest) {
		reach = oldest
	}

	query := url.Values{"limit": {strconv.Itoa(listedAtOnce)}, "fields": {"updated_time,participants," + messageFields}}
	for {
		page, ok := c.storePage(ctx, query, since, names)
		if !ok {
			return false
		}
		if page.next == "" || !page.mayGoOnSince(reach) {
			return true
		}
		query.Set("after", page.next)
	}
}

// storePage reads one page of conversations, and stores what is missing of it. It returns false if it fails.
func (c *Channel) storePage(
	ctx context.Context, query url.Values, since time.Time, names map[string]string,
) (page conversationPage, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	page, err := c.listConversations(ctx, query)
	if refused, isRefused := errors.AsType[*graph.Error](err); isRefused && refused.Code == codeTokenInvalid {
		e := classifyError(err)
		c.env.Report(channels.Condition{Status: channels.Broken, Text: e.Text, Hint: e.Hint})
		return page, false
	}
	if err != nil {
		c.env.Log.Info("conversations not read", "error", err)
		return page, false
	}

	c.env.Report(channels.Condition{Status: channels.Active})
	return page, c.storeListed(ctx, page.list, since, names)
}

// storeListed stores the missed messages and the new names of listed conversations. It returns false if that fails.
func (c *Channel) storeListed(ctx context.Context, list []conversation, since time.Time, names map[string]string) bool {
	if len(names) > maxNamesKept {
		clear(names)
	}

	var facts []channels.Fact
	for _, one := range list {
		for _, p := range one.Participants.Data {
			isCustomer := p.ID != c.page && p.Name != ""
			if isCustomer && names[p.ID] != p.Name {
				facts = append(facts, c.nameFact(p.ID, p.Name))
				names[p.ID] = p.Name
			}
		}

		facts = append(facts, c.missedFacts(one, since)...)
	}

	if len(facts) == 0 {
		return true
	}
	if err := c.env.Accept(ctx, facts...); err != nil {
		c.env.Log.Info("conversations not stored", "error", err)
		clear(names)
		return false
	}
	return true
}

// nameFact returns the fact that a person has this name.
func (c *Channel) nameFact(id, name string) channels.Fact {
	payload, err := json.Marshal(stored{Page: c.page, Event: json.RawMessage("{}"), Person: id, Name: name})
	if err != nil {
		panic("messenger: name: " + err.Error()) // a struct of strings can always be marshalled
	}
	return channels.Fact{
		ExternalID: boundedID("n:" + id + ":" + graph.HashOf([]byte(name))),
		OrderKey:   id,
		Payload:    payload,
		Owner:      c.page,
	}
}

// missedFacts returns the facts of a customer's messages that webhooks should have brought by now, in order.
// Their external ids are those of webhooks, so that Accept recognises messages that did come.
func (c *Channel) missedFacts(one conversation, since time.Time) (facts []channels.Fact) {
	now := c.env.Now()
	for i := len(one.Messages.Data) - 1; i >= 0; i-- {
		m := one.Messages.Data[i]
		hasIDs := m.From.ID != "" && m.ID != ""
		if !hasIDs || m.From.ID == c.page {
			continue
		}

		isTooOld := m.at.Before(since) || m.at.Before(now.Add(-maxMissedAge))
		mayStillCome := m.at.After(now.Add(-missedAfter))
		if isTooOld || mayStillCome {
			continue
		}

		raw, err := json.Marshal(m.asWebhookEvent(c.page))
		if err == nil { // always: these are texts and a number
			facts = append(facts, factOf(stored{Page: c.page, Event: raw}))
		}
	}

	return facts
}

// accept stores facts, and notes who has written, so that their profiles are read.
func (c *Channel) accept(ctx context.Context, facts ...channels.Fact) error {
	if err := c.env.Accept(ctx, facts...); err != nil {
		return err
	}
	for _, f := range facts {
		if f.Owner == c.page && strings.HasPrefix(f.ExternalID, "m:") {
			c.profiles.noteMessage(f.OrderKey, c.env.Now())
		}
	}
	return nil
}
