package slackfake_test

import (
	"slices"
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// These tests check what the app learns about users, channels, direct messages and reactions, and what it may
// do with them.

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Users: []slackfake.User{
		{ID: "U0GUEST001", Name: "guest", Restricted: true},
		{ID: "U0FOREIGN1", Name: "foreign", TeamID: "T0OTHER001", Stranger: true},
	}})
	info := func(id string) *slack.User {
		t.Helper()
		return must(w.api.GetUserInfoContext(w.ctx, id))(t)
	}

	u := info(w.ann.ID())
	wantEqual(t, "Ann's address", u.Profile.Email, "ann@acme.test")
	wantEqual(t, "Ann's name", u.RealName, "Ann Lee")
	wantEqual(t, "Ann's workspace", u.TeamID, w.srv.TeamID())
	wantEqual(t, "Ann is a bot", u.IsBot, false)
	wantEqual(t, "Ann is deleted", u.Deleted, false)
	wantEqual(t, "the bot is a bot", info(w.srv.BotUserID()).IsBot, true)
	wantEqual(t, "the bot's id", info(w.srv.BotUserID()).Profile.BotID, w.srv.BotID())
	wantEqual(t, "the guest is one", info("U0GUEST001").IsRestricted, true)
	wantEqual(t, "the foreigner is one", info("U0FOREIGN1").IsStranger, true)
	wantEqual(t, "the foreigner's workspace", info("U0FOREIGN1").TeamID, "T0OTHER001")
	wantEqual(t, "who has Ann's address", must(w.api.GetUserByEmailContext(w.ctx, "ANN@acme.test"))(t).ID, w.ann.ID())

	const strangers = 2 // the guest and the foreigner
	wantEqual(t, "users on all pages", len(must(w.api.GetUsersContext(w.ctx, slack.GetUsersOptionLimit(2)))(t)), allUsers+strangers)
	w.srv.Admin.SetScopes("users:read")
	wantEqual(t, "Ann's address without its scope", info(w.ann.ID()).Profile.Email, "")
}

// The app hears of people who leave and come. Somebody who left can't be found or written to.
func TestUsersChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	noError(t, w.srv.Admin.UpdateUser(w.ann.ID(), func(u *slackfake.User) { u.Deleted = true }))
	wantFields(t, "the user of user_change", field(a.waitRaw("user_change"), "user"), dict{"deleted": true, "id": w.ann.ID()})
	_, err := w.api.GetUserByEmailContext(w.ctx, "ann@acme.test")
	wantError(t, err, "users_not_found")
	_, _, _, err = w.api.OpenConversationContext(w.ctx, &slack.OpenConversationParameters{Users: []string{w.ann.ID()}})
	wantError(t, err, "user_disabled")
	joined := w.srv.Admin.AddUser(slackfake.User{Name: "new"})
	wantFields(t, "the user of team_join", field(a.waitRaw("team_join"), "user"), dict{"id": joined.ID})
}

// The app hears when a channel is renamed, archived, moved to another id or deleted. Nobody can write into an
// archived channel.
func TestChannelLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	noError(t, w.srv.Admin.RenameChannel(w.ch, "help"))
	wantFields(t, "the renamed channel", field(a.waitRaw("channel_rename"), "channel"), dict{"name": "help", "id": w.ch})

	noError(t, w.srv.Admin.ArchiveChannel(w.ch, true))
	wantFields(t, "channel_archive", a.waitRaw("channel_archive"), dict{"channel": w.ch})
	_, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("x", false))
	wantError(t, err, "is_archived")
	if _, err := w.ann.Post(slackfake.Post{Channel: w.ch, Text: "x"}); err == nil {
		t.Error("Ann wrote into an archived channel")
	}

	noError(t, w.srv.Admin.ArchiveChannel(w.ch, false))
	a.waitRaw("channel_unarchive")

	moved := must(w.srv.Admin.ChangeChannelID(w.ch))(t)
	wantFields(t, "channel_id_changed", a.waitRaw("channel_id_changed"), dict{"old_channel_id": w.ch, "new_channel_id": moved})
	ch, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("to the old id", false))
	noError(t, err)
	wantEqual(t, "channel to which the old id leads", ch, moved)

	noError(t, w.srv.Admin.DeleteChannel(moved))
	wantFields(t, "channel_deleted", a.waitRaw("channel_deleted"), dict{"channel": moved})
}

// The app hears when it is kicked, and when it or people join and leave. It writes only where it is a member.
func TestMembership(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	noError(t, w.srv.Admin.Kick(w.ch, w.srv.BotUserID()))
	a.waitRaw("member_left_channel")
	a.waitRaw("channel_left")
	_, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("x", false))
	wantError(t, err, "not_in_channel")

	_, _, _, err = w.api.JoinConversationContext(w.ctx, w.ch)
	noError(t, err)
	wantFields(t, "member_joined_channel", a.waitRaw("member_joined_channel"), dict{"user": w.srv.BotUserID()})
	line := a.waitMessage("channel_join")
	wantFields(t, "Slack's line about it", line, dict{"user": w.srv.BotUserID()})
	wantEqual(t, "Slack's line has a time stamp", line["ts"] != nil, true)
	_, warning, _, err := w.api.JoinConversationContext(w.ctx, w.ch)
	noError(t, err)
	wantEqual(t, "warning of joining twice", warning, "already_in_channel")

	noError(t, w.ben.Leave(w.ch))
	a.waitMessage("channel_leave")
	a.waitRaw("member_left_channel")
	noError(t, w.ben.Join(w.ch))
	a.waitRaw("member_joined_channel")
	wantEqual(t, "channels made bold by comings and goings", len(w.srv.Inboxes.Badges(w.ann.ID()).Channels), 0)

	info := must(w.api.GetConversationInfoContext(w.ctx, &slack.GetConversationInfoInput{ChannelID: w.ch, IncludeNumMembers: true}))(t)
	wantEqual(t, "name", info.Name, "support")
	wantEqual(t, "the bot is a member", info.IsMember, true)
	wantEqual(t, "count of members", info.NumMembers, 3)
	members, _, err := w.api.GetUsersInConversationContext(w.ctx, &slack.GetUsersInConversationParameters{ChannelID: w.ch})
	noError(t, err)
	slices.Sort(members)
	if want := []string{w.ann.ID(), w.ben.ID(), w.srv.BotUserID()}; !slices.Equal(members, want) {
		t.Errorf("members: got %q, want %q", members, want)
	}
}

func TestListChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Channels: []slackfake.Channel{
		{ID: "C0PRIVATE1", Name: "mine", Private: true, Members: []string{"U0FAKEBOT01"}},
		{ID: "C0PRIVATE2", Name: "theirs", Private: true},
		{ID: "C0OLD00001", Name: "old", Archived: true},
	}})
	list := func(p slack.GetConversationsParameters) []string {
		t.Helper()
		got, _, err := w.api.GetConversationsContext(w.ctx, &p)
		noError(t, err)
		var ids []string
		for _, c := range got {
			ids = append(ids, c.ID)
		}
		return ids
	}
	got := list(slack.GetConversationsParameters{ExcludeArchived: true, Types: []string{"public_channel", "private_channel"}})
	if want := []string{"C0PRIVATE1", "C0SUPPORT1"}; !slices.Equal(got, want) {
		t.Errorf("channels that aren't archived: got %q, want %q", got, want)
	}
	if got, want := list(slack.GetConversationsParameters{}), []string{"C0OLD00001", "C0SUPPORT1"}; !slices.Equal(got, want) {
		t.Errorf("public channels: got %q, want %q", got, want)
	}
}

// Opening a direct message a second time finds the same one.
func TestDirectMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	ch, _, already, err := w.api.OpenConversationContext(w.ctx, &slack.OpenConversationParameters{Users: []string{w.ann.ID()}})
	noError(t, err)
	wantEqual(t, "it was open before", already, false)
	wantEqual(t, "first letter of its id", ch.ID[:1], "D")

	again, _, already, err := w.api.OpenConversationContext(w.ctx, &slack.OpenConversationParameters{Users: []string{w.ann.ID()}})
	noError(t, err)
	wantEqual(t, "it is open the second time", already, true)
	wantEqual(t, "id the second time", again.ID, ch.ID)
	wantEqual(t, "id in the workspace", w.srv.DM(w.ann.ID()), ch.ID)

	must(w.ann.Post(slackfake.Post{Channel: ch.ID, Text: "psst"}))(t)
	wantFields(t, "the message", a.waitMessage(""), dict{"channel_type": "im", "channel": ch.ID})
}

func TestReadOnlyDM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{ReadOnlyDM: true})
	_, err := w.ann.Post(slackfake.Post{Channel: w.srv.DM(w.ann.ID()), Text: "psst"})
	wantError(t, err, "restricted_action")
}

func TestReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	ts := w.postAsBot("x")
	ref := slack.NewRefToMessage(w.ch, ts)
	noError(t, w.api.AddReactionContext(w.ctx, "eyes", ref))
	wantError(t, w.api.AddReactionContext(w.ctx, "eyes", ref), "already_reacted")
	noError(t, w.ann.React(w.ch, ts, "eyes"))
	if r := w.srv.Message(w.ch, ts).Reactions; len(r) != 1 || r[0].Count != 2 || len(r[0].Users) != 2 {
		t.Errorf("reactions: got %+v, want one by two users", r)
	}
	noError(t, w.api.RemoveReactionContext(w.ctx, "eyes", ref))
	wantError(t, w.api.RemoveReactionContext(w.ctx, "eyes", ref), "no_reaction")
	noError(t, w.ann.Unreact(w.ch, ts, "eyes"))
	wantEqual(t, "reactions that are left", len(w.srv.Message(w.ch, ts).Reactions), 0)
}

// A second name of an emoji makes no second reaction. The workspace keeps the name that Slack prefers.
func TestEmojiNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := slack.NewRefToMessage(w.ch, w.postAsBot("root"))
	for _, skin := range []string{"", "::skin-tone-3"} {
		noError(t, w.api.AddReactionContext(w.ctx, "thumbsup"+skin, root))
		wantError(t, w.api.AddReactionContext(w.ctx, "+1"+skin, root), "already_reacted")
	}
	noError(t, w.api.AddReactionContext(w.ctx, "party_parrot", root))
	var names []string
	for _, r := range w.srv.Message(w.ch, root.Timestamp).Reactions {
		names = append(names, r.Name)
	}
	if want := []string{"+1", "+1::skin-tone-3", "party_parrot"}; !slices.Equal(names, want) {
		t.Errorf("reactions %v, want %v", names, want)
	}
	noError(t, w.api.RemoveReactionContext(w.ctx, "thumbsup", root))
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	w.srv.Admin.Uninstall()
	a.waitRaw("tokens_revoked")
	a.waitRaw("app_uninstalled")
	_, err := w.api.AuthTestContext(w.ctx)
	wantError(t, err, "account_inactive")
	w.srv.Admin.Reinstall()
	must(w.api.AuthTestContext(w.ctx))(t)
}
