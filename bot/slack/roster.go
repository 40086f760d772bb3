package slack

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
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
	maxSingleAsks = 30              // for more people, the whole workspace is read, page by page, instead of each person
	userPage      = 500
)

// listMembers returns the members of a channel. For those for whom known returns true, only the user id is filled in,
// and Slack isn't asked. The app itself is left out, and so are outsiders among the others.
func (d *directory) listMembers(ctx context.Context, channel string, known func(user string) bool) ([]bridge.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	me, err := d.identify(ctx)
	if err != nil {
		return nil, err
	}

	ids, err := d.readMembers(ctx, channel)
	if err != nil {
		return nil, fmt.Errorf("slack: members of %s: %w", channel, err)
	}

	var list []bridge.Member
	unknown := map[string]bool{}
	for _, id := range ids {
		if known(id) {
			list = append(list, bridge.Member{User: id})
		} else if id != me.User {
			unknown[id] = true
		}
	}

	err = d.readUsers(ctx, unknown, func(u *slackapi.User) {
		if !isOutsider(u, me) {
			list = append(list, memberOf(u))
		}
	})

	return list, err
}

// nameOf returns the name by which people know somebody.
func nameOf(u *slackapi.User) string { return cmp.Or(u.RealName, u.Profile.RealName, u.Name) }

func memberOf(u *slackapi.User) bridge.Member {
	return bridge.Member{User: u.ID, Name: nameOf(u), Email: u.Profile.Email, Guest: isGuest(u)}
}

// Absent returns those of the user ids that the workspace doesn't have, sorted.
func (s *Surface) Absent(ctx context.Context, users []string) ([]string, error) {
	absent := map[string]bool{}
	for _, id := range users {
		absent[id] = true
	}
	err := s.directory.readUsers(ctx, absent, func(u *slackapi.User) { delete(absent, u.ID) })
	return slices.Sorted(maps.Keys(absent)), err
}

// readUsers asks Slack about the people with these ids, and calls found for each one that Slack shows.
func (d *directory) readUsers(ctx context.Context, ids map[string]bool, found func(*slackapi.User)) error {
	if len(ids) > maxSingleAsks {
		return d.readAllUsers(ctx, ids, found)
	}

	for id := range ids {
		var u *slackapi.User
		err := d.retryRead(ctx, func(ctx context.Context) error {
			var err error
			u, err = d.api.GetUserInfoContext(ctx, id)
			return err
		})
		switch refusal.CodeOf(err) {
		case "user_not_found", "user_not_visible":
			continue
		}

		if err != nil {
			return fmt.Errorf("slack: users.info: %w", err)
		}

		found(u)
	}

	return nil
}

// readAllUsers reads the people of the workspace, page by page, until all with these ids were found.
func (d *directory) readAllUsers(ctx context.Context, ids map[string]bool, found func(*slackapi.User)) error {
	left := len(ids)
	pages := d.api.GetUsersPaginated(slackapi.GetUsersOptionLimit(userPage))
	for left > 0 {
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
			return fmt.Errorf("slack: users.list: %w", err)
		}
		if isEnd {
			return nil
		}

		pages = next
		for i := range pages.Users {
			u := &pages.Users[i]
			if ids[u.ID] {
				found(u)
				left--
			}
		}
	}

	return nil
}

// isOutsider reports whether somebody can't be an agent: they are deactivated, a bot, or of another organisation.
func isOutsider(u *slackapi.User, me *fact.Self) bool {
	return u.Deleted || u.IsBot || u.IsStranger || !isMember(u, me)
}

// isMember reports whether somebody belongs to our workspace. If a person belongs to several workspaces of an
// Enterprise organisation, TeamID is any one of them.
func isMember(u *slackapi.User, me *fact.Self) bool {
	return u.TeamID == "" || u.TeamID == me.Team || slices.Contains(u.Enterprise.Teams, me.Team)
}

func isGuest(u *slackapi.User) bool { return u.IsRestricted || u.IsUltraRestricted }
