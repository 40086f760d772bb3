package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
)

const (
	colleagueTimeout = time.Second     // Slack wants an answer to a click within 3 s
	colleaguesMaxAge = 5 * time.Minute // how long Slack's answer about a person is used
	maxColleagues    = 1000            // people whose answers are kept
)

// colleagueCache keeps who of the people that Slack names as those of other workspaces belongs to ours, too.
type colleagueCache struct {
	timeout time.Duration // of one question

	mu      sync.Mutex
	answers map[string]colleagueAnswer // by user id; nil until the first one
}

// colleagueAnswer is what Slack said of a person.
type colleagueAnswer struct {
	isOurs bool
	at     time.Time
}

// get returns what Slack said of a person. ok is false if that isn't known, or too old.
func (c *colleagueCache) get(user string, now time.Time) (isOurs, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[user]
	return a.isOurs, ok && now.Sub(a.at) < colleaguesMaxAge
}

// keep remembers what Slack said of a person. If there are too many, it forgets all others.
func (c *colleagueCache) keep(user string, isOurs bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil || len(c.answers) >= maxColleagues {
		c.answers = map[string]colleagueAnswer{}
	}
	c.answers[user] = colleagueAnswer{isOurs: isOurs, at: now}
}

// isColleague reports whether somebody belongs to our workspace, though a click or a message names another one as theirs. Guests
// don't. It asks Slack, unless Slack has told that lately.
// Errors: that Slack doesn't say who they are; then nobody can tell.
func (d *directory) isColleague(ctx context.Context, me *fact.Self, user string) (bool, error) {
	if isOurs, ok := d.colleagues.get(user, d.now()); ok {
		return isOurs, nil
	}

	var u *slackapi.User
	err := withTimeout(ctx, d.colleagues.timeout, func(ctx context.Context) error {
		var err error
		u, err = d.api.GetUserInfoContext(ctx, user)
		return err
	})
	isShown := true
	switch codeOf(err) {
	case "user_not_found", "user_not_visible":
		isShown, err = false, nil
	}

	if err != nil {
		return false, fmt.Errorf("slack: users.info: %w", err)
	}

	isOurs := isShown && !isOutsider(u, me) && !isGuest(u)
	d.colleagues.keep(user, isOurs, d.now())
	return isOurs, nil
}

// withColleague returns a copy of me that knows that an agent who wrote a message is one of ours, if body names another
// workspace as theirs and Slack says so. Otherwise the message counts as that of somebody of another organisation.
func (d *directory) withColleague(ctx, asking context.Context, me *fact.Self, body []byte) *fact.Self {
	author := me.ForeignAuthor(body)
	if author == "" {
		return me
	}
	if _, isAgent := d.agentNames(ctx)[author]; !isAgent { // what somebody else types stays inside anyway
		return me
	}

	isOurs, err := d.isColleague(asking, me, author)
	if err != nil {
		d.log.Warn("slack does not say whether an agent is of this workspace", "user", author, "error", err)
	}
	if !isOurs {
		return me
	}

	known := *me
	known.Colleagues = []string{author}
	return &known
}
