package slack

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
)

// A channel may be shared with another company, whose people can click and type in it, too. They must not be able to
// change conversations. Each click and message names a workspace of its author, but in an Enterprise organisation that
// may be another workspace than ours even for our own people. In that case this file looks the person up in Slack:
//   - A colleague is a full member of our workspace.
//   - A stranger belongs to another workspace or organisation, and isn't a colleague.

const (
	colleagueTimeout = time.Second     // of one lookup; Slack wants a response to a click within 3 s
	colleaguesMaxAge = 5 * time.Minute // how long a lookup is cached
)

// colleagueCache caches lookups of people. It is safe for concurrent use.
type colleagueCache struct {
	timeout time.Duration              // of one lookup; colleagueTimeout, except in tests
	answers forms.Map[colleagueAnswer] // by user id
}

// colleagueAnswer is the result of a lookup.
type colleagueAnswer struct {
	isOurs      bool // a full member of our workspace
	namesOthers bool // Slack names another workspace or organisation as theirs, or doesn't show them
	name        string
	at          time.Time // when Slack was asked
}

func (a colleagueAnswer) isStranger() bool { return a.namesOthers && !a.isOurs }

// get returns the cached lookup of a person. ok is false if there is none, or if it has expired.
func (c *colleagueCache) get(user string, now time.Time) (a colleagueAnswer, ok bool) {
	a, ok = c.answers.Get(user)
	return a, ok && now.Sub(a.at) < colleaguesMaxAge
}

// wasStranger reports whether the cached lookup of a person, even an expired one, says that they are a stranger.
func (c *colleagueCache) wasStranger(user string) bool {
	a, _ := c.answers.Get(user)
	return a.isStranger()
}

// isColleague reports whether a person is a full member of our workspace, and not a guest.
// Errors: those of askAbout.
func (d *directory) isColleague(ctx context.Context, self *Self, user string) (bool, error) {
	a, err := d.askAbout(ctx, self, user)
	return a.isOurs, err
}

// askAbout looks a person up, in the cache or in Slack. A person whom Slack doesn't show is a stranger.
// Errors: Slack's; failures aren't cached.
func (d *directory) askAbout(ctx context.Context, self *Self, user string) (colleagueAnswer, error) {
	if a, ok := d.colleagues.get(user, d.now()); ok {
		return a, nil
	}

	var u *slackapi.User
	err := withTimeout(ctx, d.colleagues.timeout, func(ctx context.Context) error {
		var err error
		u, err = d.api.GetUserInfoContext(ctx, user)
		return err
	})
	isShown := !hasCode(err, "user_not_found", "user_not_visible")
	if err != nil && isShown {
		return colleagueAnswer{}, fmt.Errorf("slack: users.info: %w", err)
	}

	a := colleagueAnswer{namesOthers: true, at: d.now()}
	if isShown {
		a.isOurs = !isOutsider(u, self) && !isGuest(u)
		a.name = nameOf(u)
		a.namesOthers = u.IsStranger || u.TeamID != "" && u.TeamID != self.Team
	}
	d.colleagues.answers.Put(user, a)
	return a, nil
}

// mentionedPerson matches the mention of a person, <@U1> or <@U1|ann>. In JSON the "<" may be escaped.
var mentionedPerson = regexp.MustCompile(`(?:<|\\u003[cC])@([UW][A-Z0-9]+)`)

// withPersonNames returns a copy of self, which describes our app and the names that we know, with the names of the
// other people whom body mentions. Names that can't be looked up are left out.
func (d *directory) withPersonNames(ctx context.Context, self *Self, body []byte) *Self {
	if !mayMention(body) { // a cheap check that spares most events the regular expression
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

// withStranger looks up the person of a reaction event: an agent has put an emoji on a message or removed one. Such
// events don't name a workspace. If the agent is a stranger, withStranger returns a copy of self that lists the agent
// in Strangers, whose emoji have no effect. If the lookup fails, the emoji has its effect.
//
// askCtx is the context of the lookup; ctx is that of reading the agents from the database.
func (d *directory) withStranger(ctx, askCtx context.Context, self *Self, body []byte) *Self {
	reactor := self.Reactor(body)
	if reactor == "" {
		return self
	}
	if _, isAgent := d.agentNames(ctx)[reactor]; !isAgent { // the emoji of others have no effect anyway
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

// withColleague looks up the author of a message who is an agent but, according to the message, of another workspace. If
// the agent is a colleague, it returns a copy of self that lists the agent in Colleagues. Without that, and so also if
// the lookup fails, the author counts as a stranger. For ctx and askCtx see withStranger.
func (d *directory) withColleague(ctx, askCtx context.Context, self *Self, body []byte) *Self {
	author := self.ForeignAuthor(body)
	if author == "" {
		return self
	}
	if _, isAgent := d.agentNames(ctx)[author]; !isAgent { // what others type is never sent to the customer anyway
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
