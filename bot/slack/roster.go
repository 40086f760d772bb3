package slack

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bridge"
)

// The roster is the list of a channel's members, from which Parley makes agents. This file reads members and their
// profiles, and sorts out who can't be an agent: bots, deactivated people and those of other organisations.

const (
	rosterTimeout = 5 * time.Minute // for all pages of a large workspace, with the waits for which Slack asks
	memberPage    = 1000            // the maximum of conversations.members
	userPage      = 500

	// membersMaxAge is how long a list of a channel's members is used for lines (absent.go) before Slack is asked again.
	membersMaxAge = time.Minute

	// maxSingleAsks is for how many people Slack is asked one by one. For more, the whole workspace is read.
	maxSingleAsks = 30
)

// memberCache keeps the lists of channels' members, by channel id.
type memberCache struct {
	mu    sync.Mutex // also held while Slack is asked, so that it is asked only once for several lines
	lists map[string]memberList
}

type memberList struct {
	users  []bridge.SurfaceUser
	readAt time.Time
}

// readMembers returns the user ids of a channel's members.
func (d *directory) readMembers(ctx context.Context, channel string) ([]bridge.SurfaceUser, error) {
	var all []bridge.SurfaceUser
	in := &slackapi.GetUsersInConversationParameters{ChannelID: channel, Limit: memberPage}
	for {
		var page []string
		var next string
		err := d.retryRead(ctx, func(ctx context.Context) error {
			var err error
			page, next, err = d.api.GetUsersInConversationContext(ctx, in)
			return err
		})
		if err != nil {
			return nil, err
		}

		for _, id := range page {
			all = append(all, bridge.SurfaceUser(id))
		}
		if next == "" {
			return all, nil
		}

		in.Cursor = next
	}
}

// recentMembers returns the user ids of a channel's members, as Slack told them at most membersMaxAge ago.
func (d *directory) recentMembers(ctx context.Context, channel string) ([]bridge.SurfaceUser, error) {
	d.members.mu.Lock()
	defer d.members.mu.Unlock()
	maps.DeleteFunc(d.members.lists, func(_ string, l memberList) bool { return d.now().Sub(l.readAt) >= membersMaxAge })
	if known, ok := d.members.lists[channel]; ok {
		return known.users, nil
	}
	users, err := d.readMembers(ctx, channel)
	if err == nil {
		d.members.lists[channel] = memberList{users: users, readAt: d.now()}
	}
	return users, err
}

// listMembers returns the members of a channel. For those for whom known returns true, only the user id is filled in,
// and Slack isn't asked. The app itself is left out, and so are outsiders among the others.
func (d *directory) listMembers(
	ctx context.Context, channel string, known func(user bridge.SurfaceUser) bool,
) ([]bridge.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	self, err := d.identify(ctx)
	if err != nil {
		return nil, err
	}

	ids, err := d.readMembers(ctx, channel)
	if err != nil {
		return nil, fmt.Errorf("slack: members of %s: %w", channel, err)
	}

	var members []bridge.Member
	var newcomers []bridge.SurfaceUser
	for _, id := range ids {
		if known(id) {
			members = append(members, bridge.Member{User: id})
		} else if string(id) != self.User {
			newcomers = append(newcomers, id)
		}
	}

	users, err := d.readUsers(ctx, newcomers)
	if err != nil {
		return nil, err
	}

	for i := range users {
		if !isOutsider(&users[i], self) {
			members = append(members, memberOf(&users[i]))
		}
	}

	return members, nil
}

// readUsers returns the profiles of the people with these ids, each once. Whom Slack doesn't show is left out.
func (d *directory) readUsers(ctx context.Context, ids []bridge.SurfaceUser) ([]slackapi.User, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) > maxSingleAsks {
		return d.searchUsers(ctx, ids)
	}

	var users []slackapi.User
	for _, id := range ids {
		var u *slackapi.User
		err := d.retryRead(ctx, func(ctx context.Context) error {
			var err error
			u, err = d.api.GetUserInfoContext(ctx, string(id))
			return err
		})
		switch refusal.CodeOf(err) {
		case "user_not_found", "user_not_visible":
			continue
		}

		if err != nil {
			return nil, fmt.Errorf("slack: users.info: %w", err)
		}

		users = append(users, *u)
	}

	return users, nil
}

// searchUsers reads the people of the workspace, page by page, until it has found all with these ids.
func (d *directory) searchUsers(ctx context.Context, ids []bridge.SurfaceUser) ([]slackapi.User, error) {
	left := map[string]bool{}
	for _, id := range ids {
		left[string(id)] = true
	}

	var users []slackapi.User
	pages := d.api.GetUsersPaginated(slackapi.GetUsersOptionLimit(userPage))
	for len(left) > 0 {
		var next slackapi.UserPagination
		isEnd := false
		err := d.retryRead(ctx, func(ctx context.Context) error {
			var err error
			next, err = pages.Next(ctx)
			isEnd = pages.Done(err) // slack-go says by an error that there are no more pages
			if isEnd {
				return nil
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("slack: users.list: %w", err)
		}
		if isEnd {
			break
		}

		pages = next
		for i := range pages.Users {
			if id := pages.Users[i].ID; left[id] {
				users = append(users, pages.Users[i])
				delete(left, id)
			}
		}
	}

	return users, nil
}

// memberOf says of a person what the roster shows.
func memberOf(u *slackapi.User) bridge.Member {
	return bridge.Member{User: bridge.SurfaceUser(u.ID), Name: nameOf(u), Email: u.Profile.Email, Guest: isGuest(u)}
}

// nameOf returns the name by which people know somebody.
func nameOf(u *slackapi.User) string { return cmp.Or(u.RealName, u.Profile.RealName, u.Name) }

// isOutsider reports whether somebody can't be an agent: they are deactivated, a bot, or of another organisation.
func isOutsider(u *slackapi.User, self *fact.Self) bool {
	return u.Deleted || u.IsBot || u.IsStranger || !isMember(u, self)
}

// isMember reports whether somebody belongs to our workspace. If a person belongs to several workspaces of an
// Enterprise organisation, TeamID is any one of them.
func isMember(u *slackapi.User, self *fact.Self) bool {
	return u.TeamID == "" || u.TeamID == self.Team || slices.Contains(u.Enterprise.Teams, self.Team)
}

func isGuest(u *slackapi.User) bool { return u.IsRestricted || u.IsUltraRestricted }
