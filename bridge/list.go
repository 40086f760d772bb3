package bridge

import "parley/store"

// ListQuery says what somebody wants to see listed.
type ListQuery struct {
	List  ListName // "" means ListMine
	Words string   // what to look for instead of a list, in names, addresses, numbers and subjects
	Page  int      // 0 is the first
}

// Listing is one page of a list, or of what was found.
type Listing struct {
	ListQuery
	Rows   []Facts
	More   bool       // there is another page
	Hidden []ListName // lists that the reader may not open
}

// TooShort is the code of the Problem with words that are too short to look for.
const TooShort = "too_short"

// ListName names a list of conversations, or stands in place of such a name.
type ListName = store.ListName

// Lists that people open. What stands in them, package store says.
const (
	ListMine       = store.ListMine
	ListUnassigned = store.ListUnassigned
	ListTeam       = store.ListTeam
	ListAll        = store.ListAll
	ListSnoozed    = store.ListSnoozed
	ListResolved   = store.ListResolved
	ListClosed     = store.ListClosed
)

// What stands in place of a list's name.
const (
	// ListPick is the list from which somebody picks a conversation: all of them or, for somebody who may not open the
	// list of all, their own and those of their teams.
	ListPick ListName = "pick"

	ListFound     ListName = "find"      // what a search has found
	ListAssigned  ListName = "assigned"  // the conversation that an agent is told to have been given
	ListWoke      ListName = "woke"      // conversations whose snooze is over
	ListElsewhere ListName = "elsewhere" // a conversation of which an agent is told outside of its thread
)

// ListQuery returns what the arguments of VerbList ask for.
func (a Args) ListQuery() ListQuery {
	if a.List == ListFound {
		return ListQuery{Words: a.Note, Page: a.Page}
	}
	return ListQuery{List: a.List, Page: a.Page}
}
