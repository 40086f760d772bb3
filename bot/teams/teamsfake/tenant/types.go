package tenant

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Object is JSON that is built or looked into by key.
type Object = map[string]any

// User is a person, or another app's bot.
type User struct {
	ID       string `json:"id"` // Entra object id, a GUID; made up when empty
	Name     string `json:"name"`
	Email    string `json:"email,omitempty"`
	TenantID string `json:"tenant_id,omitempty"` // home; default the organisation, another one marks an outsider
	Guest    bool   `json:"guest,omitempty"`
	NoAAD    bool   `json:"no_aad,omitempty"` // activities carry no aadObjectId
	Bot      bool   `json:"bot,omitempty"`    // another app's
	// TeamsID is the 29: id by which this bot knows the person (28: for a bot); made up.
	TeamsID string `json:"teams_id,omitempty"`
}

// Team is a team with a General channel of the same id.
type Team struct {
	ID      string   `json:"id"`       // 19:…@thread.tacv2; made up when empty
	GroupID string   `json:"group_id"` // Entra group, a GUID: Graph's id of the team; made up when empty
	Name    string   `json:"name"`
	Members []string `json:"members,omitempty"` // Entra object ids; nil means everybody
	// Installed tells that the app is in the team; Connect and Install set it.
	Installed bool `json:"installed"`
	Archived  bool `json:"archived,omitempty"`
}

// Channel kinds.
const (
	KindStandard = "standard"
	KindPrivate  = "private"
	KindShared   = "shared"
)

// Channel is a channel of a team.
type Channel struct {
	ID      string   `json:"id"` // 19:…@thread.tacv2; made up when empty
	Team    string   `json:"team"`
	Name    string   `json:"name"`              // of the General channel "General", which the API does not tell
	Kind    string   `json:"kind"`              // default standard
	Members []string `json:"members,omitempty"` // of a private or shared channel
	// Added tells that the app was added to this private or shared channel.
	Added   bool `json:"added,omitempty"`
	Deleted bool `json:"deleted,omitempty"`
}

// Mention is a chip in a message.
type Mention struct {
	ID   string `json:"id"` // Entra object id of a person; the app id for the bot
	Name string `json:"name"`
	Bot  bool   `json:"bot,omitempty"`
}

// Reaction is one person's (or the bot's) reaction.
type Reaction struct {
	Type string    `json:"type"` // like, heart, 1f440_eyes …
	User string    `json:"user,omitempty"`
	Bot  bool      `json:"bot,omitempty"`
	At   time.Time `json:"at"`
}

// File is a file or pasted picture. Data never leaves in JSON.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"` // media type
	Size  int64  `json:"size"`
	Image bool   `json:"image,omitempty"` // pasted: hosted content, not a file
	URL   string `json:"url"`             // contentUrl: the address in SharePoint, or of the hosted content
	// Elsewhere tells that nothing was stored: a message only says the address.
	Elsewhere bool `json:"elsewhere,omitempty"`
	// Uploaded is the channel into which the bot put it; empty for people's files.
	Uploaded string `json:"uploaded,omitempty"`
	Data     []byte `json:"-"`
}

// Message is what people see, whoever wrote it.
type Message struct {
	ID      string `json:"id"`             // milliseconds since 1970, rising
	Channel string `json:"channel"`        // the channel's, or a personal chat's id (a:…)
	Root    string `json:"root,omitempty"` // of the thread; its own id for a root; empty in a personal chat
	User    string `json:"user,omitempty"` // Entra object id of the author; empty for the bot
	Bot     bool   `json:"bot,omitempty"`  // by our bot
	Guise   string `json:"guise,omitempty"`
	Text    string `json:"text"` // without markup; chips as @Name
	HTML    string `json:"html"` // as shown
	Summary string `json:"summary,omitempty"`
	Subject string `json:"subject,omitempty"`

	Mentions []Mention `json:"mentions,omitempty"`
	// Cards are Adaptive Cards, oldest first; View holds what one person sees instead.
	Cards     []json.RawMessage          `json:"cards,omitempty"`
	View      map[string]json.RawMessage `json:"view,omitempty"`
	Suggested json.RawMessage            `json:"suggested,omitempty"`
	Pictures  []string                   `json:"pictures,omitempty"` // of the bot: addresses or data URIs
	Files     []*File                    `json:"files,omitempty"`
	Reactions []Reaction                 `json:"reactions,omitempty"`
	// Raw is the activity as the bot sent it last.
	Raw json.RawMessage `json:"raw,omitempty"`
	// Targeted is the Entra object id of the only person who sees it (or wrote it to the bot).
	Targeted string `json:"targeted,omitempty"`
	// Prompt is the user's private message that a targeted one quotes.
	Prompt string `json:"prompt,omitempty"`
	// Broken says why clients do not show (part of) it.
	Broken string `json:"broken,omitempty"`
	Alert  bool   `json:"alert,omitempty"` // notifies in the activity feed

	At        time.Time `json:"at"`
	EditedAt  time.Time `json:"edited_at,omitzero"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`

	// Policy is what the organisation's data loss prevention has found in it, as Graph tells it.
	Policy map[string]string `json:"policy,omitempty"`

	Attachments []WireAttachment `json:"-"` // other than text/html
	GUID        string           `json:"-"` // of the first card's attachment in Graph
	Bare        bool             `json:"-"` // the bot gets no text/html
	RestoredAt  time.Time        `json:"-"` // when it came back
	System      bool             `json:"-"` // tells of an event; only Graph lists it

	erased *Message // what a deleted one was
}

// Deleted reports whether only a tombstone is left.
func (m *Message) Deleted() bool { return !m.DeletedAt.IsZero() }

// Clone copies what may change.
func (m *Message) Clone() *Message {
	c := *m
	c.Mentions = slices.Clone(m.Mentions)
	c.Cards = slices.Clone(m.Cards)
	c.Files = slices.Clone(m.Files)
	c.Reactions = slices.Clone(m.Reactions)
	if m.View != nil {
		c.View = map[string]json.RawMessage{}
		maps.Copy(c.View, m.View)
	}
	return &c
}

// WireAttachment is an attachment of an activity.
// Source: Bot Connector API reference, "Attachment object", read 2026-11.
type WireAttachment struct {
	ContentType string          `json:"contentType"`
	ContentURL  string          `json:"contentUrl,omitempty"`
	Content     json.RawMessage `json:"content,omitempty"`
	Name        string          `json:"name,omitempty"`
}

// Problem is something that the bot did which people's clients do not show as it was meant.
type Problem struct {
	Where string `json:"where"` // activities.send, an invoke's name …
	ID    string `json:"id,omitempty"`
	Text  string `json:"text"`
}

// Media types of attachments and answers.
const (
	KindCard  = "application/vnd.microsoft.card.adaptive"
	KindError = "application/vnd.microsoft.error"
	KindHTML  = "text/html"
	KindJSON  = "application/json; charset=utf-8"
)

// MustJSON encodes what can always be encoded.
func MustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own types come here
	}
	return b
}
