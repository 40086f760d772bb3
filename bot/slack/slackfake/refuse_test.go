package slackfake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// Slack refuses wrong calls with error codes such as "channel_not_found". These tests check that the emulator
// refuses the same calls with the same codes.

// refusal is a call that Slack answers with an error.
type refusal struct {
	name   string
	method string
	args   url.Values
	want   string // Slack's error
}

// checkRefusals makes each call with the bot's token, and checks by which error it is refused.
func checkRefusals(t *testing.T, w *world, refusals ...refusal) {
	t.Helper()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			status, _, body := w.call(r.method, w.srv.BotToken(), r.args)
			wantEqual(t, "status", status, http.StatusOK)
			wantFields(t, r.method, body, dict{"ok": false, "error": r.want})
		})
	}
}

// newRefusalWorld starts a workspace with further channels: one without the bot, a private one without it, and
// an archived one.
func newRefusalWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, slackfake.Options{Channels: []slackfake.Channel{
		{ID: "C0NOBOT001", Name: "nobot", Members: []string{"U0ANN00001"}},
		{ID: "C0PRIVATE1", Name: "private", Private: true, Members: []string{"U0ANN00001"}},
		{ID: "C0ARCHIVE1", Name: "archive", Archived: true, Members: []string{"U0FAKEBOT01"}},
	}})
}

// repeated is a JSON list of n equal elements.
func repeated(element string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

func TestTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	for _, tt := range []struct {
		name   string
		method string
		token  string
		args   url.Values
		want   string
	}{
		{name: "none", method: "auth.test", token: "", want: "not_authed"},
		{name: "wrong", method: "auth.test", token: "xoxb-wrong", want: "invalid_auth"},
		{name: "the bot's for sockets", method: "apps.connections.open", token: w.srv.BotToken(), want: "not_allowed_token_type"},
		{
			name: "the app's for posts", method: "chat.postMessage", token: w.srv.AppToken(),
			args: args("channel", w.ch, "text", "x"), want: "not_allowed_token_type",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, body := w.call(tt.method, tt.token, tt.args)
			wantEqual(t, "status", status, http.StatusOK)
			wantFields(t, tt.method, body, dict{"ok": false, "error": tt.want})
		})
	}
}

func TestUnknownMethodIsRefused(t *testing.T) {
	t.Parallel()
	checkRefusals(t, newRefusalWorld(t), refusal{name: "nonsense", method: "chat.nonsense", want: "unknown_method"})
}

// postTo is a post in a channel that is refused. more are further arguments, as pairs of names and values.
func postTo(channel, name, want string, more ...string) refusal {
	return refusal{name: name, method: "chat.postMessage", args: args(append(more, "channel", channel)...), want: want}
}

func TestPostInAChannelIsRefused(t *testing.T) {
	t.Parallel()
	checkRefusals(t, newRefusalWorld(t),
		refusal{name: "no channel", method: "chat.postMessage", args: args("text", "x"), want: "channel_not_found"},
		postTo("C0NOTHERE1", "unknown", "channel_not_found", "text", "x"),
		postTo("C0NOBOT001", "without the bot", "not_in_channel", "text", "x"),
		postTo("C0PRIVATE1", "private, which is hidden", "channel_not_found", "text", "x"),
		postTo("C0ARCHIVE1", "archived", "is_archived", "text", "x"),
	)
}

func TestPostWithBadContentIsRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	options := repeated(`{"text":{"type":"plain_text","text":"a"},"value":"v"}`, 101)
	menu := `[{"type":"actions","elements":[{"type":"static_select","action_id":"s","options":` + options + `}]}]`
	checkRefusals(t, w,
		postTo(w.ch, "nothing to say", "no_text"),
		postTo(w.ch, "blank text", "no_text", "text", "  "),
		postTo(w.ch, "markdown and text", "markdown_text_conflict", "text", "a", "markdown_text", "b"),
		postTo(w.ch, "101 attachments", "too_many_attachments", "text", "x", "attachments", repeated(`{"text":"a"}`, 101)),

		postTo(w.ch, "51 blocks", "invalid_blocks", "blocks", sections(51, 5)),
		postTo(w.ch, "long section", "invalid_blocks", "blocks", sections(1, 3001)),
		postTo(w.ch, "blocks that are long together", "msg_blocks_too_long", "blocks", sections(5, 2700)),
		postTo(w.ch, "101 options", "invalid_blocks", "blocks", menu),
		postTo(w.ch, "unknown block", "invalid_blocks", "blocks", `[{"type":"marquee"}]`),
		postTo(w.ch, "blocks that are no list", "invalid_blocks_format", "blocks", `{"type":"section"}`),
	)
}

func TestPostWithBadMetadataIsRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	long := `{"event_type":"a","event_payload":{"a":"` + strings.Repeat("x", 8000) + `"}}`
	checkRefusals(t, w,
		postTo(w.ch, "no object", "invalid_metadata_format", "text", "x", "metadata", `[1]`),
		postTo(w.ch, "no type", "invalid_metadata_schema", "text", "x", "metadata", `{"event_payload":{"a":1}}`),
		postTo(w.ch, "too large", "metadata_too_large", "text", "x", "metadata", long),
	)
}

func TestReplyIsRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	reply := w.postAs(w.ann, w.postAsBot("root"), "reply")
	locked := w.postAsBot("locked")
	noError(t, w.srv.Admin.LockThread(w.ch, locked, true))
	upload := args("files", `[{"id":"F0ANY"}]`, "channel_id", w.ch, "thread_ts", locked)
	checkRefusals(t, w,
		postTo(w.ch, "to a reply", "cannot_reply_to_message", "text", "x", "thread_ts", reply),
		postTo(w.ch, "in a locked thread", "restricted_action_thread_locked", "text", "x", "thread_ts", locked),
		refusal{name: "files in a locked thread", method: "files.completeUploadExternal", args: upload, want: "restricted_action_thread_locked"},
	)
}

// unknownTS is the stamp of no message.
const unknownTS = "1.000001"

func TestUpdateIsRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	root := w.postAsBot("root")
	anns := w.postAs(w.ann, root, "reply")
	richText := `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]`
	richTS, ok := w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", richText)["ts"].(string)
	if !ok {
		t.Fatal("the rich text isn't posted")
	}
	deleted := w.postAsBot("deleted")
	w.postAs(w.ann, deleted, "reply")
	w.callAsBot("chat.delete", "channel", w.ch, "ts", deleted)
	update := func(name, ts, want string, more ...string) refusal {
		return refusal{name: name, method: "chat.update", args: args(append(more, "channel", w.ch, "ts", ts)...), want: want}
	}
	checkRefusals(t, w,
		update("of no message", unknownTS, "message_not_found", "text", "x"),
		update("of somebody else's", anns, "cant_update_message", "text", "x"),
		update("of what is left of a deleted root", deleted, "cant_update_message", "text", "x"),
		update("to a long text", root, "msg_too_long", "text", strings.Repeat("x", 4001)),
		update("of rich text to sections", richTS, "block_mismatch", "text", "x", "blocks", sections(1, 3)),
	)
}

func TestOtherCallsForMessagesAreRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	anns := w.postAs(w.ann, w.postAsBot("root"), "reply")
	checkRefusals(t, w,
		refusal{
			name: "deletion of no message", method: "chat.delete", args: args("channel", w.ch, "ts", unknownTS),
			want: "message_not_found",
		},
		refusal{
			name: "deletion of somebody else's", method: "chat.delete", args: args("channel", w.ch, "ts", anns),
			want: "cant_delete_message",
		},
		refusal{
			name: "private answer to an outsider", method: "chat.postEphemeral",
			args: args("channel", w.ch, "user", "U0NOBODY01", "text", "x"), want: "user_not_in_channel",
		},
		refusal{
			name: "link to no message", method: "chat.getPermalink", args: args("channel", w.ch, "message_ts", unknownTS),
			want: "message_not_found",
		},
	)
}

func TestHistoryIsRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	history := func(name, want string, pairs ...string) refusal {
		return refusal{name: name, method: "conversations.history", args: args(pairs...), want: want}
	}
	checkRefusals(t, w,
		history("from outside", "not_in_channel", "channel", "C0NOBOT001"),
		history("bad cursor", "invalid_cursor", "channel", w.ch, "cursor", "%%"),
		history("bad oldest", "invalid_ts_oldest", "channel", w.ch, "oldest", "yesterday"),
		history("bad latest", "invalid_ts_latest", "channel", w.ch, "latest", "x"),
		refusal{
			name: "replies of no thread", method: "conversations.replies", args: args("channel", w.ch, "ts", unknownTS),
			want: "thread_not_found",
		},
	)
}

func TestCallsForChannelsAreRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	checkRefusals(t, w,
		refusal{name: "list of an unknown type", method: "conversations.list", args: args("types", "secret"), want: "invalid_types"},
		refusal{name: "join a private one", method: "conversations.join", args: args("channel", "C0PRIVATE1"), want: "channel_not_found"},
		refusal{name: "join an archived one", method: "conversations.join", args: args("channel", "C0ARCHIVE1"), want: "is_archived"},
		refusal{name: "chat with nobody", method: "conversations.open", args: args("users", "U0NOBODY01"), want: "user_not_found"},
		refusal{name: "chat with no name", method: "conversations.open", want: "users_list_not_supplied"},
		refusal{
			name: "open a channel", method: "conversations.open", args: args("channel", w.ch),
			want: "method_not_supported_for_channel_type",
		},
	)
}

func TestReactionIsRefused(t *testing.T) {
	t.Parallel()
	w := newRefusalWorld(t)
	root, locked := w.postAsBot("root"), w.postAsBot("locked")
	reply := w.postAs(w.ann, locked, "reply")
	noError(t, w.srv.Admin.LockThread(w.ch, locked, true))
	react := func(method, name, ts, emoji, want string) refusal {
		return refusal{name: name, method: method, args: args("channel", w.ch, "timestamp", ts, "name", emoji), want: want}
	}
	checkRefusals(t, w,
		react("reactions.add", "to no message", unknownTS, "eyes", "message_not_found"),
		react("reactions.add", "to no stamp", "x", "eyes", "bad_timestamp"),
		react("reactions.add", "with colons", root, ":eyes:", "invalid_name"),
		react("reactions.add", "in a locked thread", reply, "eyes", "thread_locked"),
		react("reactions.remove", "that isn't there", root, "eyes", "no_reaction"),
	)
}

func TestCallsForPeopleAreRefused(t *testing.T) {
	t.Parallel()
	checkRefusals(t, newRefusalWorld(t),
		refusal{name: "unknown user", method: "users.info", args: args("user", "U0NOBODY01"), want: "user_not_found"},
		refusal{name: "unknown address", method: "users.lookupByEmail", args: args("email", "nobody@acme.test"), want: "users_not_found"},
	)
}

func TestViewIsRefused(t *testing.T) {
	t.Parallel()
	view := func(method, name, want string, pairs ...string) refusal {
		return refusal{name: name, method: method, args: args(pairs...), want: want}
	}
	largeHome := `{"type":"home","blocks":[],"x":"` + strings.Repeat("x", 250_000) + `"}`
	checkRefusals(t, newRefusalWorld(t),
		view("views.open", "no trigger", "invalid_arguments", "view", modalJSON),
		view("views.open", "a trigger that Slack didn't give", "invalid_trigger_id", "view", modalJSON, "trigger_id", "1.2.3"),
		view("views.update", "no such view", "not_found", "view", modalJSON, "view_id", "V0NOTHING1"),
		view("views.publish", "a home for nobody", "user_not_found", "view", homeJSON, "user_id", "U0NOBODY01"),
		view("views.publish", "a modal as home", "invalid_arguments", "view", modalJSON, "user_id", "U0ANN00001"),
		view("views.publish", "too large", "view_too_large", "view", largeHome, "user_id", "U0ANN00001"),
	)
}

func TestFileIsRefused(t *testing.T) {
	t.Parallel()
	file := func(method, name, want string, pairs ...string) refusal {
		return refusal{name: name, method: method, args: args(pairs...), want: want}
	}
	checkRefusals(t, newRefusalWorld(t),
		file("files.getUploadURLExternal", "empty", "missing_argument", "filename", "a.txt", "length", "0"),
		file("files.getUploadURLExternal", "huge", "file_upload_size_restricted", "filename", "a.txt", "length", "2000000000"),
		file("files.getUploadURLExternal", "nameless", "invalid_arguments", "length", "10"),
		file("files.completeUploadExternal", "unknown upload", "file_not_found", "files", `[{"id":"F0NOTHING1"}]`),
		file("files.info", "unknown", "file_not_found", "file", "F0NOTHING1"),
	)
}

// Views without a fault. Other tests replace parts of their text, which therefore has no blanks.
const (
	modalJSON = `{"type":"modal","callback_id":"m","title":{"type":"plain_text","text":"T"},"submit":{"type":"plain_text","text":"S"},` +
		`"blocks":[{"type":"input","block_id":"b","label":{"type":"plain_text","text":"L"},` +
		`"element":{"type":"plain_text_input","action_id":"a"}}]}`
	homeJSON = `{"type":"home","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]}`
)
