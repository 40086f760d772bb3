package bridge

// SuggestionArgs say which suggested reply the form of a reply begins with.
type SuggestionArgs struct {
	ID     int64 `json:"id"`               // of the replies that an analysis suggested; it holds in their conversation alone
	Choice int   `json:"choice,omitempty"` // which of them was chosen, counted from 0
}

// SuggestedReply is a text that an analysis suggests to answer with. An agent reads and may change it before it
// is sent.
type SuggestedReply struct {
	Text    string
	Sources []SourceRef // what it draws on
}
