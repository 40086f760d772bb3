package slackfake

import (
	"unicode/utf8"
)

// maxTopic bounds topics and purposes. Units: runes.
const maxTopic = 250

// managed finds a channel that the bot may change.
func (a *conversationAPI) managed(c *call) (*channel, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.IM:
		return nil, refuse("method_not_supported_for_channel_type")
	case !ch.members[a.opt.BotUser]:
		return nil, refuse("not_in_channel")
	}
	return ch, c.need(manageScope(ch.Private))
}

func manageScope(private bool) string {
	if private {
		return "groups:write"
	}
	return "channels:manage"
}

func (a *conversationAPI) kickUser(c *call) (reply, *apiError) {
	ch, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	user := c.str("user")
	switch {
	case a.rooms.people.users[user] == nil:
		return nil, refuse("user_not_found")
	case user == a.opt.BotUser:
		return nil, refuse("cant_kick_self")
	case ch.Name == "general":
		return nil, refuse("cant_kick_from_general")
	case !ch.members[user]:
		return nil, refuse("not_in_channel")
	}
	a.rooms.leave(ch, user)
	return reply{}, nil
}

func (a *conversationAPI) archiveChannel(c *call) (reply, *apiError) {
	ch, err := a.managed(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, refuse("already_archived")
	case ch.Name == "general":
		return nil, refuse("cant_archive_general")
	}
	a.rooms.archive(ch, a.opt.BotUser, true)
	return reply{}, nil
}

func (a *conversationAPI) unarchiveChannel(c *call) (reply, *apiError) {
	ch, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	if !ch.Archived {
		return nil, refuse("not_archived")
	}
	a.rooms.archive(ch, a.opt.BotUser, false)
	return reply{}, nil
}

func (a *conversationAPI) renameChannel(c *call) (reply, *apiError) {
	ch, err := a.managed(c)
	if err != nil {
		return nil, err
	}
	name := c.str("name")
	if err := a.rooms.freeName(name); err != nil {
		return nil, err
	}
	a.rooms.rename(ch, a.opt.BotUser, name)
	return reply{"channel": a.rooms.channelJSON(ch)}, nil
}

func (a *conversationAPI) setTopic(c *call) (reply, *apiError)   { return a.setAbout(c, "topic") }
func (a *conversationAPI) setPurpose(c *call) (reply, *apiError) { return a.setAbout(c, "purpose") }

// setAbout changes topic or purpose, which Slack also announces in the channel.
func (a *conversationAPI) setAbout(c *call, what string) (reply, *apiError) {
	ch, err := a.managed(c)
	switch {
	case err != nil:
		return nil, err
	case ch.Archived:
		return nil, refuse("is_archived")
	case utf8.RuneCountInString(c.str(what)) > maxTopic:
		return nil, refuse("too_long")
	}
	place := &ch.Topic
	if what == "purpose" {
		place = &ch.Purpose
	}
	*place = c.str(what)
	a.rooms.announce(ch, a.opt.BotUser, "channel_"+what, "set the channel "+what+": "+*place)
	return reply{"channel": a.rooms.channelJSON(ch)}, nil
}

// closeDM only hides a direct channel, so nothing changes for the app.
func (a *conversationAPI) closeDM(c *call) (reply, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel"))
	if err != nil {
		return nil, err
	}
	if !ch.IM {
		return nil, refuse("method_not_supported_for_channel_type")
	}
	return reply{}, nil
}

func (a *userAPI) userProfile(c *call) (reply, *apiError) {
	id := c.str("user")
	if id == "" {
		id = a.opt.BotUser
	}
	u := a.people.users[id]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"profile": a.people.userJSON(u, c.mayReadEmail())["profile"]}, nil
}

func (a *userAPI) userPresence(c *call) (reply, *apiError) {
	if a.people.users[c.str("user")] == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"presence": "active", "online": true}, nil
}

// revokeAuth ends the token as auth.revoke does; Reinstall makes it valid again.
func (a *userAPI) revokeAuth(c *call) (reply, *apiError) {
	if c.flag("test") {
		return reply{"revoked": false}, nil
	}
	a.grant.revoked = true
	a.events.emit("tokens_revoked", nil, map[string]any{
		"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{a.opt.BotUser}},
	})
	return reply{"revoked": true}, nil
}
