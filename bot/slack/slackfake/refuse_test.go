package slackfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// call makes a raw form call, so that tests see what the wire carries.
func (w *world) call(method, token string, args url.Values) (status int, head http.Header, body map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.srv.APIURL()+method, strings.NewReader(args.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

// callAsBot makes a call with the bot's token and gives the body of its answer. pairs are names and values of arguments.
func (w *world) callAsBot(method string, pairs ...string) (body dict) {
	w.t.Helper()
	_, _, body = w.call(method, w.srv.BotToken(), args(pairs...))
	return body
}

// faultsOf gives what Slack's validator says in an answer.
func faultsOf(body dict) (faults []string) {
	list, _ := field(body, "response_metadata")["messages"].([]any)
	for _, fault := range list {
		faults = append(faults, strings.TrimPrefix(fmt.Sprint(fault), "[ERROR] "))
	}
	return faults
}

// args makes form values from pairs.
func args(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// sections is a list of n blocks with texts of so many characters.
func sections(n, runes int) string {
	var b []string
	for range n {
		b = append(b, fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, strings.Repeat("x", runes)))
	}
	return "[" + strings.Join(b, ",") + "]"
}

// refusal is one call that Slack answers with an error.
type refusal struct {
	name, method, token string
	args                url.Values
	want                string
}

func checkRefusals(w *world, rows []refusal) {
	w.t.Helper()
	for _, r := range rows {
		status, _, body := w.call(r.method, r.token, r.args)
		what := r.name + " (" + r.method + ")"
		wantEqual(w.t, "status of "+what, status, http.StatusOK)
		wantFields(w.t, what, body, dict{"ok": false, "error": r.want})
	}
}

func refusalWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, slackfake.Options{Channels: []slackfake.Channel{
		{ID: "C0NOBOT001", Name: "nobot", Members: []string{"U0ANN00001"}},
		{ID: "C0PRIVATE1", Name: "private", Private: true, Members: []string{"U0ANN00001"}},
		{ID: "C0ARCHIVE1", Name: "archive", Archived: true, Members: []string{"U0FAKEBOT01"}},
	}})
}

// TestPostRefusals has a row for each refusal of a post that needs no long story.
func TestPostRefusals(t *testing.T) {
	t.Parallel()
	w := refusalWorld(t)
	bot := w.srv.BotToken()
	root := w.postAsBot("root")
	reply := w.postAs(w.ann, root, "reply")
	locked := w.postAsBot("locked")
	noError(t, w.srv.Admin.LockThread(w.ch, locked, true))
	rich := `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]`
	made := w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", rich)
	richTS := made["ts"].(string)
	select101 := `[{"type":"actions","elements":[{"type":"static_select","action_id":"s","options":[` +
		strings.TrimSuffix(strings.Repeat(`{"text":{"type":"plain_text","text":"a"},"value":"v"},`, 101), ",") + `]}]}]`

	checkRefusals(w, []refusal{
		{"no token", "auth.test", "", nil, "not_authed"},
		{"wrong token", "auth.test", "xoxb-wrong", nil, "invalid_auth"},
		{"bot token for sockets", "apps.connections.open", bot, nil, "not_allowed_token_type"},
		{"app token for posts", "chat.postMessage", w.srv.AppToken(), args("channel", w.ch, "text", "x"), "not_allowed_token_type"},
		{"unknown method", "chat.nonsense", bot, nil, "unknown_method"},
		{"no channel", "chat.postMessage", bot, args("text", "x"), "channel_not_found"},
		{"unknown channel", "chat.postMessage", bot, args("channel", "C0NOTHERE1", "text", "x"), "channel_not_found"},
		{"not in channel", "chat.postMessage", bot, args("channel", "C0NOBOT001", "text", "x"), "not_in_channel"},
		{"private is hidden", "chat.postMessage", bot, args("channel", "C0PRIVATE1", "text", "x"), "channel_not_found"},
		{"archived", "chat.postMessage", bot, args("channel", "C0ARCHIVE1", "text", "x"), "is_archived"},
		{"nothing to say", "chat.postMessage", bot, args("channel", w.ch), "no_text"},
		{"blank text", "chat.postMessage", bot, args("channel", w.ch, "text", "  "), "no_text"},
		{"51 blocks", "chat.postMessage", bot, args("channel", w.ch, "blocks", sections(51, 5)), "invalid_blocks"},
		{"long section", "chat.postMessage", bot, args("channel", w.ch, "blocks", sections(1, 3001)), "invalid_blocks"},
		{"blocks no list", "chat.postMessage", bot, args("channel", w.ch, "blocks", `{"type":"section"}`), "invalid_blocks_format"},
		{"long in all", "chat.postMessage", bot, args("channel", w.ch, "blocks", sections(5, 2700)), "msg_blocks_too_long"},
		{"101 options", "chat.postMessage", bot, args("channel", w.ch, "blocks", select101), "invalid_blocks"},
		{"unknown block", "chat.postMessage", bot, args("channel", w.ch, "blocks", `[{"type":"marquee"}]`), "invalid_blocks"},
		{"markdown and text", "chat.postMessage", bot, args("channel", w.ch, "text", "a", "markdown_text", "b"), "markdown_text_conflict"},
		{"metadata no object", "chat.postMessage", bot, args("channel", w.ch, "text", "x", "metadata", `[1]`), "invalid_metadata_format"},
		{"metadata without type", "chat.postMessage", bot, args("channel", w.ch, "text", "x", "metadata", `{"event_payload":{"a":1}}`), "invalid_metadata_schema"},
		{"metadata too large", "chat.postMessage", bot, args("channel", w.ch, "text", "x", "metadata",
			`{"event_type":"a","event_payload":{"a":"`+strings.Repeat("x", 8000)+`"}}`), "metadata_too_large"},
		{"reply to a reply", "chat.postMessage", bot, args("channel", w.ch, "text", "x", "thread_ts", reply), "cannot_reply_to_message"},
		{"locked thread", "chat.postMessage", bot, args("channel", w.ch, "text", "x", "thread_ts", locked), "restricted_action_thread_locked"},
		{"101 attachments", "chat.postMessage", bot, args("channel", w.ch, "text", "x", "attachments",
			"["+strings.TrimSuffix(strings.Repeat(`{"text":"a"},`, 101), ",")+"]"), "too_many_attachments"},
	})
	checkRefusals(w, []refusal{
		{"update unknown", "chat.update", bot, args("channel", w.ch, "ts", "1.000001", "text", "x"), "message_not_found"},
		{"update another's", "chat.update", bot, args("channel", w.ch, "ts", reply, "text", "x"), "cant_update_message"},
		{"update long", "chat.update", bot, args("channel", w.ch, "ts", root, "text", strings.Repeat("x", 4001)), "msg_too_long"},
		{"update rich text", "chat.update", bot, args("channel", w.ch, "ts", richTS, "text", "x", "blocks", sections(1, 3)), "block_mismatch"},
		{"delete unknown", "chat.delete", bot, args("channel", w.ch, "ts", "1.000001"), "message_not_found"},
		{"delete another's", "chat.delete", bot, args("channel", w.ch, "ts", reply), "cant_delete_message"},
		{"ephemeral to outsider", "chat.postEphemeral", bot, args("channel", w.ch, "user", "U0NOBODY01", "text", "x"), "user_not_in_channel"},
		{"permalink of nothing", "chat.getPermalink", bot, args("channel", w.ch, "message_ts", "1.000001"), "message_not_found"},
	})
}

// TestReadRefusals is the same for everything but posts.
func TestReadRefusals(t *testing.T) {
	t.Parallel()
	w := refusalWorld(t)
	bot := w.srv.BotToken()
	root := w.postAsBot("root")
	checkRefusals(w, []refusal{
		{"history from outside", "conversations.history", bot, args("channel", "C0NOBOT001"), "not_in_channel"},
		{"bad cursor", "conversations.history", bot, args("channel", w.ch, "cursor", "%%"), "invalid_cursor"},
		{"bad oldest", "conversations.history", bot, args("channel", w.ch, "oldest", "yesterday"), "invalid_ts_oldest"},
		{"bad latest", "conversations.history", bot, args("channel", w.ch, "latest", "x"), "invalid_ts_latest"},
		{"no thread", "conversations.replies", bot, args("channel", w.ch, "ts", "1.000001"), "thread_not_found"},
		{"bad types", "conversations.list", bot, args("types", "secret"), "invalid_types"},
		{"join private", "conversations.join", bot, args("channel", "C0PRIVATE1"), "channel_not_found"},
		{"join archived", "conversations.join", bot, args("channel", "C0ARCHIVE1"), "is_archived"},
		{"dm nobody", "conversations.open", bot, args("users", "U0NOBODY01"), "user_not_found"},
		{"dm unnamed", "conversations.open", bot, nil, "users_list_not_supplied"},
		{"open a channel", "conversations.open", bot, args("channel", w.ch), "method_not_supported_for_channel_type"},

		{"react to nothing", "reactions.add", bot, args("channel", w.ch, "timestamp", "1.000001", "name", "eyes"), "message_not_found"},
		{"react badly timed", "reactions.add", bot, args("channel", w.ch, "timestamp", "x", "name", "eyes"), "bad_timestamp"},
		{"react oddly", "reactions.add", bot, args("channel", w.ch, "timestamp", root, "name", ":eyes:"), "invalid_name"},
		{"unreact", "reactions.remove", bot, args("channel", w.ch, "timestamp", root, "name", "eyes"), "no_reaction"},

		{"unknown user", "users.info", bot, args("user", "U0NOBODY01"), "user_not_found"},
		{"unknown email", "users.lookupByEmail", bot, args("email", "nobody@acme.test"), "users_not_found"},

		{"no trigger", "views.open", bot, args("view", modalJSON), "invalid_arguments"},
		{"made-up trigger", "views.open", bot, args("view", modalJSON, "trigger_id", "1.2.3"), "invalid_trigger_id"},
		{"update no view", "views.update", bot, args("view", modalJSON, "view_id", "V0NOTHING1"), "not_found"},
		{"home for nobody", "views.publish", bot, args("view", homeJSON, "user_id", "U0NOBODY01"), "user_not_found"},
		{"modal as home", "views.publish", bot, args("view", modalJSON, "user_id", "U0ANN00001"), "invalid_arguments"},
		{"view too large", "views.publish", bot, args("view", `{"type":"home","blocks":[],"x":"`+strings.Repeat("x", 250_000)+`"}`,
			"user_id", "U0ANN00001"), "view_too_large"},

		{"empty file", "files.getUploadURLExternal", bot, args("filename", "a.txt", "length", "0"), "missing_argument"},
		{"huge file", "files.getUploadURLExternal", bot, args("filename", "a.txt", "length", "2000000000"), "file_upload_size_restricted"},
		{"nameless file", "files.getUploadURLExternal", bot, args("length", "10"), "invalid_arguments"},
		{"unknown upload", "files.completeUploadExternal", bot, args("files", `[{"id":"F0NOTHING1"}]`), "file_not_found"},
		{"unknown file", "files.info", bot, args("file", "F0NOTHING1"), "file_not_found"},
	})
}

const (
	modalJSON = `{"type":"modal","callback_id":"m","title":{"type":"plain_text","text":"T"},"submit":{"type":"plain_text","text":"S"},` +
		`"blocks":[{"type":"input","block_id":"b","label":{"type":"plain_text","text":"L"},"element":{"type":"plain_text_input","action_id":"a"}}]}`
	homeJSON = `{"type":"home","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]}`
)

// TestInvalidBlocksNameThePlace checks the pointers that developers live on.
func TestInvalidBlocksNameThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	rows := []struct{ blocks, want string }{
		{sections(1, 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{`[{"type":"section"}]`, "must define either `text` or `fields` [json-pointer:/blocks/0/type]"},
		{`[{"type":"section","text":{"type":"mrkdwn","text":""}}]`, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{`[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"},
		{`[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`,
			"`block_id`: a already exists for another block [json-pointer:/blocks/1/block_id]"},
		{`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"` + strings.Repeat("x", 76) + `"}}]}]`,
			"must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		{`[{"type":"actions","elements":[{"type":"button","style":"loud","text":{"type":"plain_text","text":"x"}}]}]`,
			"must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		{`[{"type":"context","elements":[]}]`, "must provide at least 1 items [json-pointer:/blocks/0/elements]"},
		{`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"blink"}]}]}]`,
			"unsupported type: blink [json-pointer:/blocks/0/elements/0/elements/0/type]"},
	}
	for _, r := range rows {
		got := faultsOf(w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", r.blocks))
		if !slices.Equal(got, []string{r.want}) {
			t.Errorf("%s\n got %q\nwant %s", r.blocks, got, r.want)
		}
	}
}

// TestScopes proves that each is enforced and recorded.
func TestScopes(t *testing.T) {
	t.Parallel()
	rows := []struct {
		method string
		args   url.Values
		scope  string
	}{
		{"chat.postMessage", args("channel", "C0SUPPORT1", "text", "x"), "chat:write"},
		{"conversations.history", args("channel", "C0SUPPORT1"), "channels:history"},
		{"conversations.history", args("channel", "C0SECRET01"), "groups:history"},
		{"conversations.info", args("channel", "C0SUPPORT1"), "channels:read"},
		{"conversations.info", args("channel", "C0SECRET01"), "groups:read"},
		{"conversations.list", args("types", "private_channel"), "groups:read"},
		{"conversations.join", args("channel", "C0SUPPORT1"), "channels:join"},
		{"conversations.open", args("users", "U0ANN00001"), "im:write"},
		{"users.info", args("user", "U0ANN00001"), "users:read"},
		{"users.lookupByEmail", args("email", "ann@acme.test"), "users:read.email"},
		{"files.getUploadURLExternal", args("filename", "a", "length", "1"), "files:write"},
	}
	w := newWorld(t, slackfake.Options{Events: []string{}, Channels: []slackfake.Channel{
		{ID: "C0SECRET01", Name: "secret", Private: true, Members: []string{"U0FAKEBOT01"}},
	}})
	for _, r := range rows {
		w.srv.Admin.SetScopes("commands")
		_, _, body := w.call(r.method, w.srv.BotToken(), r.args)
		wantFields(t, r.method+" without scope", body, dict{"error": "missing_scope", "needed": r.scope, "provided": "commands"})
		w.srv.Admin.SetScopes(r.scope)
		if _, _, body = w.call(r.method, w.srv.BotToken(), r.args); body["ok"] != true && body["error"] != "message_not_found" {
			t.Errorf("%s with %s: got %v, want ok", r.method, r.scope, body)
		}
	}
	want := "channels:history channels:join channels:read chat:write files:write groups:history groups:read im:write users:read users:read.email"
	wantEqual(t, "scopes used", strings.Join(w.srv.Admin.ScopesUsed(), " "), want)
	c := w.srv.Calls("conversations.open")
	if len(c) != 2 {
		t.Fatalf("conversations.open is recorded %d times, want 2: %+v", len(c), c)
	}
	wantEqual(t, "error recorded of the first call", c[0].Error, "missing_scope")
	wantEqual(t, "the second call is recorded as ok", c[1].OK, true)
	wantEqual(t, "scope recorded of the second call", c[1].Scopes[0], "im:write")
}
