package teamsfake

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// This file has the nouns of the emulated organisation (a tenant, as Microsoft calls it): people, teams, channels and
// messages. The emulator stands in for Microsoft Teams in tests and in the demo. Tests, and the demo's page, make these
// values and read them as JSON. "The bot" is Parley's own, as opposed to the bots of other apps.

// Object is a JSON object.
type Object = map[string]any

// User is a person, or the bot of another app.
type User struct {
	ID    string `json:"id"` // the object id in Entra, Microsoft's directory of people: a GUID; made up if empty
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	// TenantID is the organisation that the person belongs to. Empty means this one; with another one the person is
	// an outsider.
	TenantID string `json:"tenant_id,omitempty"`
	Guest    bool   `json:"guest,omitempty"`
	// HidesEntraID leaves the Entra object id (aadObjectId) out of what the bot is told about the person.
	HidesEntraID bool `json:"no_aad,omitempty"`
	Bot          bool `json:"bot,omitempty"` // another app's bot
	// TeamsID is the id by which Teams names the person to the bot: "29:…", or "28:…" for another bot. It is made up.
	TeamsID string `json:"teams_id,omitempty"`
}

// Team is a team with a General channel of the same id.
type Team struct {
	ID      string   `json:"id"`       // 19:…@thread.tacv2; made up if empty
	GroupID string   `json:"group_id"` // Graph's id of the team: a GUID; made up if empty
	Name    string   `json:"name"`
	Members []string `json:"members,omitempty"` // Entra object ids; nil means everybody
	// Installed says that the app is installed in the team. Connect and Install set it.
	Installed bool `json:"installed"`
	Archived  bool `json:"archived,omitempty"`
}

// Kinds of channels.
const (
	KindStandard = "standard"
	KindPrivate  = "private"
	KindShared   = "shared"
)

// Channel is a channel of a team.
type Channel struct {
	ID      string   `json:"id"` // 19:…@thread.tacv2; made up if empty
	Team    string   `json:"team"`
	Name    string   `json:"name"`              // "General" for the General channel, which has no name in the API
	Kind    string   `json:"kind"`              // empty means KindStandard
	Members []string `json:"members,omitempty"` // of a private or shared channel
	// Added says that the app was added to this private or shared channel. A standard one doesn't need that.
	Added   bool `json:"added,omitempty"`
	Deleted bool `json:"deleted,omitempty"`
}

// Mention is a person or bot that a message mentions.
type Mention struct {
	ID   string `json:"id"` // Entra object id of a person; the app id for the bot
	Name string `json:"name"`
	Bot  bool   `json:"bot,omitempty"`
}

// Reaction is one emoji that a person, or the bot, has put on a message.
type Reaction struct {
	Type string    `json:"type"` // like, heart, 1f440_eyes …
	User string    `json:"user,omitempty"`
	Bot  bool      `json:"bot,omitempty"`
	At   time.Time `json:"at"`
}

// File is a file or a pasted picture of a message. It doesn't change once it was posted. Data is not part of the JSON.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"` // media type
	Size  int64  `json:"size"`
	Image bool   `json:"image,omitempty"` // a pasted picture, which Teams keeps as hosted content and not as a file
	URL   string `json:"url"`             // contentUrl: the address in SharePoint, or of the hosted content
	// Elsewhere says that the message only has the file's address: the emulator doesn't store the file.
	Elsewhere bool `json:"elsewhere,omitempty"`
	// Uploaded is the channel into which the bot put it; empty for people's files.
	Uploaded string `json:"uploaded,omitempty"`
	Data     []byte `json:"-"`
}

// Message is a message in a channel or a personal chat, written by a person, the bot or another app.
type Message struct {
	ID      string `json:"id"`             // milliseconds since 1970; later messages have higher ids
	Channel string `json:"channel"`        // id of the channel, or of the personal chat ("a:…")
	Root    string `json:"root,omitempty"` // first message of the thread, or itself; empty in a personal chat
	User    string `json:"user,omitempty"` // Entra object id of the author; empty for the bot
	Bot     bool   `json:"bot,omitempty"`  // written by the bot
	// PostedAs says how the author appears: "" as the person in User, "connector" as an incoming webhook, "nobody" as
	// a message without an author.
	PostedAs string `json:"guise,omitempty"`
	Text     string `json:"text"` // without markup; a mention is "@Name"
	HTML     string `json:"html"` // as clients show it
	Summary  string `json:"summary,omitempty"`
	Subject  string `json:"subject,omitempty"`

	Mentions  []Mention                  `json:"mentions,omitempty"`
	Cards     []json.RawMessage          `json:"cards,omitempty"`    // Adaptive Cards, oldest first
	View      map[string]json.RawMessage `json:"view,omitempty"`     // by user: the card shown instead of Cards
	Pictures  []string                   `json:"pictures,omitempty"` // pictures from the bot: addresses or data URIs
	Files     []*File                    `json:"files,omitempty"`
	Reactions []Reaction                 `json:"reactions,omitempty"`
	Raw       json.RawMessage            `json:"raw,omitempty"` // the bot's last activity for the message

	// Targeted is the Entra object id of the only person who sees the message besides the bot. Either may have
	// written it. Empty means that everybody in the channel sees it.
	Targeted string `json:"targeted,omitempty"`
	Prompt   string `json:"prompt,omitempty"` // what the person wrote privately, if a targeted message quotes that
	NotShown string `json:"broken,omitempty"` // why clients don't show the message, or a part of it; empty if they do
	Alert    bool   `json:"alert,omitempty"`  // it appears in people's activity feed

	At        time.Time `json:"at"`
	EditedAt  time.Time `json:"edited_at,omitzero"`
	DeletedAt time.Time `json:"deleted_at,omitzero"`

	// Policy is what data loss prevention has found in the message, as Graph reports it. It is replaced as a whole,
	// never changed.
	Policy map[string]string `json:"policy,omitempty"`

	Attachments []WireAttachment `json:"-"` // without the one of type text/html
	GUID        string           `json:"-"` // id of the first card's attachment in Graph
	WithoutHTML bool             `json:"-"` // the bot is sent the plain text only, as some clients do
	RestoredAt  time.Time        `json:"-"` // when its deletion was undone last
	System      bool             `json:"-"` // an event, such as a new member; only Graph shows it

	erased *Message // the message as it was before TakeBackLocked, for BringBackLocked
}

// Deleted reports whether the message was deleted, so that only a tombstone is left.
func (m *Message) Deleted() bool { return !m.DeletedAt.IsZero() }

// Clone returns a copy that doesn't change when the message does. Both share what is replaced only as a whole: the
// files, Policy and the bytes of cards.
func (m *Message) Clone() *Message {
	c := *m
	c.Mentions = slices.Clone(m.Mentions)
	c.Cards = slices.Clone(m.Cards)
	c.View = maps.Clone(m.View)
	c.Files = slices.Clone(m.Files)
	c.Reactions = slices.Clone(m.Reactions)
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

// Problem is a fault in something that the bot sent. Teams accepts it, but clients don't show it as intended. An example is a
// card with an unknown property.
type Problem struct {
	Where string `json:"where"` // what the bot did: "activities.send", or the name of an invoke
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

// MustJSON encodes a value of the emulator's own types, all of which can be encoded. It panics for others.
func MustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
