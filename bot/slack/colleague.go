package slack

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
)

// With each click or message Slack names a workspace of its author. In shared channels and Enterprise organisations
// that can be another one than ours, even for our own people. So this file asks Slack who the person is. A colleague
// is a full member of our workspace. A stranger is of another organisation, and can change nothing.

const (
	colleagueTimeout = time.Second     // Slack wants an answer to a click within 3 s
	colleaguesMaxAge = 5 * time.Minute // how long Slack's answer about a person is used
	maxColleagues    = 1000            // people whose answers are kept
)

// colleagueCache keeps what Slack said about people, for colleaguesMaxAge.
type colleagueCache struct {
	timeout time.Duration // of one question; colleagueTimeout, except in tests

	mu      sync.Mutex
	answers map[string]colleagueAnswer // by user id; nil until the first one
}

// colleagueAnswer is what Slack said of a person.
type colleagueAnswer struct {
	isOurs      bool // a full member of our workspace
	namesOthers bool // Slack names another workspace or organisation as theirs, or doesn't show them
	name        string
	at          time.Time
}

// isStranger reports whether somebody belongs to another organisation, and not to ours.
func (a colleagueAnswer) isStranger() bool { return a.namesOthers && !a.isOurs }

// get returns what Slack said about a person. ok is false if that isn't known, or too old.
func (c *colleagueCache) get(user string, now time.Time) (a colleagueAnswer, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok = c.answers[user]
	return a, ok && now.Sub(a.at) < colleaguesMaxAge
}

// wasStranger reports whether the person was a stranger by the last answer of Slack that is kept, however old.
func (c *colleagueCache) wasStranger(user string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers[user].isStranger()
}

// keep stores what Slack said about a person. If maxColleagues are kept already, it first drops all of them.
func (c *colleagueCache) keep(user string, a colleagueAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil || len(c.answers) >= maxColleagues {
		c.answers = map[string]colleagueAnswer{}
	}
	c.answers[user] = a
}

// isColleague reports whether a person for whom Slack named another workspace is a full member of ours, and no guest.
// Errors: those of askAbout.
func (d *directory) isColleague(ctx context.Context, self *fact.Self, user string) (bool, error) {
	a, err := d.askAbout(ctx, self, user)
	return a.isOurs, err
}

// askAbout returns who a person is, from the cache or from Slack. Whom Slack doesn't show is a stranger.
// Errors: Slack's.
func (d *directory) askAbout(ctx context.Context, self *fact.Self, user string) (colleagueAnswer, error) {
	if a, ok := d.colleagues.get(user, d.now()); ok {
		return a, nil
	}

	var u *slackapi.User
	err := withTimeout(ctx, d.colleagues.timeout, func(ctx context.Context) error {
		var err error
		u, err = d.api.GetUserInfoContext(ctx, user)
		return err
	})
	isShown := true
	switch refusal.CodeOf(err) {
	case "user_not_found", "user_not_visible":
		isShown, err = false, nil
	}

	if err != nil {
		return colleagueAnswer{}, fmt.Errorf("slack: users.info: %w", err)
	}

	a := colleagueAnswer{namesOthers: true, at: d.now()}
	if isShown {
		a.isOurs = !isOutsider(u, self) && !isGuest(u)
		a.name = nameOf(u)
		a.namesOthers = u.IsStranger || u.TeamID != "" && u.TeamID != self.Team
	}
	d.colleagues.keep(user, a)
	return a, nil
}

// mentionedPerson matches the mention of a person, as it stands in JSON: <@U1> or <@U1|ann>.
var mentionedPerson = regexp.MustCompile(`(?:<|\\u003[cC])@([UW][A-Z0-9]+)`)

// withPersonNames returns a copy of self that also has the names of mentioned people who aren't agents: self has those of
// agents. It leaves out names that Slack doesn't tell.
func (d *directory) withPersonNames(ctx context.Context, self *fact.Self, body []byte) *fact.Self {
	if !mayMention(body) { // most events: spare the regular expression
		return self
	}

	named := *self
	named.Names = map[string]string{}
	maps.Copy(named.Names, self.Names)
	for _, m := range mentionedPerson.FindAllSubmatch(body, -1) {
		id := string(m[1])
		if id == self.User || named.Names[id] != "" {
			continue
		}

		a, err := d.askAbout(ctx, self, id)
		if err != nil {
			d.log.Warn("slack name of a person not known", "user", id, "error", err)
			continue
		}

		named.Names[id] = a.name
	}

	return &named
}

// withStranger handles an event about an agent's emoji that was put on a message or removed. The event doesn't name
// the agent's workspace, so Slack is asked. If the agent is a stranger, it returns a copy of self with the agent among
// the Strangers, whose emoji do nothing. If Slack doesn't answer, the emoji counts.
func (d *directory) withStranger(ctx, askCtx context.Context, self *fact.Self, body []byte) *fact.Self {
	reactor := self.Reactor(body)
	if reactor == "" {
		return self
	}
	if _, isAgent := d.agentNames(ctx)[reactor]; !isAgent { // the emoji of somebody else does nothing anyway
		return self
	}

	a, err := d.askAbout(askCtx, self, reactor)
	if err != nil {
		d.log.Warn("slack does not say whether who put an emoji is of this workspace", "user", reactor, "error", err)
	}
	if !a.isStranger() {
		return self
	}

	known := *self
	known.Strangers = []string{reactor}
	return &known
}

// withColleague handles a message of an agent that names another workspace as theirs. If Slack says that the agent is
// a full member of ours, it returns a copy of self with the agent among the Colleagues. Otherwise it is a stranger.
func (d *directory) withColleague(ctx, askCtx context.Context, self *fact.Self, body []byte) *fact.Self {
	author := self.ForeignAuthor(body)
	if author == "" {
		return self
	}
	if _, isAgent := d.agentNames(ctx)[author]; !isAgent { // what somebody else types stays inside anyway
		return self
	}

	isOurs, err := d.isColleague(askCtx, self, author)
	if err != nil {
		d.log.Warn("slack does not say whether an agent is of this workspace", "user", author, "error", err)
	}
	if !isOurs {
		return self
	}

	known := *self
	known.Colleagues = []string{author}
	return &known
}
