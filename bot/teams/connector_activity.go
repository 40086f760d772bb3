package teams

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// These are the JSON types of the Bot Connector, Teams' API for bots. Ids in them look as follows:
//
//	team, channel  19:…@thread.tacv2
//	thread         19:…@thread.tacv2;messageid=1700000000000
//	person         29:…
//	bot            28:… with its app id
//	message        1700000000000, the milliseconds since 1970
//
// A person also has an Entra object id, which is the same in all Microsoft products.

// Types of Activity.
const (
	TypeMessage            = "message"
	TypeMessageUpdate      = "messageUpdate"
	TypeMessageDelete      = "messageDelete"
	TypeMessageReaction    = "messageReaction"
	TypeConversationUpdate = "conversationUpdate"
	TypeInstallationUpdate = "installationUpdate"
	TypeInvoke             = "invoke"
)

// ChannelTeams is the only Activity.ChannelID that Teams uses.
const ChannelTeams = "msteams"

// Activity is one thing that happens in a conversation, such as a message, an edit, or a click. Teams sends activities
// to us, and we send messages to Teams as activities. Fields that don't apply are empty.
// Source: github.com/microsoft/botframework-sdk, specs/botframework-activity/botframework-activity.md.
type Activity struct {
	Type       string `json:"type"`
	ID         string `json:"id,omitempty"`        // digits: milliseconds since 1970, rising within a channel
	Timestamp  string `json:"timestamp,omitempty"` // ISO 8601; see At
	ServiceURL string `json:"serviceUrl,omitempty"`
	ChannelID  string `json:"channelId,omitempty"` // ChannelTeams
	Name       string `json:"name,omitempty"`      // of an invoke or event
	// Action is set in an installationUpdate: add, remove, upgrade, add-upgrade, remove-upgrade.
	Action       string               `json:"action,omitempty"`
	From         *ChannelAccount      `json:"from,omitempty"`
	Recipient    *ChannelAccount      `json:"recipient,omitempty"`
	Conversation *ConversationAccount `json:"conversation,omitempty"`
	ReplyToID    string               `json:"replyToId,omitempty"` // for a click, the card's message; in channels not the thread
	Content
	ChannelData *ChannelData `json:"channelData,omitempty"`

	// Value is the data of a card's button or an invoke: a JSON object, string or array.
	Value json.RawMessage `json:"value,omitempty"`

	Changes
}

// Content is what people see of a message.
type Content struct {
	TextFormat       string       `json:"textFormat,omitempty"` // plain, markdown, xml
	Text             string       `json:"text,omitempty"`
	Summary          string       `json:"summary,omitempty"` // what a notification shows of a card
	AttachmentLayout string       `json:"attachmentLayout,omitempty"`
	Attachments      []Attachment `json:"attachments,omitempty"`
	Entities         []Entity     `json:"entities,omitempty"`
}

// Changes has the fields of a conversationUpdate (who joined or left) and of a messageReaction (which reactions were
// added to or removed from a message).
type Changes struct {
	MembersAdded     []ChannelAccount `json:"membersAdded,omitempty"`
	MembersRemoved   []ChannelAccount `json:"membersRemoved,omitempty"`
	ReactionsAdded   []Reaction       `json:"reactionsAdded,omitempty"`
	ReactionsRemoved []Reaction       `json:"reactionsRemoved,omitempty"`
}

// At returns when the activity happened; the zero time if its Timestamp is missing or can't be parsed. A time without
// a zone is UTC.
func (a Activity) At() time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, a.Timestamp); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// ChannelAccount is a person ("29:…"), a bot ("28:" and its app id), or a team.
type ChannelAccount struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	AADObjectID string `json:"aadObjectId,omitempty"` // Entra object id; "" for bots, connectors and some strangers
	IsTargeted  bool   `json:"isTargeted,omitempty"`  // recipient: only this one sees the message
	Role        string `json:"role,omitempty"`        // user, bot
	TenantID    string `json:"tenantId,omitempty"`
	UserRole    string `json:"userRole,omitempty"` // user, guest, anonymous
}

// ConversationAccount is the conversation in which an activity happened.
type ConversationAccount struct {
	ID               string `json:"id"`                         // see SplitThread
	ConversationType string `json:"conversationType,omitempty"` // channel, personal, groupChat
	TenantID         string `json:"tenantId,omitempty"`
}

// Types of a conversation.
const (
	ConversationChannel  = "channel"
	ConversationPersonal = "personal"
)

const threadMark = ";messageid="

// ThreadID returns the id of a thread's conversation, "19:…;messageid=17…". root is the id of the thread's first
// message. If root is "", it returns channel, which is the id of the channel's top level.
func ThreadID(channel, root string) string {
	if root == "" {
		return channel
	}
	return channel + threadMark + root
}

// SplitThread splits the id of a conversation into the id of the channel or chat and the id of the thread's first
// message. root is "" if the conversation isn't a thread.
func SplitThread(id string) (channel, root string) {
	channel, rest, _ := strings.Cut(id, ";")
	for p := range strings.SplitSeq(rest, ";") {
		if v, ok := strings.CutPrefix(p, threadMark[1:]); ok {
			root = v
		}
	}
	return channel, root
}

// Reaction is an emoji that somebody puts on a message.
type Reaction struct {
	Type string `json:"type"` // like, heart, laugh, surprised, sad, angry, or the name of another emoji
}

// ChannelData has the fields of an activity that only Teams uses. If the JSON isn't an object, all fields are empty.
type ChannelData struct {
	Tenant    *Ref        `json:"tenant,omitempty"`
	Team      *TeamRef    `json:"team,omitempty"`
	Channel   *ChannelRef `json:"channel,omitempty"`
	EventType string      `json:"eventType,omitempty"` // editMessage, undeleteMessage, softDeleteMessage, channelCreated, …
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *ChannelData) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		*d = ChannelData{}
		return nil
	}
	type plain ChannelData
	return json.Unmarshal(b, (*plain)(d))
}

// Ref refers to something by its id.
type Ref struct {
	ID string `json:"id"`
}

// TeamRef is a team as activities name it.
type TeamRef struct {
	ID         string `json:"id"` // "19:…@thread.tacv2", also the id of its General channel
	Name       string `json:"name,omitempty"`
	AADGroupID string `json:"aadGroupId,omitempty"` // its id in Graph
}

// ChannelRef is a channel as activities name it.
type ChannelRef struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Types of Entity.
const (
	EntityMention = "mention"
	EntityQuote   = "quotedReply" // a quoted message, for which the text has an element
)

// Entity is something in the text of a message, such as a mention.
type Entity struct {
	Type      string          `json:"type"`
	Mentioned *ChannelAccount `json:"mentioned,omitempty"` // EntityMention
	Text      string          `json:"text,omitempty"`      // EntityMention: the identical "<at>…</at>" of the text
}

// Content types of Attachment.
const (
	ContentHTML = "text/html"
	// ContentFile is a file. Its content is secret: it has an address that works without a token.
	ContentFile = "application/vnd.microsoft.teams.file.download.info"
)

// Attachment is a card, a picture, a file, or the HTML of a message.
type Attachment struct {
	ContentType string          `json:"contentType"`
	ContentURL  string          `json:"contentUrl,omitempty"`
	Content     json.RawMessage `json:"content,omitempty"` // a JSON string for ContentHTML, an object for a card
	Name        string          `json:"name,omitempty"`
}

// In the Bot Connector, Teams' API for bots, a conversation is a channel's thread, a whole channel, or a chat. The types
// in this file are the requests and responses about conversations, their members and teams.

// Conversation identifies the conversation that a request is about.
type Conversation struct {
	Service string // the tenant's service URL, with or without the final slash
	ID      string // of a thread ("19:…;messageid=17…"), a channel ("19:…") or a chat ("a:…")
}

// ConversationParameters describe a new conversation: a thread of a channel, or a chat with one person.
type ConversationParameters struct {
	IsGroup     bool             `json:"isGroup"`
	Bot         *ChannelAccount  `json:"bot,omitempty"`
	Members     []ChannelAccount `json:"members,omitempty"` // for a chat: exactly one
	TenantID    string           `json:"tenantId,omitempty"`
	ChannelData *ChannelData     `json:"channelData,omitempty"` // for a thread: its channel
	Activity    *Activity        `json:"activity,omitempty"`    // for a thread: its first message
}

// Started has the ids of a new conversation.
type Started struct {
	ID         string `json:"id"`         // of the conversation: "19:…;messageid=17…" or "a:…"
	ActivityID string `json:"activityId"` // of the first message; "" if it has none
}

// ResourceResponse has the id of a new message. The id is "" if Teams has split an activity with text and attachment
// into two messages. These can't be changed later.
type ResourceResponse struct {
	ID string `json:"id"`
}

// Member is a person in a conversation.
type Member struct {
	ChannelAccount
	Email             string `json:"email,omitempty"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. Some responses of Teams have the Entra object id as objectId, others as
// aadObjectId.
func (m *Member) UnmarshalJSON(b []byte) error {
	type plain Member
	var decoded struct {
		plain
		ObjectID string `json:"objectId"`
	}
	if err := json.Unmarshal(b, &decoded); err != nil {
		return err
	}
	*m = Member(decoded.plain)
	m.AADObjectID = cmp.Or(m.AADObjectID, decoded.ObjectID)
	return nil
}

// MemberPage is one page of a conversation's members.
type MemberPage struct {
	Members           []Member `json:"members"`
	ContinuationToken string   `json:"continuationToken"` // "" on the last page
}

// TeamDetails describe a team.
type TeamDetails struct {
	Name         string `json:"name"`
	AADGroupID   string `json:"aadGroupId"` // its id in Graph
	ChannelCount int    `json:"channelCount"`
}

// ChannelInfo is a channel of a team. The General channel has no name, and its id is that of the team.
type ChannelInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // standard, private, shared
}
