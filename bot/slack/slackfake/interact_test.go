package slackfake_test

// These tests click buttons, choose in menus and use shortcuts, and check what the app gets and what the person
// sees. world (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of
// the app.

// card is a message with every kind of element that a helpdesk uses.
const card = `[{"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"card"},"accessory":
	{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"Snooze"},"value":"snooze"}]}},
	{"type":"actions","block_id":"a","elements":[
	{"type":"button","action_id":"take","value":"conv-7","text":{"type":"plain_text","text":"Take"}},
	{"type":"static_select","action_id":"team",` +
	`"options":[{"text":{"type":"plain_text","text":"Sales"},"value":"t1"},{"text":{"type":"plain_text","text":"Support"},"value":"t2"}]},
	{"type":"users_select","action_id":"who"},
	{"type":"external_select","action_id":"tag","min_query_length":1},
	{"type":"datepicker","action_id":"day"}]}]`

// postCard posts the card by the bot; thread "" is the top level.
func (w *world) postCard(thread string) string {
	w.t.Helper()
	body := w.callAsBot("chat.postMessage", "channel", w.ch, "text", "card", "blocks", card, "thread_ts", thread)
	if body["ok"] != true {
		w.t.Fatalf("posting the card: got %v, want ok", body)
	}
	return body["ts"].(string)
}
