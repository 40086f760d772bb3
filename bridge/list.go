package bridge

// ListQuery says what somebody wants to see listed.
type ListQuery struct {
	List  string // mine, unassigned, team, all, snoozed, resolved, closed, or ListPick; "" means mine
	Words string // what to look for instead of a list, in names, addresses, numbers and subjects
	Page  int    // 0 is the first
}

// Listing is one page of a list, or of what was found.
type Listing struct {
	ListQuery
	Rows   []Facts
	More   bool     // there is another page
	Hidden []string // lists that the reader may not open
}

// TooShort is the code of the Problem with words that are too short to look for.
const TooShort = "too_short"

// ListPick is the list from which somebody picks a conversation: all of them or, for somebody who may not open the
// list of all, their own and those of their teams.
const ListPick = "pick"

// ListFound stands in place of a list's name for what a search has found.
const ListFound = "find"

// ListQuery returns what the arguments of VerbList ask for.
func (a Args) ListQuery() ListQuery {
	if a.List == ListFound {
		return ListQuery{Words: a.Note, Page: a.Page}
	}
	return ListQuery{List: a.List, Page: a.Page}
}
