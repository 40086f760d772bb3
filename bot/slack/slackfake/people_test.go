package slackfake_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Users: []slackfake.User{
		{ID: "U0GUEST001", Name: "guest", Restricted: true},
		{ID: "U0FOREIGN1", Name: "foreign", TeamID: "T0OTHER001", Stranger: true},
	}})
	u, err := w.api.GetUserInfoContext(w.ctx, w.ann.ID())
	if err != nil || u.Profile.Email != "ann@acme.test" || u.RealName != "Ann Lee" || u.IsBot || u.Deleted || u.TeamID != w.srv.TeamID() {
		t.Errorf("ann = %+v, %v", u, err)
	}
	if u, err = w.api.GetUserByEmailContext(w.ctx, "ANN@acme.test"); err != nil || u.ID != w.ann.ID() {
		t.Errorf("by e-mail = %+v, %v", u, err)
	}
	if u, err = w.api.GetUserInfoContext(w.ctx, w.srv.BotUserID()); err != nil || !u.IsBot || u.Profile.BotID != w.srv.BotID() {
		t.Errorf("bot = %+v, %v", u, err)
	}
	if u, err = w.api.GetUserInfoContext(w.ctx, "U0GUEST001"); err != nil || !u.IsRestricted {
		t.Errorf("guest = %+v, %v", u, err)
	}
	if u, err = w.api.GetUserInfoContext(w.ctx, "U0FOREIGN1"); err != nil || !u.IsStranger || u.TeamID != "T0OTHER001" {
		t.Errorf("foreigner = %+v, %v", u, err)
	}
	if all, err := w.api.GetUsersContext(w.ctx, slack.GetUsersOptionLimit(2)); err != nil || len(all) != 6 {
		t.Errorf("users.list = %d, %v", len(all), err)
	}
	w.srv.Admin.SetScopes("users:read")
	if u, err = w.api.GetUserInfoContext(w.ctx, w.ann.ID()); err != nil || u.Profile.Email != "" {
		t.Errorf("e-mail without its scope: %+v, %v", u, err)
	}
	w.srv.Admin.SetScopes(slackfake.AllScopes()...)
	a := w.listen(nil)
	if err := w.srv.Admin.UpdateUser(w.ann.ID(), func(u *slackfake.User) { u.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	_, raw := a.inner("user_change")
	if user, _ := raw["user"].(map[string]any); user["deleted"] != true || user["id"] != w.ann.ID() {
		t.Errorf("user_change = %v", raw)
	}
	_, err = w.api.GetUserByEmailContext(w.ctx, "ann@acme.test")
	refused(t, err, "users_not_found")
	_, _, _, err = w.api.OpenConversationContext(w.ctx, &slack.OpenConversationParameters{Users: []string{w.ann.ID()}})
	refused(t, err, "user_disabled")
	joined := w.srv.Admin.AddUser(slackfake.User{Name: "new"})
	_, raw = a.inner("team_join")
	if user, _ := raw["user"].(map[string]any); user["id"] != joined.ID {
		t.Errorf("team_join = %v", raw)
	}
}

// TestChannelLife renames, archives, moves and deletes.
func TestChannelLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(w.srv.Admin.RenameChannel(w.ch, "help"))
	_, raw := a.inner("channel_rename")
	if c, _ := raw["channel"].(map[string]any); c["name"] != "help" || c["id"] != w.ch {
		t.Errorf("rename = %v", raw)
	}
	do(w.srv.Admin.ArchiveChannel(w.ch, true))
	if _, raw = a.inner("channel_archive"); raw["channel"] != w.ch {
		t.Errorf("archive = %v", raw)
	}
	_, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("x", false))
	refused(t, err, "is_archived")
	if _, err := w.ann.Post(slackfake.Post{Channel: w.ch, Text: "x"}); err == nil {
		t.Error("nobody writes into an archived channel")
	}
	do(w.srv.Admin.ArchiveChannel(w.ch, false))
	a.inner("channel_unarchive")
	fresh, err := w.srv.Admin.ChangeChannelID(w.ch)
	do(err)
	if _, raw = a.inner("channel_id_changed"); raw["old_channel_id"] != w.ch || raw["new_channel_id"] != fresh {
		t.Errorf("id changed = %v", raw)
	}
	if ch, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("to the old id", false)); err != nil || ch != fresh {
		t.Errorf("old id leads to %s, %v", ch, err)
	}
	do(w.srv.Admin.DeleteChannel(fresh))
	if _, raw = a.inner("channel_deleted"); raw["channel"] != fresh {
		t.Errorf("deleted = %v", raw)
	}
}

// TestMembership kicks, joins and counts.
func TestMembership(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(w.srv.Admin.Kick(w.ch, w.srv.BotUserID()))
	a.inner("member_left_channel")
	a.inner("channel_left")
	_, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("x", false))
	refused(t, err, "not_in_channel")
	if _, _, _, err = w.api.JoinConversationContext(w.ctx, w.ch); err != nil {
		t.Fatal(err)
	}
	if _, raw := a.inner("member_joined_channel"); raw["user"] != w.srv.BotUserID() {
		t.Errorf("joined = %v", raw)
	}
	if raw := a.message("channel_join"); raw["user"] != w.srv.BotUserID() || raw["ts"] == nil {
		t.Errorf("Slack's line about it = %v", raw)
	}
	if _, warning, _, err := w.api.JoinConversationContext(w.ctx, w.ch); err != nil || warning != "already_in_channel" {
		t.Errorf("joined twice: %q, %v", warning, err)
	}
	do(w.ben.Leave(w.ch))
	a.message("channel_leave")
	a.inner("member_left_channel")
	do(w.ben.Join(w.ch))
	a.inner("member_joined_channel")
	info, err := w.api.GetConversationInfoContext(w.ctx, &slack.GetConversationInfoInput{ChannelID: w.ch, IncludeNumMembers: true})
	if err != nil || info.Name != "support" || !info.IsMember || info.NumMembers != 3 {
		t.Errorf("info = %+v, %v", info, err)
	}
	members, _, err := w.api.GetUsersInConversationContext(w.ctx, &slack.GetUsersInConversationParameters{ChannelID: w.ch})
	if n := len(w.srv.Inboxes.Badges(w.ann.ID()).Channels); n != 0 {
		t.Errorf("comings and goings made %d channels bold", n)
	}
	if err != nil || len(members) != 3 || !slices.Contains(members, w.ben.ID()) {
		t.Errorf("members = %v, %v", members, err)
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
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, c := range got {
			ids = append(ids, c.ID)
		}
		return ids
	}
	if got := list(slack.GetConversationsParameters{ExcludeArchived: true, Types: []string{"public_channel", "private_channel"}}); !reflect.DeepEqual(got, []string{"C0PRIVATE1", "C0SUPPORT1"}) {
		t.Errorf("list = %v", got)
	}
	if got := list(slack.GetConversationsParameters{}); !reflect.DeepEqual(got, []string{"C0OLD00001", "C0SUPPORT1"}) {
		t.Errorf("public = %v", got)
	}
}

// TestDirectMessages opens one and finds the same again.
func TestDirectMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	ch, _, already, err := w.api.OpenConversationContext(w.ctx, &slack.OpenConversationParameters{Users: []string{w.ann.ID()}})
	if err != nil || already || ch.ID[0] != 'D' {
		t.Fatalf("open = %+v, %v", ch, err)
	}
	again, _, already, err := w.api.OpenConversationContext(w.ctx, &slack.OpenConversationParameters{Users: []string{w.ann.ID()}})
	if err != nil || !already || again.ID != ch.ID || w.srv.DM(w.ann.ID()) != ch.ID {
		t.Errorf("open again = %+v, %v", again, err)
	}
	if _, err := w.ann.Post(slackfake.Post{Channel: ch.ID, Text: "psst"}); err != nil {
		t.Fatal(err)
	}
	if raw := a.message(""); raw["channel_type"] != "im" || raw["channel"] != ch.ID {
		t.Errorf("dm = %v", raw)
	}
}

func TestReadOnlyDM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{ReadOnlyDM: true})
	_, err := w.ann.Post(slackfake.Post{Channel: w.srv.DM(w.ann.ID()), Text: "psst"})
	refused(t, err, "restricted_action")
}

func TestReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	ts := w.post("x")
	ref := slack.NewRefToMessage(w.ch, ts)
	if err := w.api.AddReactionContext(w.ctx, "eyes", ref); err != nil {
		t.Fatal(err)
	}
	refused(t, w.api.AddReactionContext(w.ctx, "eyes", ref), "already_reacted")
	if err := w.ann.React(w.ch, ts, "eyes"); err != nil {
		t.Fatal(err)
	}
	if r := w.srv.Message(w.ch, ts).Reactions; len(r) != 1 || r[0].Count != 2 || len(r[0].Users) != 2 {
		t.Errorf("reactions = %+v", r)
	}
	if err := w.api.RemoveReactionContext(w.ctx, "eyes", ref); err != nil {
		t.Fatal(err)
	}
	refused(t, w.api.RemoveReactionContext(w.ctx, "eyes", ref), "no_reaction")
	if err := w.ann.Unreact(w.ch, ts, "eyes"); err != nil || len(w.srv.Message(w.ch, ts).Reactions) != 0 {
		t.Errorf("left over: %+v, %v", w.srv.Message(w.ch, ts).Reactions, err)
	}
}

// TestEmojiNames: a second name of an emoji is no second reaction, and the app hears the name that Slack keeps.
func TestEmojiNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := slack.NewRefToMessage(w.ch, w.post("root"))
	for _, r := range []struct{ name, refused string }{
		{"thumbsup", ""}, {"+1", "already_reacted"}, {"thumbsup::skin-tone-3", ""}, {"+1::skin-tone-3", "already_reacted"}, {"party_parrot", ""},
	} {
		err := w.api.AddReactionContext(w.ctx, r.name, root)
		if r.refused == "" && err != nil {
			t.Errorf("%s: %v", r.name, err)
		} else if r.refused != "" {
			refused(t, err, r.refused)
		}
	}
	var names []string
	for _, r := range w.srv.Message(w.ch, root.Timestamp).Reactions {
		names = append(names, r.Name)
	}
	if want := []string{"+1", "+1::skin-tone-3", "party_parrot"}; !slices.Equal(names, want) {
		t.Errorf("reactions %v, want %v", names, want)
	}
	if err := w.api.RemoveReactionContext(w.ctx, "thumbsup", root); err != nil {
		t.Error(err)
	}
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	w.srv.Admin.Uninstall()
	a.inner("tokens_revoked")
	a.inner("app_uninstalled")
	_, err := w.api.AuthTestContext(w.ctx)
	refused(t, err, "account_inactive")
	w.srv.Admin.Reinstall()
	if _, err := w.api.AuthTestContext(w.ctx); err != nil {
		t.Error(err)
	}
}
