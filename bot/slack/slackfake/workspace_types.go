package slackfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
)

// This file has the objects of Slack's API. Field names and JSON are Slack's; see the sources for their meaning.

// Object is a decoded JSON object.
type Object = map[string]any

// User is a person or bot of the workspace.
// Source: docs.slack.dev/reference/objects/user-object, read 2026-11.
type User struct {
	ID          string   `json:"id"`              // U…; generated if empty
	TeamID      string   `json:"team"`            // home workspace; that of a Slack Connect guest is another one
	Teams       []string `json:"teams,omitempty"` // in an Enterprise organisation, all workspaces of the user, including TeamID
	Name        string   `json:"name"`            // handle without @
	RealName    string   `json:"real_name,omitempty"`
	DisplayName string   `json:"display_name,omitempty"`
	Email       string   `json:"email,omitempty"`
	TZ          string   `json:"tz,omitempty"` // IANA name
	TZOffset    int      `json:"tz_offset,omitempty"`
	Image       string   `json:"image,omitempty"`
	BotID       string   `json:"bot_id,omitempty"` // set for bot users
	Admin       bool     `json:"admin,omitempty"`
	Bot         bool     `json:"bot,omitempty"`
	Restricted  bool     `json:"restricted,omitempty"` // guest
	Stranger    bool     `json:"stranger,omitempty"`   // member of another organisation who shares a channel
	Deleted     bool     `json:"deleted,omitempty"`    // deactivated
	Updated     int64    `json:"updated,omitempty"`    // unix seconds
}

// Channel is a conversation in Slack's sense: public, private or direct.
type Channel struct {
	ID        string   `json:"id"` // C…, or D… for direct messages; generated if empty
	Name      string   `json:"name"`
	Topic     string   `json:"topic,omitempty"`
	Purpose   string   `json:"purpose,omitempty"`
	Creator   string   `json:"creator,omitempty"`
	Created   int64    `json:"created,omitempty"` // unix seconds
	Private   bool     `json:"private,omitempty"`
	IM        bool     `json:"im,omitempty"`
	Archived  bool     `json:"archived,omitempty"`
	ExtShared bool     `json:"ext_shared,omitempty"` // Slack Connect
	Members   []string `json:"members,omitempty"`    // user ids in order of joining
}

// Message is a message as the Web API returns it.
// Source: docs.slack.dev/reference/events/message, read 2026-11.
type Message struct {
	Type            string          `json:"type"`
	Subtype         string          `json:"subtype,omitempty"`
	Hidden          bool            `json:"hidden,omitempty"`
	User            string          `json:"user,omitempty"`
	BotID           string          `json:"bot_id,omitempty"`
	AppID           string          `json:"app_id,omitempty"`
	Username        string          `json:"username,omitempty"`
	Icons           *Icons          `json:"icons,omitempty"`
	BotProfile      *BotProfile     `json:"bot_profile,omitempty"`
	Team            string          `json:"team,omitempty"`
	UserTeam        string          `json:"user_team,omitempty"`
	SourceTeam      string          `json:"source_team,omitempty"`
	ClientMsgID     string          `json:"client_msg_id,omitempty"`
	Text            string          `json:"text"`
	TS              string          `json:"ts"`
	ThreadTS        string          `json:"thread_ts,omitempty"`
	ParentUserID    string          `json:"parent_user_id,omitempty"`
	Blocks          json.RawMessage `json:"blocks,omitempty"`
	Attachments     json.RawMessage `json:"attachments,omitempty"`
	Metadata        *Metadata       `json:"metadata,omitempty"`
	Files           []*File         `json:"files,omitempty"`
	Upload          *bool           `json:"upload,omitempty"`
	Reactions       []Reaction      `json:"reactions,omitempty"`
	PinnedTo        []string        `json:"pinned_to,omitempty"` // the channel, if it is pinned there
	Edited          *Edited         `json:"edited,omitempty"`
	ReplyCount      int             `json:"reply_count,omitempty"`
	ReplyUsersCount int             `json:"reply_users_count,omitempty"`
	LatestReply     string          `json:"latest_reply,omitempty"`
	ReplyUsers      []string        `json:"reply_users,omitempty"`
	IsLocked        *bool           `json:"is_locked,omitempty"`
	Subscribed      *bool           `json:"subscribed,omitempty"`
	Root            *Message        `json:"root,omitempty"` // only in a thread_broadcast

	Composed bool `json:"-"` // Slack created the blocks from the text of an app's message
}

// Icons is the custom author icon of a bot's message.
type Icons struct {
	Emoji   string `json:"emoji,omitempty"`
	Image48 string `json:"image_48,omitempty"`
}

// BotProfile describes the app behind a message.
type BotProfile struct {
	ID      string            `json:"id"`
	AppID   string            `json:"app_id"`
	Name    string            `json:"name"`
	Icons   map[string]string `json:"icons"`
	Deleted bool              `json:"deleted"`
	Updated int64             `json:"updated"`
	TeamID  string            `json:"team_id"`
}

// Metadata is the app's own data on a message.
type Metadata struct {
	EventType    string          `json:"event_type"`
	EventPayload json.RawMessage `json:"event_payload,omitempty"`
}

// Reaction is one emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// Edited says who changed a message last, and when.
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// File is an uploaded or external file.
// Source: docs.slack.dev/reference/objects/file-object, read 2026-11.
type File struct {
	ID                 string                         `json:"id"`
	Created            int64                          `json:"created"`
	Timestamp          int64                          `json:"timestamp"`
	Name               string                         `json:"name"`
	Title              string                         `json:"title"`
	Mimetype           string                         `json:"mimetype"`
	Filetype           string                         `json:"filetype"`
	PrettyType         string                         `json:"pretty_type"`
	User               string                         `json:"user"`
	UserTeam           string                         `json:"user_team,omitempty"`
	Size               int64                          `json:"size"`
	Mode               string                         `json:"mode"` // hosted, snippet, external, hidden_by_limit, tombstone, quip
	IsExternal         bool                           `json:"is_external"`
	ExternalType       string                         `json:"external_type"`
	ExternalURL        string                         `json:"external_url,omitempty"`
	IsPublic           bool                           `json:"is_public"`
	PublicURLShared    bool                           `json:"public_url_shared"`
	DisplayAsBot       bool                           `json:"display_as_bot"`
	Username           string                         `json:"username"`
	URLPrivate         string                         `json:"url_private,omitempty"`
	URLPrivateDownload string                         `json:"url_private_download,omitempty"`
	Permalink          string                         `json:"permalink,omitempty"`
	FileAccess         string                         `json:"file_access,omitempty"` // visible, check_file_info, …
	AltTxt             string                         `json:"alt_txt,omitempty"`
	Channels           []string                       `json:"channels,omitempty"`
	Groups             []string                       `json:"groups,omitempty"`
	IMs                []string                       `json:"ims,omitempty"`
	Shares             map[string]map[string][]*Share `json:"shares,omitempty"` // by "public" or "private", then by channel id

	Data []byte `json:"-"` // the content
}

// Share is one message in which a file was posted.
type Share struct {
	TS              string   `json:"ts"`
	ThreadTS        string   `json:"thread_ts,omitempty"`
	ReplyUsers      []string `json:"reply_users"`
	ReplyUsersCount int      `json:"reply_users_count"`
	ReplyCount      int      `json:"reply_count"`
	LatestReply     string   `json:"latest_reply,omitempty"`
	ChannelName     string   `json:"channel_name"`
	TeamID          string   `json:"team_id"`
	ShareUserID     string   `json:"share_user_id"`
}

// View is a modal or a home tab.
// Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload, read 2026-11.
type View struct {
	ID              string          `json:"id"`
	TeamID          string          `json:"team_id"`
	Type            string          `json:"type"` // modal or home
	Title           json.RawMessage `json:"title"`
	Submit          json.RawMessage `json:"submit"`
	Close           json.RawMessage `json:"close"`
	Blocks          json.RawMessage `json:"blocks"`
	PrivateMetadata string          `json:"private_metadata"`
	CallbackID      string          `json:"callback_id"`
	ExternalID      string          `json:"external_id"`
	State           State           `json:"state"`
	Hash            string          `json:"hash"`
	ClearOnClose    bool            `json:"clear_on_close"`
	NotifyOnClose   bool            `json:"notify_on_close"`
	SubmitDisabled  bool            `json:"submit_disabled"`
	RootViewID      string          `json:"root_view_id"`
	PreviousViewID  *string         `json:"previous_view_id"`
	AppID           string          `json:"app_id"`
	AppInstalledTID string          `json:"app_installed_team_id"`
	BotID           string          `json:"bot_id"`

	User string `json:"-"` // id of the user who sees the view
}

// Ephemeral is a message that only one person sees.
type Ephemeral struct {
	Channel  string          `json:"channel"`
	User     string          `json:"user"`
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	Text     string          `json:"text"`
	Username string          `json:"username,omitempty"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Deleted  bool            `json:"deleted,omitempty"`
}

// Clone returns a copy that later changes to the message don't affect. Other pointers and JSON are shared
// with the original, since the workspace only replaces them and never modifies what they refer to.
func (m *Message) Clone() *Message {
	clone := *m
	clone.Reactions = slices.Clone(m.Reactions)
	for i, reaction := range clone.Reactions {
		clone.Reactions[i].Users = slices.Clone(reaction.Users)
	}
	clone.ReplyUsers = slices.Clone(m.ReplyUsers)
	clone.Files = nil
	for _, f := range m.Files {
		clone.Files = append(clone.Files, f.Clone())
	}
	return &clone
}

// Micros returns the time at which the message was posted, in microseconds since 1970. TS is always valid,
// since the workspace generates it.
func (m *Message) Micros() int64 {
	us, _ := ParseTS(m.TS)
	return us
}

// IsReply reports whether the message is a reply in a thread.
func (m *Message) IsReply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// Author returns the author as a thread's reply_users lists it: the user id, or the bot id of a message with
// a custom author.
func (m *Message) Author() string {
	if m.User != "" {
		return m.User
	}
	return m.BotID
}

// System reports whether Slack itself posted the message, such as "… has joined the channel".
func (m *Message) System() bool { return strings.HasPrefix(m.Subtype, "channel_") }

// Clone returns a copy as messages contain it: without the lists of places where the file was posted.
func (f *File) Clone() *File {
	clone := *f
	clone.Shares, clone.Channels = nil, nil
	clone.Groups, clone.IMs = nil, nil
	return &clone
}

// accessCheckFileInfo marks a file in a channel shared with other organisations. The app gets only its id,
// and has to call files.info for the rest.
const accessCheckFileInfo = "check_file_info"

// MarshalJSON implements json.Marshaler. A file with accessCheckFileInfo is reduced to its id.
// Source: docs.slack.dev/reference/objects/file-object, "Slack Connect files", read 2026-11.
func (f File) MarshalJSON() ([]byte, error) {
	type plainFile File // without this method
	if f.FileAccess != accessCheckFileInfo {
		return json.Marshal(plainFile(f))
	}
	return json.Marshal(map[string]any{
		"id":          f.ID,
		"created":     0,
		"timestamp":   0,
		"user":        "",
		"mode":        "file_access",
		"file_access": f.FileAccess,
	})
}

// SetData sets the content of a file, and the size and types that Slack derives from it.
func (f *File) SetData(data []byte) {
	f.Data, f.Size = data, int64(len(data))
	f.Filetype = strings.ToLower(strings.TrimPrefix(path.Ext(f.Name), "."))
	if f.Mimetype == "" && len(data) > 0 {
		f.Mimetype = detectMimetype(data)
	}
	f.Filetype = cmp.Or(f.Filetype, "binary")
	f.PrettyType = strings.ToUpper(f.Filetype)
}

func detectMimetype(data []byte) string {
	kind, _, _ := strings.Cut(http.DetectContentType(data), ";")
	return kind
}

// Clone returns a copy as payloads contain it: with a state that includes the initial values of inputs.
func (v *View) Clone() *View {
	clone := *v
	clone.State = FullState(v.State, v.Blocks)
	return &clone
}

// Scope returns the scope that a conversations.* method needs for this kind of channel, such as "groups:history".
func (c *Channel) Scope(verb string) string { return c.plural() + ":" + verb }

// MessageEventName returns the name of the event for messages in the channel, such as "message.groups".
func (c *Channel) MessageEventName() string { return "message." + c.plural() }

// plural returns the kind of the channel as it appears in scopes and in the names of events.
func (c *Channel) plural() string {
	if c.IM {
		return "im"
	}
	return c.Kind() + "s"
}

// Kind returns the kind of the channel as it appears in events.
func (c *Channel) Kind() string {
	switch {
	case c.IM:
		return "im"
	case c.Private:
		return "group"
	default:
		return "channel"
	}
}
