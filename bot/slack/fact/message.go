package fact

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/channels/markdown"
)

// Slack's callbacks, events, messages and files, as far as their fields count, and the ids of the facts that are stored of
// them. A fact is one thing that happened, and its id is the same however often, and in whichever way, Slack tells it.

// Callback is the wrapper of an event.
// Source: docs.slack.dev/apis/events-api, read 2026-11.
type Callback struct {
	Type      string          `json:"type"`
	TeamID    string          `json:"team_id"`
	AppID     string          `json:"api_app_id"`
	Challenge string          `json:"challenge,omitempty"` // url_verification
	Event     json.RawMessage `json:"event"`

	// Authorizations name the installations of the app that may see the event: at most one.
	Authorizations json.RawMessage `json:"authorizations,omitempty"`
}

// event has the fields of all types of events that are read.
type event struct {
	Message
	Changed  *Message `json:"message"`          // of message_changed: the message as it is now
	Previous *Message `json:"previous_message"` // of message_changed and message_deleted: the message as it was
	Deleted  string   `json:"deleted_ts"`       // of message_deleted
	Reaction string   `json:"reaction"`
	Item     struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
	ItemUser   string `json:"item_user"`      // of a reaction: who wrote the message
	OldChannel string `json:"old_channel_id"` // of channel_id_changed
	NewChannel string `json:"new_channel_id"`
}

// Message is a message, in an event or in history.
// Source: docs.slack.dev/reference/events/message, read 2026-11.
type Message struct {
	Type       string          `json:"type"`
	Subtype    string          `json:"subtype,omitempty"`
	User       string          `json:"user,omitempty"`
	BotID      string          `json:"bot_id,omitempty"`
	AppID      string          `json:"app_id,omitempty"`
	Text       string          `json:"text"`
	TS         string          `json:"ts"`
	ThreadTS   string          `json:"thread_ts,omitempty"`
	ParentUser string          `json:"parent_user_id,omitempty"` // who posted the root
	EventTS    string          `json:"event_ts,omitempty"`
	Team       string          `json:"team,omitempty"`
	UserTeam   string          `json:"user_team,omitempty"`
	SourceTeam string          `json:"source_team,omitempty"`
	Edited     *edited         `json:"edited,omitempty"`
	Blocks     json.RawMessage `json:"blocks,omitempty"`
	Attached   json.RawMessage `json:"attachments,omitempty"` // tables that were pasted, and what Slack and apps show of links
	Files      []File          `json:"files,omitempty"`
	Latest     string          `json:"latest_reply,omitempty"`
	RepliedBy  []string        `json:"reply_users,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"` // any app's, in any shape
}

type edited struct {
	TS string `json:"ts"`
}

// File is an attached file.
// Source: docs.slack.dev/reference/objects/file-object, read 2026-11.
type File struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Title      string `json:"title"`
	Mimetype   string `json:"mimetype"`
	Size       int64  `json:"size"`
	Mode       string `json:"mode"`
	IsExternal bool   `json:"is_external"`
	Private    string `json:"url_private"`
	Download   string `json:"url_private_download"`
	Access     string `json:"file_access"`
}

// deletedMode is the mode of what is left of a file that was deleted.
const deletedMode = "tombstone"

// UnseenFile returns what the code of an error of files.info says of a file. known is false if it says nothing.
// Source: docs.slack.dev/reference/methods/files.info, read 2026-11.
func UnseenFile(id, code string) (f File, known bool) {
	switch code {
	case "file_deleted":
		return File{ID: id, Mode: deletedMode}, true
	case "access_denied", "file_not_found": // no sign that somebody deleted it: it may just not be visible yet
		return File{ID: id, Access: code}, true
	case "not_visible":
		return File{ID: id, Access: "access_denied"}, true
	case "canvas_disabled_file_team", "canvas_disabled_user_team", "canvas_globally_disabled", "slack_connect_canvas_sharing_blocked",
		"template_not_visible": // a canvas, too
		return File{ID: id, Mode: "canvas"}, true
	}
	return File{}, false
}

// AskForFile is the File.Access of a file that an event doesn't describe. files.info has to be asked about it.
const AskForFile = "check_file_info"

// slackbot is the user under whose name Slack itself writes.
const slackbot = "USLACKBOT"

// Tombstone is the subtype of the message that Slack puts in place of a deleted one that has replies.
const Tombstone = "tombstone"

// IsSpoken reports whether somebody wrote a message of this subtype, unlike "Ann joined" and new topics.
func IsSpoken(subtype string) bool {
	switch subtype {
	case "", "file_share", "thread_broadcast", "me_message", "bot_message", "reply_broadcast", "slackbot_response":
		return true
	}
	return false
}

// Wrote reports whether our app wrote m.
func (s *Self) Wrote(m *Message) bool {
	isOurs := func(id, ours string) bool { return id != "" && id == ours }
	return isOurs(m.BotID, s.Bot) || isOurs(m.AppID, s.App) || isOurs(m.User, s.User)
}

// ReadTyped reads what the author of m typed. Channels have the names that s knows.
func (s *Self) ReadTyped(m *Message) markdown.Text {
	return blockkit.ReadText(blockkit.Typed{Blocks: m.Blocks, Attachments: m.Attached, Text: m.Text, Names: s.Names})
}

// Root returns the id of the message that begins the thread of m. At top level that is m itself.
func (m *Message) Root() string { return cmp.Or(m.ThreadTS, m.TS) }

// placeIn returns the place of m in a channel. A message that begins a thread names itself as its thread in Slack. In our
// places it has no thread.
func (m *Message) placeIn(channel string) bridge.Place {
	p := bridge.Place{Channel: channel, Message: m.TS}
	if m.ThreadTS != m.TS {
		p.Thread = m.ThreadTS
	}
	return p
}

// editedTS returns when m was edited last, or "" if it wasn't edited.
func (m *Message) editedTS() string {
	if m.Edited == nil {
		return ""
	}
	return m.Edited.TS
}

// fileIDs returns the ids of the files of m as one text, sorted. Deleted files keep their id in Slack, so they are marked.
func (m *Message) fileIDs() string {
	ids := make([]string, 0, len(m.Files))
	for _, f := range m.Files {
		id := f.ID
		if f.Mode == deletedMode {
			id += ":" + deletedMode
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// hasSameContent reports whether two versions of a message differ at most in what Slack adds, such as previews of links.
func (m *Message) hasSameContent(other *Message) bool {
	return m.Text == other.Text && m.fileIDs() == other.fileIDs() && m.editedTS() == other.editedTS()
}

// MessageID is the id of the fact that a message was written.
func MessageID(channel, ts string) string { return "m:" + channel + ":" + ts }

// DeleteID is the id of the fact that a message was deleted.
func DeleteID(channel, ts string) string { return "d:" + channel + ":" + ts }

// EditID is the id of the fact that a message got the words and files that m has.
func EditID(channel string, m *Message) string {
	return "e:" + channel + ":" + m.TS + ":" + Digest(m.editedTS(), m.Text, m.fileIDs())
}

// OrderKey is the order key of a thread's facts.
func OrderKey(channel, root string) string { return channel + ":" + root }
