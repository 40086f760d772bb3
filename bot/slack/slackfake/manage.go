package slackfake

import (
	"unicode/utf8"

	"parley/bot/slack/slackfake/workspace"
)

// maxTopic bounds topics and purposes. Units: runes.
const maxTopic = 250

// findManaged finds a channel that the bot may change.
func (a *conversationAPI) findManaged(c *call) (*channel, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if ch.IM {
		return nil, workspace.Refuse("method_not_supported_for_channel_type")
	}
	if !ch.members[a.Opt.BotUser] {
		return nil, workspace.Refuse("not_in_channel")
	}
	return ch, c.Need(manageScope(ch.Private))
}

func manageScope(private bool) string {
	if private {
		return "groups:write"
	}
	return "channels:manage"
}

func (a *conversationAPI) kickUser(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findManaged(c)
	if err != nil {
		return nil, err
	}
	user := c.Str("user")
	if a.rooms.people.users[user] == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	if user == a.Opt.BotUser {
		return nil, workspace.Refuse("cant_kick_self")
	}
	if ch.Name == "general" {
		return nil, workspace.Refuse("cant_kick_from_general")
	}
	if !ch.members[user] {
		return nil, workspace.Refuse("not_in_channel")
	}
	a.rooms.leave(ch, user)
	return reply{}, nil
}

func (a *conversationAPI) archiveChannel(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findManaged(c)
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, workspace.Refuse("already_archived")
	}
	if ch.Name == "general" {
		return nil, workspace.Refuse("cant_archive_general")
	}
	a.rooms.setArchived(ch, a.Opt.BotUser, true)
	return reply{}, nil
}

func (a *conversationAPI) unarchiveChannel(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findManaged(c)
	if err != nil {
		return nil, err
	}
	if !ch.Archived {
		return nil, workspace.Refuse("not_archived")
	}
	a.rooms.setArchived(ch, a.Opt.BotUser, false)
	return reply{}, nil
}

func (a *conversationAPI) renameChannel(c *call) (reply, *workspace.Refusal) {
	ch, err := a.findManaged(c)
	if err != nil {
		return nil, err
	}
	name := c.Str("name")
	if err := a.rooms.checkNewName(name); err != nil {
		return nil, err
	}
	a.rooms.rename(ch, a.Opt.BotUser, name)
	return reply{"channel": a.rooms.channelJSON(ch)}, nil
}

func (a *conversationAPI) setTopic(c *call) (reply, *workspace.Refusal) {
	return a.setAbout(c, "topic")
}
func (a *conversationAPI) setPurpose(c *call) (reply, *workspace.Refusal) {
	return a.setAbout(c, "purpose")
}

// setAbout changes topic or purpose, which Slack also announces in the channel.
func (a *conversationAPI) setAbout(c *call, what string) (reply, *workspace.Refusal) {
	ch, err := a.findManaged(c)
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, workspace.Refuse("is_archived")
	}
	if utf8.RuneCountInString(c.Str(what)) > maxTopic {
		return nil, workspace.Refuse("too_long")
	}
	place := &ch.Topic
	if what == "purpose" {
		place = &ch.Purpose
	}
	*place = c.Str(what)
	a.rooms.postNotice(ch, a.Opt.BotUser, "channel_"+what, "set the channel "+what+": "+*place)
	return reply{"channel": a.rooms.channelJSON(ch)}, nil
}

// closeDM only hides a direct channel, so nothing changes for the app.
func (a *conversationAPI) closeDM(c *call) (reply, *workspace.Refusal) {
	ch, err := a.rooms.findChannel(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if !ch.IM {
		return nil, workspace.Refuse("method_not_supported_for_channel_type")
	}
	return reply{}, nil
}

func (a *userAPI) userProfile(c *call) (reply, *workspace.Refusal) {
	id := c.Str("user")
	if id == "" {
		id = a.Opt.BotUser
	}
	u := a.people.users[id]
	if u == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	return reply{"profile": a.people.userJSON(u, mayReadEmail(c))["profile"]}, nil
}

func (a *userAPI) userPresence(c *call) (reply, *workspace.Refusal) {
	if a.people.users[c.Str("user")] == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	return reply{"presence": "active", "online": true}, nil
}

// revokeAuth ends the token as auth.revoke does; Reinstall makes it valid again.
func (a *userAPI) revokeAuth(c *call) (reply, *workspace.Refusal) {
	if c.Flag("test") {
		return reply{"revoked": false}, nil
	}
	a.grant.Revoked = true
	a.events.Emit("tokens_revoked", nil, map[string]any{
		"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{a.Opt.BotUser}},
	})
	return reply{"revoked": true}, nil
}
