package slackfake

import (
	"strings"
	"time"
)

// AddUser adds a person (or bot) and tells the app with team_join. Empty ID, TeamID and names
// are filled in. It returns what was added.
func (s *Server) AddUser(u User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.putUser(u)
	s.emit("team_join", nil, map[string]any{"type": "team_join", "user": s.userJSON(p, s.scopes["users:read.email"])})
	return *p
}

// putUser fills in and stores u. Caller holds s.mu.
func (s *Server) putUser(u User) *User {
	if u.ID == "" {
		u.ID = s.newID("U")
	}
	if u.TeamID == "" {
		u.TeamID = s.opt.TeamID
	}
	if u.Name == "" {
		u.Name = strings.ToLower(u.ID)
	}
	if u.RealName == "" {
		u.RealName = u.Name
	}
	if u.TZ == "" {
		u.TZ = "Europe/Berlin"
	}
	if u.Updated == 0 {
		u.Updated = s.now().Unix()
	}
	if s.users[u.ID] == nil {
		s.userIDs = append(s.userIDs, u.ID)
	}
	s.users[u.ID] = &u
	s.note(Change{Kind: "user", User: u.ID})
	return &u
}

// UpdateUser changes a person and tells the app with user_change. Deactivation is
// Deleted = true; Slack then shows no profile picture but keeps the rest.
// Errors: user_not_found.
func (s *Server) UpdateUser(id string, change func(*User)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[id]
	if u == nil {
		return refuse("user_not_found")
	}
	change(u)
	u.Updated = s.now().Unix()
	s.note(Change{Kind: "user", User: id})
	s.emit("user_change", nil, map[string]any{
		"type": "user_change", "user": s.userJSON(u, s.scopes["users:read.email"]),
		"cache_ts": u.Updated, "event_ts": formatTS(s.now().UnixMicro()),
	})
	return nil
}

// Users lists everybody, bots included, in order of joining.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []User
	for _, id := range s.userIDs {
		out = append(out, *s.users[id])
	}
	return out
}

func (s *Server) userJSON(u *User, email bool) reply {
	zone, label := u.TZOffset, u.TZ
	if loc, err := time.LoadLocation(u.TZ); err == nil {
		label, zone = s.now().In(loc).Zone()
	}
	display := u.DisplayName
	profile := reply{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": display,
		"display_name_normalized": display, "title": "", "phone": "", "skype": "", "status_text": "", "status_emoji": "",
		"avatar_hash": "g" + strings.ToLower(u.ID), "team": u.TeamID,
		"image_24": u.Image, "image_48": u.Image, "image_72": u.Image, "image_192": u.Image, "image_512": u.Image,
	}
	if email && !u.Bot && u.Email != "" {
		profile["email"] = u.Email
	}
	if u.Bot {
		profile["bot_id"], profile["api_app_id"] = u.BotID, s.opt.AppID
	}
	out := reply{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.Bot, "updated": u.Updated, "is_app_user": false,
	}
	if u.Deleted {
		return out // Slack leaves the rest out for deactivated people
	}
	out["real_name"], out["tz"], out["tz_label"], out["tz_offset"] = u.RealName, u.TZ, label, zone
	out["is_admin"], out["is_owner"], out["is_primary_owner"] = u.Admin, false, false
	out["is_restricted"], out["is_ultra_restricted"] = u.Restricted, false
	out["is_email_confirmed"], out["who_can_share_contact_card"] = !u.Bot, "EVERYONE"
	if u.Stranger {
		out["is_stranger"] = true
	}
	return out
}

func (c *call) userInfo() (reply, *apiError) {
	u := c.users[c.str("user")]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"user": c.userJSON(u, c.mayReadEmail())}, nil
}

// mayReadEmail also records the scope as used.
func (c *call) mayReadEmail() bool { return c.need("users:read.email") == nil }

func (c *call) listUsers() (reply, *apiError) {
	limit, skip, err := c.page(1000, 1000)
	if err != nil {
		return nil, err
	}
	email := c.mayReadEmail()
	out, more := []reply{}, 0
	for i := skip; i < len(c.userIDs); i++ {
		if len(out) == limit {
			more = i
			break
		}
		out = append(out, c.userJSON(c.users[c.userIDs[i]], email))
	}
	return reply{"members": out, "cache_ts": c.now().Unix(), "response_metadata": nextCursor(more)}, nil
}

func (c *call) lookupByEmail() (reply, *apiError) {
	for _, id := range c.userIDs {
		u := c.users[id]
		if u.Email != "" && strings.EqualFold(u.Email, c.str("email")) && !u.Deleted && !u.Bot {
			return reply{"user": c.userJSON(u, true)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (c *call) botInfo() (reply, *apiError) {
	id := c.str("bot")
	if id == "" {
		id = c.opt.BotID
	}
	for _, uid := range c.userIDs {
		u := c.users[uid]
		if u.BotID == id {
			return reply{"bot": reply{
				"id": id, "deleted": u.Deleted, "name": u.Name, "updated": u.Updated, "app_id": c.opt.AppID, "user_id": u.ID,
				"icons": reply{},
			}}, nil
		}
	}
	return nil, refuse("bot_not_found")
}

func (c *call) teamInfo() (reply, *apiError) {
	return reply{"team": reply{
		"id": c.opt.TeamID, "name": c.opt.TeamName, "domain": c.opt.Domain, "email_domain": "", "icon": reply{},
	}}, nil
}

func (c *call) authTest() (reply, *apiError) {
	return reply{
		"url": c.opt.WorkspaceURL, "team": c.opt.TeamName, "user": c.opt.AppName, "team_id": c.opt.TeamID,
		"user_id": c.opt.BotUser, "bot_id": c.opt.BotID, "is_enterprise_install": false,
	}, nil
}

func (c *call) apiTest() (reply, *apiError) {
	if e := c.str("error"); e != "" {
		return nil, refuse(e)
	}
	return reply{"args": c.args}, nil
}
