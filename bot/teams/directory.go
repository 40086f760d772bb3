package teams

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bot/teams/connector"
	"parley/bridge"
)

// directory finds channels and people.
type directory struct{ *organisation }

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
	service, err := d.notes.where(ctx)
	if err != nil {
		return "", err
	}
	found := ""
	teams := d.notes.here()
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		list, err := d.bot.Channels(ctx, cmp.Or(teams[team].Service, service), team)
		if closedTo(err) {
			continue // the app was taken out of it unseen
		}
		if err != nil {
			return "", fmt.Errorf("teams: channels of %s: %w", team, err)
		}
		if err := d.notes.listed(ctx, team, list); err != nil {
			return "", err
		}
		for _, one := range list {
			if !strings.EqualFold(one.Name, name) && (one.Name != "" || !strings.EqualFold(name, generalName)) {
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
	service, err := d.notes.where(ctx)
	if err != nil {
		return "", err
	}
	teams := d.notes.here()
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		user, err := d.lookupIn(ctx, connector.Conversation{Service: cmp.Or(teams[team].Service, service), ID: team}, email)
		if closedTo(err) {
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
	service, err := d.notes.whereIs(ctx, channel)
	if err != nil {
		return bridge.Audience{}, err
	}
	var a bridge.Audience
	for token := ""; ; {
		page, err := d.bot.Members(ctx, connector.Conversation{Service: service, ID: channel}, token)
		if err != nil {
			return bridge.Audience{}, fmt.Errorf("teams: members of %s: %w", channel, err)
		}
		for _, m := range page.Members {
			a.Users = append(a.Users, m.AADObjectID)
		}
		if token = page.ContinuationToken; token == "" {
			return a, nil
		}
	}
}

func (d *directory) lookupIn(ctx context.Context, team connector.Conversation, email string) (string, error) {
	for token := ""; ; {
		page, err := d.bot.Members(ctx, team, token)
		if err != nil {
			return "", fmt.Errorf("teams: members of %s: %w", team.ID, err)
		}
		for _, m := range page.Members {
			if strings.EqualFold(m.Email, email) || strings.EqualFold(m.UserPrincipalName, email) {
				return m.AADObjectID, nil
			}
		}
		if token = page.ContinuationToken; token == "" {
			return "", nil
		}
	}
}
