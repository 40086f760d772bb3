package own

import "parley/bridge"

// Demand is what people ask for outside of chats.
type Demand struct {
	Act   *Act         `json:"act,omitempty"`   // Acted
	Erase []ErasedPost `json:"erase,omitempty"` // Erase
}

// ErasedPost is a post of Parley's that goes from a chat, because the customer of its conversation is erased.
type ErasedPost struct {
	Surface      bridge.AccountID      `json:"surface"` // account
	Place        bridge.Place          `json:"place"`   // without a channel it is a direct message to To
	To           bridge.SurfaceUser    `json:"to,omitempty"`
	Kind         bridge.PostKind       `json:"kind"` // what it was posted as
	Conversation bridge.ConversationID `json:"conversation,omitempty"`
	Message      bridge.MessageID      `json:"message,omitempty"`
}

// What stands as the version of a post, once an attempt to erase it has ended. store/erase looks for these words.
const (
	PostErased = "erased"
	PostKept   = "kept" // the chat doesn't let Parley take it away
)
