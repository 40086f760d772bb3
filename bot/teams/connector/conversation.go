package connector

import (
	"cmp"
	"encoding/json"
)

// Conversation says where a call goes.
type Conversation struct {
	Service string // the tenant's service URL, with or without the final slash
	ID      string // a thread's ("19:…;messageid=17…"), a channel's, or a chat's ("a:…")
}

// ConversationParameters describe a conversation to begin: a thread of a channel, or a chat with one
// person.
type ConversationParameters struct {
	IsGroup     bool             `json:"isGroup"`
	Bot         *ChannelAccount  `json:"bot,omitempty"`
	Members     []ChannelAccount `json:"members,omitempty"` // a chat: exactly one
	TenantID    string           `json:"tenantId,omitempty"`
	ChannelData *ChannelData     `json:"channelData,omitempty"` // a thread: its channel
	Activity    *Activity        `json:"activity,omitempty"`    // a thread: its first message
}

// Started has the ids of a conversation that was begun.
type Started struct {
	ID         string `json:"id"`         // the conversation's: "19:…;messageid=17…" or "a:…"
	ActivityID string `json:"activityId"` // the first message's; "" where there was none
}

// ResourceResponse names the message that was made. The id is "" where Teams split an activity with text
// and attachment into two; these can't be changed later.
type ResourceResponse struct {
	ID string `json:"id"`
}

// Member is a person in a conversation.
type Member struct {
	ChannelAccount
	Email             string `json:"email,omitempty"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. Teams calls the Entra id objectId in some
// answers and aadObjectId in others.
func (m *Member) UnmarshalJSON(b []byte) error {
	type plain Member
	var with struct {
		plain
		ObjectID string `json:"objectId"`
	}
	if err := json.Unmarshal(b, &with); err != nil {
		return err
	}
	*m = Member(with.plain)
	m.AADObjectID = cmp.Or(m.AADObjectID, with.ObjectID)
	return nil
}

// MemberPage is a part of a conversation's members.
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
