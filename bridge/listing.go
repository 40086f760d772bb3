package bridge

import (
	"cmp"
	"context"

	"parley/store"
)

const (
	listRows  = 50 // of one page of a list
	foundRows = 20 // of one page of what was found
	leastFind = 3  // bytes of what is looked for: three letters, or one Chinese sign
)

// ListQuery says what somebody wants to see listed.
type ListQuery struct {
	List  string // mine, unassigned, team, all, snoozed, resolved; "" = mine
	Words string // what to look for instead of a list, in names, addresses, numbers and subjects
	Page  int    // 0 is the first
}

// Listing is one page of a list, or of what was found.
type Listing struct {
	ListQuery
	Rows []Facts
	More bool // there is another page
}

// listFound names what was found, where lists are named.
const listFound = "find"

// ListQuery gives what the arguments of VerbList ask for.
func (a Args) ListQuery() ListQuery {
	if a.List == listFound {
		return ListQuery{Words: a.Note, Page: a.Page}
	}
	return ListQuery{List: a.List, Page: a.Page}
}

// list gives a page of a list, or of what was found, as far as a reader may read it.
// Errors: *Problem, for people.
func (e *Engine) list(ctx context.Context, q store.Querier, surface int64, agent *store.Agent, r store.Reader, query ListQuery) (Listing, error) {
	l := Listing{ListQuery: query}
	rows := listRows
	if query.Words != "" {
		rows = foundRows
	}
	if query.Page < 0 || query.Page > 10_000 {
		return l, &Problem{Code: "no_page", Text: "There is no such page.", Hint: "Open the list again."}
	}
	var ids []int64
	var err error
	switch {
	case query.Words == "":
		l.List = cmp.Or(query.List, store.ListMine)
		ids, err = store.ListConversations(ctx, q, r, l.List, rows+1, query.Page*rows)
	case len(query.Words) < leastFind:
		return l, &Problem{Code: "too_short", Text: "That is too short to look for.", Hint: "Type at least three letters, or a conversation's number: #12"}
	default:
		ids, err = store.FindConversations(ctx, q, r, query.Words, rows+1, query.Page*rows)
	}
	if err != nil {
		return l, err
	}
	if l.More = len(ids) > rows; l.More {
		ids = ids[:rows]
	}
	l.Rows, err = e.facts(ctx, q, surface, agent, ids...)
	return l, err
}
