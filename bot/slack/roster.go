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

	"parley/bridge"
)

// Parley turns the members of a Slack channel into agents, who answer customers. This file reads the members with their
// profiles, and leaves out who can't be an agent: bots, deactivated users and people of other organisations.

const (
	rosterTimeout = 5 * time.Minute // enough for a large workspace, with delays by Slack's rate limits
	memberPage    = 1000            // the maximum that conversations.members permits
	userPage      = 500

	membersMaxAge = time.Minute // how long recentMembers uses a list before it reads it again

	// maxSingleAsks is the maximum number of profiles that are read one by one. For more, all users are listed.
	maxSingleAsks = 30
)

// memberCache caches the members of channels, by channel id.
type memberCache struct {
	mu    sync.Mutex // held during requests to Slack, so that a list is read only once
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
		next := ""
		page, err := retryRead(ctx, func(ctx context.Context) (page []string, err error) {
			page, next, err = d.api.GetUsersInConversationContext(ctx, in)
			return page, err
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

// recentMembers is like readMembers, but returns a list that may be up to membersMaxAge old.
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

// Members implements bridge.Roster: it returns the members of a channel. For members for whom known returns true, it returns only
// the user id and doesn't request the profile. It leaves out our app, and outsiders unless they are known.
func (d *directory) Members(
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
			u := &users[i]
			members = append(members, bridge.Member{
				User: bridge.SurfaceUser(u.ID), Name: nameOf(u), Email: u.Profile.Email, Guest: isGuest(u),
			})
		}
	}

	return members, nil
}

// readUsers returns the profiles of the users with these ids, without duplicates and without users whom Slack hides.
func (d *directory) readUsers(ctx context.Context, ids []bridge.SurfaceUser) ([]slackapi.User, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) > maxSingleAsks {
		return d.searchUsers(ctx, ids)
	}

	var users []slackapi.User
	for _, id := range ids {
		u, err := retryRead(ctx, func(ctx context.Context) (*slackapi.User, error) { return d.api.GetUserInfoContext(ctx, string(id)) })
		if hasCode(err, "user_not_found", "user_not_visible") {
			continue
		}

		if err != nil {
			return nil, fmt.Errorf("slack: users.info: %w", err)
		}

		users = append(users, *u)
	}

	return users, nil
}

// searchUsers lists the users of the workspace, page by page, until it has found all with these ids.
func (d *directory) searchUsers(ctx context.Context, ids []bridge.SurfaceUser) ([]slackapi.User, error) {
	missing := map[string]bool{}
	for _, id := range ids {
		missing[string(id)] = true
	}

	var users []slackapi.User
	pages := d.api.GetUsersPaginated(slackapi.GetUsersOptionLimit(userPage))
	for len(missing) > 0 {
		next, err := retryRead(ctx, func(ctx context.Context) (slackapi.UserPagination, error) { return pages.Next(ctx) })
		if pages.Done(err) { // slack-go reports the end of the list as an error
			break
		}
		if err != nil {
			return nil, fmt.Errorf("slack: users.list: %w", err)
		}
		pages = next
		for i := range pages.Users {
			if id := pages.Users[i].ID; missing[id] {
				users = append(users, pages.Users[i])
				delete(missing, id)
			}
		}
	}

	return users, nil
}

// nameOf returns a user's full name or, if it is empty, the user name.
func nameOf(u *slackapi.User) string { return cmp.Or(u.RealName, u.Profile.RealName, u.Name) }

// isOutsider reports whether a user can't be an agent: a deactivated user, a bot or a member of another organisation.
func isOutsider(u *slackapi.User, self *Self) bool {
	return u.Deleted || u.IsBot || u.IsStranger || !isMember(u, self)
}

// isMember reports whether a user belongs to our workspace. If a user belongs to several workspaces of an Enterprise
// organisation, TeamID is an arbitrary one of them.
func isMember(u *slackapi.User, self *Self) bool {
	return u.TeamID == "" || u.TeamID == self.Team || slices.Contains(u.Enterprise.Teams, self.Team)
}

func isGuest(u *slackapi.User) bool { return u.IsRestricted || u.IsUltraRestricted }

// Absent returns the user ids that don't exist in the workspace, sorted and without duplicates.
func (d *directory) Absent(ctx context.Context, ids []bridge.SurfaceUser) ([]bridge.SurfaceUser, error) {
	users, err := d.readUsers(ctx, ids)
	if err != nil {
		return nil, err
	}
	absent := slices.Sorted(slices.Values(ids))
	return slices.DeleteFunc(slices.Compact(absent), func(id bridge.SurfaceUser) bool {
		return slices.ContainsFunc(users, func(u slackapi.User) bool { return u.ID == string(id) })
	}), nil
}
