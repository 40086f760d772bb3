package slackfake

import (
	"cmp"
	"strings"
)

// userAPI implements the Web API methods about people, bots and the app's token: users.*, bots.info and
// auth.test. The caller of its methods holds the lock.
type userAPI struct {
	*Ground
	people *directory
}

// useEmailScope reports whether the app may read people's e-mail addresses, and records the use of that scope.
func useEmailScope(c *WebcallCall) emailAccess { return c.Need("users:read.email") == nil }

func (a *userAPI) userInfo(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	u := a.people.users[c.Str("user")]
	if u == nil {
		return nil, Refuse("user_not_found")
	}
	return Reply{"user": a.people.describe(u, useEmailScope(c))}, nil
}

func (a *userAPI) listUsers(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	const defaultLimit, maxLimit = 1000, 1000
	limit, skip, refusal := c.Page(defaultLimit, maxLimit)
	if refusal != nil {
		return nil, refusal
	}

	ids := a.people.userIDs
	from := min(skip, len(ids))
	to := min(from+limit, len(ids))
	access := useEmailScope(c)
	members := []Reply{}
	for _, id := range ids[from:to] {
		members = append(members, a.people.describe(a.people.users[id], access))
	}

	next := 0 // the last page
	if to < len(ids) {
		next = to
	}
	return Reply{
		"members":           members,
		"cache_ts":          a.Now().Unix(),
		"response_metadata": ResponseMetadata(next),
	}, nil
}

func (a *userAPI) lookupByEmail(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	u := a.people.find(func(u *User) bool {
		hasEmail := u.Email != "" && strings.EqualFold(u.Email, c.Str("email"))
		isActive := !u.Deleted && !u.Bot
		return hasEmail && isActive
	})
	if u == nil {
		return nil, Refuse("users_not_found")
	}
	return Reply{"user": a.people.describe(u, showsEmail)}, nil
}

// botInfo returns a bot, by default the app's own. With a token of a whole organisation, the call must name
// the workspace.
// Source: docs.slack.dev/reference/methods/bots.info.
func (a *userAPI) botInfo(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	isOrganisation := strings.HasPrefix(a.Opt.TeamID, "E")
	if isOrganisation && c.Str("team_id") == "" {
		return nil, Refuse("missing_argument")
	}
	id := cmp.Or(c.Str("bot"), a.Opt.BotID)
	u := a.people.find(func(u *User) bool { return u.BotID == id })
	if u == nil {
		return nil, Refuse("bot_not_found")
	}
	return Reply{"bot": Reply{
		"id":      id,
		"deleted": u.Deleted,
		"name":    u.Name,
		"updated": u.Updated,
		"app_id":  a.Opt.AppID,
		"user_id": u.ID,
		"icons":   Reply{},
	}}, nil
}

func (a *userAPI) authTest(*WebcallCall) (Reply, *WorkspaceRefusal) {
	return Reply{
		"url":                   a.Opt.WorkspaceURL,
		"team":                  a.Opt.TeamName,
		"user":                  a.Opt.AppName,
		"team_id":               a.Opt.TeamID,
		"user_id":               a.Opt.BotUser,
		"bot_id":                a.Opt.BotID,
		"is_enterprise_install": false,
	}, nil
}
