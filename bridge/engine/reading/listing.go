package reading

import (
	"cmp"
	"context"
	"slices"

	"parley/bridge"
	"parley/store"
)

const (
	listPageRows  = 50 // of one page of a list
	foundPageRows = 20 // of one page of what was found
	minFindBytes  = 3  // of words to search for: three letters, or one Chinese character
)

// maxPage is the largest number of a page that is read. Nobody turns so many pages.
const maxPage = 10_000

func noSuchPage() *bridge.Problem {
	return &bridge.Problem{Code: "no_page", Text: "There is no such page.", Hint: "Open the list again."}
}

// List returns a page of a list, or of what was found, as far as a reader may read it.
// Errors: *Problem, for people.
func (rd *Reader) List(
	ctx context.Context, q store.Querier, surface store.AccountID, agent *store.Agent, r store.Reader, query bridge.ListQuery,
) (bridge.Listing, error) {
	l := bridge.Listing{ListQuery: query}
	rows := listPageRows
	if query.Words != "" {
		rows = foundPageRows
	}
	if query.Page < 0 || query.Page > maxPage {
		return l, noSuchPage()
	}

	var ids []store.ConversationID
	var err error
	l.Hidden = rd.HiddenLists(agent)
	switch {
	case query.Words == "":
		l.List = cmp.Or(query.List, store.ListMine)
		if slices.Contains(l.Hidden, l.List) {
			return l, &bridge.Problem{
				Code: "not_allowed",
				Text: "The list of all conversations is for admins.",
				Hint: "Look into Unassigned or Team, or find one by the customer's name: @Parley find NAME",
			}
		}

		ids, err = store.ListConversations(ctx, q, rd.listReader(l.List, agent, r), storedList(l.List), rows+1, query.Page*rows)
	case len(query.Words) < minFindBytes:
		return l, &bridge.Problem{
			Code: bridge.TooShort,
			Text: "That is too short to look for.",
			Hint: "Type at least three letters, or a conversation's number: #12",
		}
	default:
		ids, err = store.FindConversations(ctx, q, r, query.Words, rows+1, query.Page*rows)
	}

	if err != nil {
		return l, err
	}

	l.More = len(ids) > rows
	ids = ids[:min(len(ids), rows)]
	if l.Rows, err = rd.Facts(ctx, q, surface, agent, ids...); err != nil {
		return l, err
	}
	if l.List != store.ListUnassigned {
		return l, nil
	}
	return l, addFreeSince(ctx, q, l.Rows, ids)
}

// addFreeSince sets since when the conversations of a list have had no owner.
func addFreeSince(ctx context.Context, q store.Querier, rows []bridge.Facts, ids []store.ConversationID) error {
	since, err := store.PutBack(ctx, q, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		row := &rows[i]
		if row.FreeSince = since[row.ID]; row.FreeSince.IsZero() {
			row.FreeSince = row.CreatedAt
		}
	}
	return nil
}

// storedList returns the store's name of the list that a surface's list shows.
func storedList(list bridge.ListName) bridge.ListName {
	if list == bridge.ListPick {
		return store.ListAll
	}
	return list
}

// listReader returns r as the reader of a list. For the list of all conversations, the accounts that the setting all_tab keeps for
// admins are closed to the agent.
func (rd *Reader) listReader(list bridge.ListName, agent *store.Agent, r store.Reader) store.Reader {
	if storedList(list) == store.ListAll {
		kept, _ := rd.keptForAdmins(agent)
		r.Closed = append(slices.Clone(r.Closed), kept...)
	}
	return r
}

// HiddenLists names the lists that an agent may not open.
func (rd *Reader) HiddenLists(agent *store.Agent) []bridge.ListName {
	if _, all := rd.keptForAdmins(agent); all {
		return []bridge.ListName{bridge.ListAll}
	}
	return nil
}

// keptForAdmins returns the accounts of which the list of all conversations shows an agent only their own and their teams'. all
// means that this is so for every account. For admins it returns none.
func (rd *Reader) keptForAdmins(agent *store.Agent) (kept []store.AccountID, all bool) {
	if agent == nil || agent.IsAdmin() {
		return nil, false
	}

	dir, hasOthers := rd.Directory(), false
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		switch {
		case a.Side != store.SideChannel:
		case dir.SettingsOf(a, rd.Caps(a.ID).Threads).AllForAdmins:
			kept = append(kept, a.ID)
		default:
			hasOthers = true
		}
	}

	return kept, len(kept) > 0 && !hasOthers
}
