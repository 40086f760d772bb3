package teams

import (
	"cmp"
	"encoding/json"
)

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
