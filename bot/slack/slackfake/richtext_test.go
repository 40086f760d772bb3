package slackfake

import (
	"encoding/json"
	"testing"
)

// FuzzRichText: any text gives blocks that Slack itself would accept.
func FuzzRichText(f *testing.F) {
	for _, seed := range []string{
		"*a* _b_", "```x", "<@U1|x>", ":a::skin-tone-2:", "> q\n- l\n1. n", "<|>", "`", "**", "~ ~", "::",
		"<!date^1^{x}|y>",
	} {
		f.Add(seed)
	}
	s := New(Options{})
	f.Cleanup(func() { s.Close() }) //nolint:errcheck // nothing listens
	f.Fuzz(func(t *testing.T, typed string) {
		parts := RichText(WireText(typed))
		if len(parts) == 0 {
			t.Fatal("no elements")
		}
		if _, err := json.Marshal(parts); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzArguments: no request body may crash the API.
func FuzzArguments(f *testing.F) {
	f.Add("chat.postMessage", "C0SUPPORT1", "x", "[]", "{}")
	f.Add("views.publish", "", "", "", `{"type":"home","blocks":[]}`)
	f.Add("views.publish", "", "", "", `{"type":"modal","title":7,"blocks":[{}]}`)
	f.Add("chat.update", "C0SUPPORT1", "", "null", "7")
	s := New(Options{Channels: []Channel{{ID: "C0SUPPORT1", Name: "support", Members: []string{"U0FAKEBOT01"}}}})
	f.Cleanup(func() { s.Close() }) //nolint:errcheck // nothing listens
	f.Fuzz(func(_ *testing.T, method, channel, text, blocks, object string) {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		c := &WebcallCall{Ground: s.Ground, Grant: s.grant, Method: method, Token: s.Opt.BotToken, Args: map[string]string{
			"channel": channel, "ts": text, "text": text, "blocks": blocks, "metadata": object, "view": object, "attachments": blocks,
			"user_id": s.Opt.BotUser, "files": blocks, "limit": text, "cursor": text, "thread_ts": text, "user": s.Opt.BotUser,
		}}
		out, err := s.api.run(c)
		if err == nil {
			MustJSON(out)
		}
	})
}
