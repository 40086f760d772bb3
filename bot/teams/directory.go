package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
	"parley/channels/pause"
)

// directory finds channels and people.
type directory struct{ *organisation.Organisation }

// Resolve finds a channel by id, or by "#name" in the teams that the app is in.
// Errors: a name that channels of several teams have, such as General.
func (d *directory) Resolve(ctx context.Context, channel string) (string, error) {
	name, named := strings.CutPrefix(channel, "#")
	if !named {
		if !isChannel(channel) {
			return "", nil
		}
		return channel, nil
	}
	service, err := d.Notes.Where(ctx)
	if err != nil {
		return "", err
	}
	found := ""
	teams := d.Notes.Teams()
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		list, err := d.Bot.Channels(ctx, cmp.Or(teams[team].Service, service), team)
		if organisation.ClosedTo(err) {
			continue // the app was taken out of it unseen
		}
		if err != nil {
			return "", fmt.Errorf("teams: channels of %s: %w", team, err)
		}
		if err := d.Notes.NoteListed(ctx, team, list); err != nil {
			return "", err
		}
		for _, one := range list {
			if !strings.EqualFold(one.Name, name) && (one.Name != "" || !strings.EqualFold(name, organisation.GeneralName)) {
				continue
			}
			if found != "" && found != one.ID {
				return "", fmt.Errorf("teams: several channels are called %q; name the one by its link", name)
			}
			found = one.ID
		}
	}
	return found, nil
}

// Lookup finds a person by their address among the members of the teams that the app is in.
func (d *directory) Lookup(ctx context.Context, email string) (string, error) {
	service, err := d.Notes.Where(ctx)
	if err != nil {
		return "", err
	}
	teams := d.Notes.Teams()
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		user, err := d.lookupIn(ctx, connector.Conversation{Service: cmp.Or(teams[team].Service, service), ID: team}, email)
		if organisation.ClosedTo(err) {
			continue
		}
		if err != nil || user != "" {
			return user, err
		}
	}
	return "", nil
}

// Audience tells who can read a channel: the members that Teams lists for it. For a standard channel
// these are the members of its team.
func (d *directory) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	service, err := d.Notes.WhereIs(ctx, channel)
	if err != nil {
		return bridge.Audience{}, err
	}
	var a bridge.Audience
	err = d.all(ctx, connector.Conversation{Service: service, ID: channel}, func(m connector.Member) bool {
		a.Users = append(a.Users, m.AADObjectID)
		return true
	})
	return a, err
}

// Members implements bridge.Roster. Teams lists no bots, and tells of everybody in its pages.
func (d *directory) Members(ctx context.Context, channel string, _ func(user string) bool) ([]bridge.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTime)
	defer cancel()
	service, err := d.Notes.WhereIs(ctx, channel)
	if err != nil {
		return nil, err
	}
	var list []bridge.Member
	err = d.all(ctx, connector.Conversation{Service: service, ID: channel}, func(m connector.Member) bool {
		if m.AADObjectID == "" || !strings.EqualFold(m.TenantID, d.Tenant) {
			return true
		}
		one := bridge.Member{User: m.AADObjectID, Name: m.Name, Email: cmp.Or(m.Email, m.UserPrincipalName)}
		one.Guest = d.People.Describe(m).Kind != bridge.ActorPerson
		one.Mute = one.Guest
		list = append(list, one)
		return true
	})
	return list, err
}

// rosterTime bounds the reading of all pages of a large team, with the waits for which Teams asks.
const rosterTime = 5 * time.Minute

// all gives the members of a conversation, page by page, until take says that it has enough. It waits where Teams asks
// for that, if ctx doesn't end before.
func (d *directory) all(ctx context.Context, at connector.Conversation, take func(connector.Member) bool) error {
	for token, tries := "", 0; ; {
		page, err := d.Bot.Members(ctx, at, token)
		if wait, limited := throttledFor(err); limited && tries < organisation.ReadPatience && pause.For(ctx, wait) {
			tries++
			continue
		}
		if err != nil {
			return fmt.Errorf("teams: members of %s: %w", at.ID, err)
		}
		for _, m := range page.Members {
			if !take(m) {
				return nil
			}
		}
		if token, tries = page.ContinuationToken, 0; token == "" {
			return nil
		}
	}
}

// throttledFor says whether an error means that we are too fast, and for how long to wait.
func throttledFor(err error) (time.Duration, bool) {
	var e *connector.Error
	if !errors.As(err, &e) || e.Class != channels.Throttled {
		return 0, false
	}
	return cmp.Or(e.RetryAfter, throttleDefault), true
}

func (d *directory) lookupIn(ctx context.Context, team connector.Conversation, email string) (string, error) {
	user := ""
	err := d.all(ctx, team, func(m connector.Member) bool {
		if strings.EqualFold(m.Email, email) || strings.EqualFold(m.UserPrincipalName, email) {
			user = m.AADObjectID
		}
		return user == ""
	})
	return user, err
}
