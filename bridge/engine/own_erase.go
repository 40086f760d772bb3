package engine

import "parley/bridge"

// Demand is the part of a fact that says what people asked for outside of chats, such as on one of Parley's web pages.
type Demand struct {
	Act   *Act         `json:"act,omitempty"`   // for the kind Acted
	Erase []ErasedPost `json:"erase,omitempty"` // for the kind Erase
}

// ErasedPost is a post by Parley that is to be removed from a chat, because the customer of its conversation is being erased,
// or because not everybody there may read it any more.
type ErasedPost struct {
	Surface      bridge.AccountID      `json:"surface"` // the chat's account
	Place        bridge.Place          `json:"place"`   // if it has no channel, the post is a direct message to To
	To           bridge.SurfaceUser    `json:"to,omitempty"`
	Kind         bridge.PostKind       `json:"kind"` // what it was posted as
	Conversation bridge.ConversationID `json:"conversation,omitempty"`
	Message      bridge.MessageID      `json:"message,omitempty"`
	Deleted      string                `json:"deleted,omitempty"` // bridge.Post.Deleted
	Hidden       bool                  `json:"hidden,omitempty"`  // nobody is erased: not everybody there may read the conversation any more
}

// The version that is stored for a post after an attempt to erase it. Package store/erase looks for these words.
const (
	PostErased = "erased"
	PostKept   = "kept" // the chat doesn't let Parley remove it
)
