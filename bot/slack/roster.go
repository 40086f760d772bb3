package slack

import (
	"cmp"
	"context"
	"fmt"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bridge"
)

const (
	rosterTime  = 5 * time.Minute // for all pages of a large workspace, with the waits for which Slack asks
	askOneByOne = 30              // up to so many people are asked about one by one, and else all of the workspace are read
	userPage    = 500             // how many of them are read at once
)

// roster gives the members of a channel; of those that are known, only their ids.
func (d *directory) roster(ctx context.Context, channel string, known func(user string) bool) ([]bridge.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterTime)
	defer cancel()
	me, err := d.identify(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := d.members(ctx, channel)
	if err != nil {
		return nil, fmt.Errorf("slack: members of %s: %w", channel, err)
	}
	var list []bridge.Member
	asked := map[string]bool{}
	for _, id := range ids {
		switch {
		case known(id):
			list = append(list, bridge.Member{User: id})
		case id != me.User:
			asked[id] = true
		}
	}
	err = d.describe(ctx, asked, func(u *slackapi.User) {
		if !outsider(u, me) {
			list = append(list, bridge.Member{User: u.ID, Name: cmp.Or(u.RealName, u.Profile.RealName, u.Name), Email: u.Profile.Email, Guest: guest(u)})
		}
	})
	return list, err
}

// describe asks about people, and gives each of them once to take.
func (d *directory) describe(ctx context.Context, asked map[string]bool, take func(*slackapi.User)) error {
	if len(asked) > askOneByOne {
		return d.describeAll(ctx, asked, take)
	}
	for id := range asked {
		var u *slackapi.User
		err := d.patient(ctx, func(ctx context.Context) error {
			var err error
			u, err = d.api.GetUserInfoContext(ctx, id)
			return err
		})
		switch {
		case codeOf(err) == "user_not_found" || codeOf(err) == "user_not_visible":
		case err != nil:
			return fmt.Errorf("slack: users.info: %w", err)
		default:
			take(u)
		}
	}
	return nil
}

// describeAll reads the people of the workspace, page by page, until all who are asked about were found.
func (d *directory) describeAll(ctx context.Context, asked map[string]bool, take func(*slackapi.User)) error {
	left := len(asked)
	pages := d.api.GetUsersPaginated(slackapi.GetUsersOptionLimit(userPage))
	for left > 0 {
		var next slackapi.UserPagination
		end := false
		err := d.patient(ctx, func(ctx context.Context) error {
			var err error
			next, err = pages.Next(ctx)
			if end = pages.Done(err); end {
				return nil
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("slack: users.list: %w", err)
		}
		if end {
			return nil
		}
		pages = next
		for i := range pages.Users {
			if u := &pages.Users[i]; asked[u.ID] {
				take(u)
				left--
			}
		}
	}
	return nil
}

// outsider says whether somebody can't be an agent at all: deactivated, a bot, or of another organisation.
func outsider(u *slackapi.User, me *fact.Self) bool {
	return u.Deleted || u.IsBot || u.IsStranger || u.TeamID != "" && u.TeamID != me.Team
}

// guest says whether somebody was only invited into some channels.
func guest(u *slackapi.User) bool { return u.IsRestricted || u.IsUltraRestricted }
