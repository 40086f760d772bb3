package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Life of a response_url. Source: docs.slack.dev/interactivity/handling-user-interaction, read 2026-11.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responseURL is one address at which the app may answer an interaction.
type responseURL struct {
	user      string
	channel   *channel
	ts        string // of the clicked message
	thread    string
	ephemeral *Ephemeral
	at        time.Time
	uses      int
}

// newResponseURL registers l. Caller holds the lock.
func (s *clicks) newResponseURL(l *responseURL) string {
	l.at = s.now()
	id := s.secret(24)
	s.replies[id] = l
	return s.home() + "/actions/" + s.opt.TeamID + "/" + id
}

func (s *clicks) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.faults.Strike("response_url", "")
	s.mu.Unlock()
	if f != nil && !faultBefore(w, r, f) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, reply{"ok": false, "error": "invalid_payload"})
		return
	}
	s.mu.Lock()
	l := s.replies[r.PathValue("id")]
	code := ""
	switch {
	case l == nil:
		code = "invalid_url"
	case s.now().Sub(l.at) > responseLife:
		code = "expired_url"
	case l.uses >= responseUses:
		code = "used_url"
	}
	if code == "" {
		l.uses++
		if err := s.reply(l, body); err != nil {
			code = err.code
		}
	}
	s.mu.Unlock()
	if f != nil && !faultAfter(w, r, f) {
		return
	}
	switch code {
	case "":
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "ok") //nolint:errcheck // the client is gone
	case "invalid_url", "expired_url", "used_url":
		writeJSON(w, http.StatusNotFound, reply{"ok": false, "error": code})
	default:
		writeJSON(w, http.StatusOK, reply{"ok": false, "error": code})
	}
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

// reply does what the app asked for through l. Caller holds the lock.
func (s *clicks) reply(l *responseURL, body []byte) *apiError {
	var a answerMessage
	if json.Unmarshal(body, &a) != nil {
		return refuse("invalid_payload")
	}
	if a.DeleteOriginal {
		return s.deleteOriginal(l)
	}
	c := &call{ground: s.ground, grant: s.grant, args: map[string]string{"text": a.Text}}
	if !isNull(a.Blocks) {
		c.args["blocks"] = string(a.Blocks)
	}
	if !isNull(a.Attachments) {
		c.args["attachments"] = string(a.Attachments)
	}
	show, err := c.content()
	if err != nil {
		return err
	}
	if a.ReplaceOriginal {
		return s.replaceOriginal(l, show)
	}
	thread := a.ThreadTS
	if a.ResponseType == "in_channel" {
		m := c.botMessage(show)
		m.ThreadTS = thread
		s.board.insert(l.channel, m)
		return nil
	}
	if thread == "" {
		thread = l.thread
	}
	s.showEphemeral(l.channel, &Ephemeral{User: l.user, ThreadTS: thread, Text: cutText(show.text), Blocks: show.blocks})
	return nil
}

func (s *clicks) deleteOriginal(l *responseURL) *apiError {
	switch {
	case l.ephemeral != nil:
		l.ephemeral.Deleted = true
		s.note(Change{Kind: "ephemeral", Channel: l.channel.ID, TS: l.ephemeral.TS, User: l.user})
		return nil
	case l.channel.byTS[l.ts] == nil:
		return refuse("message_not_found")
	}
	s.board.remove(l.channel, l.channel.byTS[l.ts])
	return nil
}

func (s *clicks) replaceOriginal(l *responseURL, show content) *apiError {
	if l.ephemeral != nil {
		l.ephemeral.Text, l.ephemeral.Blocks, l.ephemeral.Deleted = cutText(show.text), show.blocks, false
		s.note(Change{Kind: "ephemeral", Channel: l.channel.ID, TS: l.ephemeral.TS, User: l.user})
		return nil
	}
	m := l.channel.byTS[l.ts]
	if m == nil || m.BotID != s.opt.BotID {
		return refuse("message_not_found")
	}
	prev := m.clone()
	m.Text, m.Blocks, m.Attachments = cutText(show.text), show.blocks, show.attachments
	m.Edited = &Edited{User: s.opt.BotUser, TS: formatTS(s.now().UnixMicro())}
	s.board.change(l.channel, m, prev)
	return nil
}
