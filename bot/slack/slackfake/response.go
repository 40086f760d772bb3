package slackfake

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"parley/bot/slack/slackfake/webcall"
	"parley/bot/slack/slackfake/workspace"
	"parley/channels/emulator"
)

// With an interaction the app gets a response_url. For half an hour it may post messages there, up to five
// times, without a token: a reply to the person who clicked, or a change of the message.

// Life of a response_url. Source: docs.slack.dev/interactivity/handling-user-interaction, read 2026-11.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responseURL is one such address, and the interaction that it belongs to.
type responseURL struct {
	user      string // who clicked
	channel   *channel
	ts        string // of the clicked message
	thread    string
	ephemeral *Ephemeral // the clicked message if only one person sees it; else nil
	at        time.Time  // when the address was made
	uses      int        // how often the app has used it
}

// newResponseURL registers l and returns its address. The caller holds the lock.
func (s *clicks) newResponseURL(l *responseURL) string {
	l.at = s.Now()
	id := s.Secret(24)
	s.replies[id] = l
	return s.BaseURL() + "/actions/" + s.Opt.TeamID + "/" + id
}

func (s *clicks) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	f := s.strikeResponse()
	if f != nil && !runFaultBefore(w, r, f) {
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webcall.MaxBody))
	if err != nil {
		emulator.WriteJSON(w, http.StatusBadRequest, reply{"ok": false, "error": "invalid_payload"})
		return
	}

	code := s.useResponse(r.PathValue("id"), body)
	if f != nil && !runFaultAfter(w, r, f) {
		return
	}

	switch code {
	case "":
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "ok") //nolint:errcheck // the client is gone
	case "invalid_url", "expired_url", "used_url":
		emulator.WriteJSON(w, http.StatusNotFound, reply{"ok": false, "error": code})
	default:
		emulator.WriteJSON(w, http.StatusOK, reply{"ok": false, "error": code})
	}
}

// strikeResponse returns the fault that strikes a use of a response_url; nil if none does.
func (s *clicks) strikeResponse() *emulator.Struck {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.faults.Strike("response_url", "")
}

// useResponse does what an app posted to a response_url, and returns Slack's error; "" if it was done. The
// caller reads body without the lock, since the app may be slow.
func (s *clicks) useResponse(id string, body []byte) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	l := s.replies[id]
	if code := l.whyRefused(s.Now()); code != "" {
		return code
	}

	l.uses++
	if err := s.followAnswer(l, body); err != nil {
		return err.Code
	}
	return ""
}

// whyRefused returns Slack's error for a use of l, which is nil if there is no such address; "" if it may be used.
func (l *responseURL) whyRefused(now time.Time) string {
	if l == nil {
		return "invalid_url"
	}
	if now.Sub(l.at) > responseLife {
		return "expired_url"
	}
	if l.uses >= responseUses {
		return "used_url"
	}
	return ""
}

// answerMessage is what the app posts to a response_url or returns to a command.
type answerMessage struct {
	ResponseType    string          `json:"response_type"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
	ThreadTS        string          `json:"thread_ts"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	Attachments     json.RawMessage `json:"attachments"`
}

// followAnswer does what the app asked for through l. Caller holds the lock.
func (s *clicks) followAnswer(l *responseURL, body []byte) *workspace.Refusal {
	var a answerMessage
	if json.Unmarshal(body, &a) != nil {
		return workspace.Refuse("invalid_payload")
	}
	if a.DeleteOriginal {
		return s.deleteOriginal(l)
	}

	c := &call{Ground: s.ground, Grant: s.grant, Args: map[string]string{"text": a.Text}}
	if !workspace.IsNull(a.Blocks) {
		c.Args["blocks"] = string(a.Blocks)
	}
	if !workspace.IsNull(a.Attachments) {
		c.Args["attachments"] = string(a.Attachments)
	}

	show, err := c.ReadContent()
	if err != nil {
		return err
	}
	if a.ReplaceOriginal {
		return s.replaceOriginal(l, show)
	}

	thread := a.ThreadTS
	if a.ResponseType == "in_channel" {
		m := c.BotMessage(show)
		m.ThreadTS = thread
		s.board.insertMessage(l.channel, m)
		return nil
	}

	thread = cmp.Or(thread, l.thread)
	s.showEphemeral(l.channel, &Ephemeral{User: l.user, ThreadTS: thread, Text: webcall.CutText(show.Text), Blocks: show.Blocks})
	return nil
}

func (s *clicks) deleteOriginal(l *responseURL) *workspace.Refusal {
	if l.ephemeral != nil {
		l.ephemeral.Deleted = true
		s.Note(Change{Kind: "ephemeral", Channel: l.channel.ID, TS: l.ephemeral.TS, User: l.user})
		return nil
	}
	if l.channel.byTS[l.ts] == nil {
		return workspace.Refuse("message_not_found")
	}
	s.board.removePosted(l.channel, l.channel.byTS[l.ts])
	return nil
}

func (s *clicks) replaceOriginal(l *responseURL, show webcall.Content) *workspace.Refusal {
	if l.ephemeral != nil {
		l.ephemeral.Text = webcall.CutText(show.Text)
		l.ephemeral.Blocks = show.Blocks
		l.ephemeral.Deleted = false
		s.Note(Change{Kind: "ephemeral", Channel: l.channel.ID, TS: l.ephemeral.TS, User: l.user})
		return nil
	}

	m := l.channel.byTS[l.ts]
	if m == nil || m.BotID != s.Opt.BotID {
		return workspace.Refuse("message_not_found")
	}

	prev := m.Clone()
	m.Text = webcall.CutText(show.Text)
	m.Blocks = show.Blocks
	m.Attachments = show.Attachments
	m.Edited = &Edited{User: s.Opt.BotUser, TS: workspace.FormatTS(s.Now().UnixMicro())}
	s.board.emitChange(l.channel, m, prev)
	return nil
}
