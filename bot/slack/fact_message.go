package slack

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bridge"
	"parley/channels/markdown"
)

// This file has those parts of Slack's callbacks, events, messages and files that Parley reads, and the ids of the facts
// that Parley stores. A fact is one thing that happened in Slack. The same fact can arrive several times, and in several
// ways: an event may be redelivered, and the message may also be read from a channel's history. The id of a fact depends
// only on what happened, so that Parley can deduplicate. For example, "m:C024BE91L:1693983118.000200" is the fact that a
// message was written in the channel C024BE91L.

// Callback is the request body in which Slack delivers an event.
// Source: docs.slack.dev/apis/events-api, read 2026-11.
type Callback struct {
	Type      string          `json:"type"`
	TeamID    string          `json:"team_id"`
	AppID     string          `json:"api_app_id"`
	Challenge string          `json:"challenge,omitempty"` // of the type url_verification
	Event     json.RawMessage `json:"event"`

	// Authorizations lists the installation of the app that may see the event. Slack lists at most one.
	Authorizations json.RawMessage `json:"authorizations,omitempty"`
}

// event has the fields of every type of event that Parley reads. The fields of Message, too, depend on the type.
type event struct {
	Message
	Changed  *Message `json:"message"`          // of message_changed: the message after the change
	Previous *Message `json:"previous_message"` // of message_changed and message_deleted: the message before
	Deleted  string   `json:"deleted_ts"`       // of message_deleted: the id of the message
	Reaction string   `json:"reaction"`
	Item     struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
	ItemUser   string `json:"item_user"`      // of a reaction: the author of the message
	OldChannel string `json:"old_channel_id"` // of channel_id_changed
	NewChannel string `json:"new_channel_id"`
	Tab        string `json:"tab"` // of app_home_opened: home, messages or about
	View       struct {
		Private string `json:"private_metadata"`
	} `json:"view"` // of app_home_opened: what the home tab shows; empty if nothing was published yet
}

// Message is a message, in an event or in a channel's history. In a channel, TS identifies it.
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
	ParentUser string          `json:"parent_user_id,omitempty"` // the author of the root, which is the first message of the thread
	EventTS    string          `json:"event_ts,omitempty"`
	Team       string          `json:"team,omitempty"`
	UserTeam   string          `json:"user_team,omitempty"`
	SourceTeam string          `json:"source_team,omitempty"`
	Edited     *edited         `json:"edited,omitempty"`
	Blocks     json.RawMessage `json:"blocks,omitempty"`
	Attached   json.RawMessage `json:"attachments,omitempty"` // pasted tables, and previews of links
	Files      []File          `json:"files,omitempty"`
	Latest     string          `json:"latest_reply,omitempty"` // of a root: the TS of the last reply
	RepliedBy  []string        `json:"reply_users,omitempty"`  // of a root: the authors of replies
	Metadata   json.RawMessage `json:"metadata,omitempty"`     // in any shape: each app defines its own
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

// deletedMode is the File.Mode of a deleted file. Slack keeps the id of such a file in its message.
const deletedMode = "tombstone"

// UnreadableFile describes a file for which files.info has failed with an error code. ok is false if the code doesn't say
// anything about the file, as for a rate limit.
// Source: docs.slack.dev/reference/methods/files.info, read 2026-11.
func UnreadableFile(id, code string) (f File, ok bool) {
	switch code {
	case "file_deleted":
		return File{ID: id, Mode: deletedMode}, true
	case "access_denied", "file_not_found": // these don't mean that the file was deleted: it may not be visible yet
		return File{ID: id, Access: code}, true
	case "not_visible":
		return File{ID: id, Access: "access_denied"}, true
	case "canvas_disabled_file_team", "canvas_disabled_user_team", "canvas_globally_disabled",
		"slack_connect_canvas_sharing_blocked", "template_not_visible": // all of these concern canvases
		return File{ID: id, Mode: "canvas"}, true
	}
	return File{}, false
}

// AskForFile is the File.Access of a file that an event doesn't describe. Its details must be requested by files.info.
const AskForFile = "check_file_info"

// slackbot is the user id under which Slack itself posts messages.
const slackbot = "USLACKBOT"

// Tombstone is the subtype of the message by which Slack replaces a deleted message that has replies.
const Tombstone = "tombstone"

// IsWritten reports whether messages of a subtype are written by a person or an app. Slack itself posts the others, such as
// "Ann joined".
func IsWritten(subtype string) bool {
	return slices.Contains([]string{
		"", "file_share", "thread_broadcast", "me_message", "bot_message", "reply_broadcast", "slackbot_response",
	}, subtype)
}

// IsOwnMessage reports whether our own app posted m. Depending on how a message was posted, Slack sets its bot, app or
// user id.
func (s *Self) IsOwnMessage(m *Message) bool {
	isOurs := func(id, ours string) bool { return id != "" && id == ours }
	return isOurs(m.BotID, s.Bot) || isOurs(m.AppID, s.App) || isOurs(m.User, s.User)
}

// ReadTyped returns the text that the author of m typed. Ids of people and channels in it are replaced by their names,
// as far as s knows them.
func (s *Self) ReadTyped(m *Message) markdown.Text {
	return blockkit.ReadText(blockkit.Typed{Blocks: m.Blocks, Attachments: m.Attached, Text: m.Text, Names: s.Names})
}

// Root returns the id of the first message of m's thread. For a message at top level, that is m itself.
func (m *Message) Root() string { return cmp.Or(m.ThreadTS, m.TS) }

// placeIn returns the place of m, which is its channel, thread and message id. The first message of a thread has no thread
// in a Place. In Slack, its ThreadTS is its own id.
func (m *Message) placeIn(channel string) bridge.Place {
	place := bridge.Place{Channel: channel, Message: m.TS}
	isFirst := m.ThreadTS == m.TS
	if !isFirst {
		place.Thread = m.ThreadTS
	}
	return place
}

// editedTS returns the time of the last edit of m, or "" if it wasn't edited.
func (m *Message) editedTS() string {
	if m.Edited == nil {
		return ""
	}
	return m.Edited.TS
}

// fileIDs returns the sorted ids of the files of m, separated by commas. A deleted file keeps its id in Slack, so it gets a
// suffix: "F012AB3CD:tombstone".
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

// hasSameContent reports whether two versions of a message have the same text and files, from the same edit. They may
// differ in what Slack adds, such as link previews.
func (m *Message) hasSameContent(other *Message) bool {
	return m.Text == other.Text && m.fileIDs() == other.fileIDs() && m.editedTS() == other.editedTS()
}

// MessageID returns the id of the fact that a message was written.
func MessageID(channel, ts string) string { return "m:" + channel + ":" + ts }

// DeleteID returns the id of the fact that a message was deleted.
func DeleteID(channel, ts string) string { return "d:" + channel + ":" + ts }

// EditID returns the id of the fact that a message was edited to the text and files of m.
func EditID(channel string, m *Message) string {
	return "e:" + channel + ":" + m.TS + ":" + forms.Digest(m.editedTS(), m.Text, m.fileIDs())
}

// OrderKey returns the order key of all facts of a thread. Facts with the same order key are applied in order.
func OrderKey(channel, root string) string { return channel + ":" + root }
