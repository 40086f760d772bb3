package slackfake

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"parley/channels/emulator"
)

// Slack sends a response_url with each interaction, such as a click on a button. For half an hour, the app
// may post up to five messages to this URL without a token: to answer the person who clicked, or to replace
// or delete the clicked message. This file emulates these URLs.

// Limits of a response_url. Source: docs.slack.dev/interactivity/handling-user-interaction, read 2026-11.
const (
	maxResponseUses  = 5
	responseLifetime = 30 * time.Minute
)

// responseURL is a URL and the interaction it belongs to.
type responseURL struct {
	user      string // who clicked
	channel   *channel
	ts        string // the clicked message
	thread    string
	ephemeral *Ephemeral // the clicked message if it is ephemeral, otherwise nil
	createdAt time.Time
	uses      int
}

// newResponseURL registers link and returns its URL. The caller holds the lock.
func (s *clicks) newResponseURL(link *responseURL) string {
	link.createdAt = s.Now()
	id := s.Secret(24)
	s.replies[id] = link
	return s.BaseURL() + "/actions/" + s.Opt.TeamID + "/" + id
}

// serveResponseURL handles the app's requests. It reads the body without the lock, since the app may be slow.
func (s *clicks) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	fault := s.strikeResponse()
	if fault != nil && !runFaultBefore(w, r, fault) {
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		emulator.WriteJSON(w, http.StatusBadRequest, Reply{"ok": false, "error": "invalid_payload"})
		return
	}

	code := s.useResponse(r.PathValue("id"), body)
	if fault != nil && !runFaultAfter(w, r, fault) {
		return
	}

	switch code {
	case "":
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "ok") //nolint:errcheck // the client is gone
	case "invalid_url", "expired_url", "used_url":
		emulator.WriteJSON(w, http.StatusNotFound, Reply{"ok": false, "error": code})
	default:
		emulator.WriteJSON(w, http.StatusOK, Reply{"ok": false, "error": code})
	}
}

// strikeResponse returns the fault that a test has injected for this request, or nil.
func (s *clicks) strikeResponse() *emulator.Struck {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.faults.Strike("response_url", "")
}

// useResponse applies what the app posted to the URL with the given id. It returns Slack's error code, or ""
// on success.
func (s *clicks) useResponse(id string, body []byte) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	link := s.replies[id]
	if code := link.checkUse(s.Now()); code != "" {
		return code
	}

	link.uses++
	if refusal := s.followAnswer(link, body); refusal != nil {
		return refusal.Code
	}
	return ""
}

// checkUse returns Slack's error code if the URL can't be used, or "". link is nil for an unknown URL.
func (link *responseURL) checkUse(now time.Time) string {
	if link == nil {
		return "invalid_url"
	}
	if now.Sub(link.createdAt) > responseLifetime {
		return "expired_url"
	}
	if link.uses >= maxResponseUses {
		return "used_url"
	}
	return ""
}

// answerMessage is the message that an app posts to a response_url, or returns in its response to a slash command.
type answerMessage struct {
	ResponseType    string          `json:"response_type"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
	ThreadTS        string          `json:"thread_ts"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	Attachments     json.RawMessage `json:"attachments"`
}

// followAnswer posts, replaces or deletes a message, as the app's answer asks. The caller holds the lock.
func (s *clicks) followAnswer(link *responseURL, body []byte) *WorkspaceRefusal {
	var answer answerMessage
	if json.Unmarshal(body, &answer) != nil {
		return Refuse("invalid_payload")
	}
	if answer.DeleteOriginal {
		return s.deleteOriginal(link)
	}

	c := &WebcallCall{Ground: s.Ground, Grant: s.grant, Args: map[string]string{"text": answer.Text}}
	if !IsNull(answer.Blocks) {
		c.Args["blocks"] = string(answer.Blocks)
	}
	if !IsNull(answer.Attachments) {
		c.Args["attachments"] = string(answer.Attachments)
	}

	content, refusal := c.ReadContent()
	if refusal != nil {
		return refusal
	}
	if answer.ReplaceOriginal {
		return s.replaceOriginal(link, content)
	}
	if answer.ResponseType == "in_channel" {
		m := c.BotMessage(content)
		m.ThreadTS = answer.ThreadTS
		s.board.insertMessage(link.channel, m)
		return nil
	}

	s.showEphemeral(link.channel, &Ephemeral{
		User:     link.user,
		ThreadTS: cmp.Or(answer.ThreadTS, link.thread),
		Text:     CutText(content.Text),
		Blocks:   content.Blocks,
	})
	return nil
}

func (s *clicks) deleteOriginal(link *responseURL) *WorkspaceRefusal {
	if link.ephemeral != nil {
		link.ephemeral.Deleted = true
		s.Note(Change{Kind: "ephemeral", Channel: link.channel.ID, TS: link.ephemeral.TS, User: link.user})
		return nil
	}
	if link.channel.byTS[link.ts] == nil {
		return Refuse("message_not_found")
	}
	s.board.removePosted(link.channel, link.channel.byTS[link.ts])
	return nil
}

func (s *clicks) replaceOriginal(link *responseURL, content Content) *WorkspaceRefusal {
	if link.ephemeral != nil {
		link.ephemeral.Text = CutText(content.Text)
		link.ephemeral.Blocks = content.Blocks
		link.ephemeral.Deleted = false
		s.Note(Change{Kind: "ephemeral", Channel: link.channel.ID, TS: link.ephemeral.TS, User: link.user})
		return nil
	}

	m := link.channel.byTS[link.ts]
	if m == nil || m.BotID != s.Opt.BotID {
		return Refuse("message_not_found")
	}

	prev := m.Clone()
	m.Text = CutText(content.Text)
	m.Blocks = content.Blocks
	m.Attachments = content.Attachments
	m.Edited = &Edited{User: s.Opt.BotUser, TS: FormatTS(s.Now().UnixMicro())}
	s.board.emitChange(link.channel, m, prev)
	return nil
}
