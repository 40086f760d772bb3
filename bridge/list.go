package bridge

import "parley/store"

// ListQuery asks for a page of conversations: those of a list, such as "mine", or those that match a search.
type ListQuery struct {
	List  ListName // "" means ListMine; ignored if Words is set
	Words string   // search terms, found in names, addresses, numbers and subjects
	Page  int      // counts from 0
}

// Listing is the answer to a ListQuery.
type Listing struct {
	ListQuery
	Rows   []Facts
	More   bool       // there is another page
	Hidden []ListName // lists that the reader may not open
}

// TooShort is the Problem.Code for search terms that are too short.
const TooShort = "too_short"

// ListName is the name of a list of conversations.
type ListName = store.ListName

// Lists that people open. Package store defines their contents.
const (
	ListMine       = store.ListMine
	ListUnassigned = store.ListUnassigned
	ListTeam       = store.ListTeam
	ListAll        = store.ListAll
	ListSnoozed    = store.ListSnoozed
	ListResolved   = store.ListResolved
	ListClosed     = store.ListClosed
)

// Names for conversations that are listed for another reason than that an agent opened a list.
const (
	// ListPick holds the conversations to choose from in a form: all or, for an agent who may not open ListAll, the
	// agent's own and those of the agent's teams.
	ListPick ListName = "pick"

	ListFound     ListName = "find"      // search results
	ListAssigned  ListName = "assigned"  // a conversation that was just assigned to the agent
	ListWoke      ListName = "woke"      // conversations whose snooze is over
	ListLate      ListName = "late"      // conversations whose customers should have been answered by now
	ListElsewhere ListName = "elsewhere" // a conversation about which the agent is notified outside its thread
)

// ListQuery returns the query that the arguments of VerbList ask for.
func (a Args) ListQuery() ListQuery {
	if a.List == ListFound {
		return ListQuery{Words: a.Note, Page: a.Page}
	}
	return ListQuery{List: a.List, Page: a.Page}
}
