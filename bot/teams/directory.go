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

	"parley/bridge"
	"parley/channels"
	"parley/channels/wire"
)

// In Parley's configuration, admins write channels and agents as "#support" or "ann@example.com". Teams identifies both
// by ids. This file looks up the ids in the teams in which the app is installed, and lists the members of channels.

type directory struct{ *Organisation }

// Resolve returns the id of a channel; "" if it isn't found. channel is "#name", or an id, which is returned unchanged.
// Errors: several teams have a channel with that name, such as General; those of the requests.
func (d *directory) Resolve(ctx context.Context, channel string) (string, error) {
	name, isName := strings.CutPrefix(channel, "#")
	if !isName {
		if !isChannel(channel) {
			return "", nil
		}
		return channel, nil
	}

	list, err := d.listChannels(ctx)
	if err != nil {
		return "", err
	}
	found := ""
	for _, info := range list {
		if !hasName(info, name) {
			continue
		}
		if found != "" && found != info.ID {
			return "", fmt.Errorf("teams: several channels are called %q; name the one by its link", name)
		}
		found = info.ID
	}
	return found, nil
}

// ChannelNames returns the names of the channels that Parley can see: "#Support".
func (d *directory) ChannelNames(ctx context.Context) (names []string, err error) {
	list, err := d.listChannels(ctx)
	for _, info := range list {
		names = append(names, "#"+cmp.Or(info.Name, GeneralName))
	}
	return slices.Compact(slices.Sorted(slices.Values(names))), err
}

// listChannels reads the channels of all teams that the app is in.
func (d *directory) listChannels(ctx context.Context) (all []ChannelInfo, err error) {
	service, err := d.Notes.Service(ctx)
	if err != nil {
		return nil, err
	}
	teams := d.Notes.Teams()
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		list, err := d.Bot.Channels(ctx, cmp.Or(teams[team].Service, service), team)
		if IsInaccessible(err) {
			continue // the app was removed from this team, and we missed the event
		}
		if err != nil {
			return nil, fmt.Errorf("teams: channels of %s: %w", team, err)
		}
		if err := d.Notes.NoteChannels(ctx, team, list); err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// hasName reports whether a channel has a name, ignoring case. Teams lists General without its name.
func hasName(info ChannelInfo, name string) bool {
	if info.Name == "" {
		return strings.EqualFold(name, GeneralName)
	}
	return strings.EqualFold(info.Name, name)
}

// Lookup returns the Entra object id of the person with an e-mail address; "" if there is none. It searches the members
// of the teams that the app is in. It never returns guests or people of other organisations, because an address must
// not make them agents.
func (d *directory) Lookup(ctx context.Context, email string) (bridge.SurfaceUser, error) {
	service, err := d.Notes.Service(ctx)
	if err != nil {
		return "", err
	}

	teams := d.Notes.Teams()
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		user, err := d.lookupIn(ctx, Conversation{Service: cmp.Or(teams[team].Service, service), ID: team}, email)
		if IsInaccessible(err) {
			continue
		}
		if err != nil || user != "" {
			return user, err
		}
	}

	return "", nil
}

// Absent returns those of the users who aren't in any team that the app is in. If the app is in no team, it returns
// nil, because Teams lists nobody then.
// Errors: the members of a team can't be read, and may include a user whom no other team has.
func (d *directory) Absent(ctx context.Context, users []bridge.SurfaceUser) ([]bridge.SurfaceUser, error) {
	teams := d.Notes.Teams()
	if len(teams) == 0 {
		return nil, nil
	}
	service, err := d.Notes.Service(ctx)
	if err != nil {
		return nil, err
	}

	var unread error
	absent := slices.Clone(users)
	for id, team := range teams {
		at := Conversation{Service: cmp.Or(team.Service, service), ID: id}
		err := d.eachMember(ctx, at, func(m Member) bool {
			absent = slices.DeleteFunc(absent, func(user bridge.SurfaceUser) bool { return string(user) == m.AADObjectID })
			return len(absent) > 0
		})
		if err != nil {
			unread = err
		}
	}
	if unread != nil && len(absent) > 0 {
		return nil, unread
	}
	return absent, nil
}

// Audience returns who can read a channel: the members that Teams lists for it. For a standard channel these are the
// members of its team.
func (d *directory) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	service, err := d.Notes.ServiceOf(ctx, channel)
	if err != nil {
		return bridge.Audience{}, err
	}
	var a bridge.Audience
	err = d.eachMember(ctx, Conversation{Service: service, ID: channel}, func(m Member) bool {
		a.Users = append(a.Users, bridge.SurfaceUser(m.AADObjectID))
		return true
	})
	return a, err
}

// Members implements bridge.Roster. It ignores its last parameter, which says whom to skip: Teams' list includes
// everybody's name and address, so skipping somebody would save nothing. Teams lists no bots.
func (d *directory) Members(ctx context.Context, channel string, _ func(user bridge.SurfaceUser) bool) ([]bridge.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	service, err := d.Notes.ServiceOf(ctx, channel)
	if err != nil {
		return nil, err
	}

	var list []bridge.Member
	err = d.eachMember(ctx, Conversation{Service: service, ID: channel}, func(m Member) bool {
		if m.AADObjectID == "" || !strings.EqualFold(m.TenantID, d.Tenant) {
			return true
		}

		isGuest := d.People.Describe(m).Kind != bridge.ActorPerson
		list = append(list, bridge.Member{
			User: bridge.SurfaceUser(m.AADObjectID), Name: m.Name, Email: cmp.Or(m.Email, m.UserPrincipalName),
			Guest: isGuest, Mute: isGuest,
		})
		return true
	})

	return list, err
}

// rosterTimeout bounds the reading of all pages of a large team, including the waits that Teams asks for.
const rosterTimeout = 5 * time.Minute

// eachMember calls visit for each member of a conversation until visit returns false.
func (d *directory) eachMember(ctx context.Context, at Conversation, visit func(Member) bool) error {
	token := "" // of the next page
	for {
		page, err := d.readMembers(ctx, at, token)
		if err != nil {
			return fmt.Errorf("teams: members of %s: %w", at.ID, err)
		}
		for _, m := range page.Members {
			if !visit(m) {
				return nil
			}
		}
		token = page.ContinuationToken
		if token == "" {
			return nil
		}
	}
}

// readMembers reads one page of members. If Teams asks for a pause, it waits and tries again, unless ctx ends first.
func (d *directory) readMembers(ctx context.Context, at Conversation, token string) (MemberPage, error) {
	for tries := 0; ; tries++ {
		page, err := d.Bot.Members(ctx, at, token)
		wait, isThrottled := throttleWait(err)
		if !isThrottled || tries >= MaxReadTries {
			return page, err
		}
		if !wire.For(ctx, wait) {
			return page, err
		}
	}
}

// throttleWait reports whether Teams asks for a pause by an error, and how long.
func throttleWait(err error) (wait time.Duration, isThrottled bool) {
	var e *Error
	if !errors.As(err, &e) || e.Class != channels.Throttled {
		return 0, false
	}
	return cmp.Or(e.RetryAfter, defaultThrottleWait), true
}

// lookupIn returns the member of a team with an e-mail address; "" if there is none.
func (d *directory) lookupIn(ctx context.Context, team Conversation, email string) (user bridge.SurfaceUser, err error) {
	err = d.eachMember(ctx, team, func(m Member) bool {
		hasAddress := strings.EqualFold(m.Email, email) || strings.EqualFold(m.UserPrincipalName, email)
		if hasAddress && d.People.Describe(m).Kind == bridge.ActorPerson {
			user = bridge.SurfaceUser(m.AADObjectID)
		}
		return user == ""
	})
	return user, err
}
