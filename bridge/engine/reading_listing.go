package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

const (
	listPageRows  = 50     // rows on a page of a list
	foundPageRows = 20     // rows on a page of search results
	maxFiltered   = 1000   // search results that are looked at if they are filtered, too
	minFindRunes  = 3      // minimum length of words to search for, in letters
	maxPage       = 10_000 // largest page number, far beyond what anybody reads; keeps offsets small
)

func noSuchPage() *bridge.Problem {
	return &bridge.Problem{Code: "no_page", Text: "There is no such page.", Hint: "Open the list again."}
}

// List returns a page of a list of conversations, such as those of an agent or the unassigned ones, or of search results if query.Words
// is set. It contains only conversations that r may read. It returns a *bridge.Problem, worded for people, if the list is not open to
// the agent, the words are too short, or the page is out of range.
func (rd *ReadingReader) List(
	ctx context.Context, q store.Querier, surface store.AccountID, agent *store.Agent, r store.Reader, query bridge.ListQuery,
) (bridge.Listing, error) {
	l := bridge.Listing{ListQuery: query}
	if query.Page < 0 || query.Page > maxPage {
		return l, noSuchPage()
	}

	var ids []store.ConversationID
	var err error
	l.Hidden = rd.HiddenLists(agent)
	words, view := bridge.CutListView(query.Words)
	switch {
	case query.Words == "":
		l.List = cmp.Or(query.List, store.ListMine)
		if slices.Contains(l.Hidden, l.List) {
			return l, &bridge.Problem{
				Code: "not_allowed",
				Text: "The list of all conversations is for admins, and for roles that open it.",
				Hint: "Look into Unassigned or Team, or find one by the customer's name: @Parley find NAME",
			}
		}

		ids, l.Next, err = rd.listed(ctx, q, surface, agent, r, &l.ListQuery)
		l.More = l.Next != ""
		if err == nil && query.Counts && l.After == "" {
			l.Counts, l.Unread, err = rd.counts(ctx, q, agent, r, l.Hidden)
		}
	case readingIsTooShort(words) && (words != "" || view == bridge.ListView{}):
		return l, &bridge.Problem{
			Code: bridge.TooShort,
			Text: "That is too short to look for.",
			Hint: "Type at least three letters, or a conversation's number: #12",
		}
	default:
		ids, err = rd.found(ctx, q, surface, agent, r, words, view, query.Page)
	}

	if err != nil {
		return l, err
	}

	if query.Words != "" {
		l.More = len(ids) > foundPageRows
		ids = ids[:min(len(ids), foundPageRows)]
	}
	if l.Rows, err = rd.Facts(ctx, q, surface, agent, ids...); err != nil {
		return l, err
	}
	if query.Today && agent != nil {
		if l.Day, err = rd.today(ctx, q, agent, r); err != nil {
			return l, err
		}
	}
	if l.List == store.ListMine && words == "" && l.After == "" && agent != nil {
		if l.Chats, err = rd.chats(ctx, q, surface, agent); err != nil {
			return l, err
		}
	}
	if words != "" {
		return l, showFound(ctx, q, words, l.Rows, ids)
	}
	if l.List != store.ListUnassigned {
		return l, nil
	}
	return l, addFreeSince(ctx, q, l.Rows, ids)
}

// chats returns an agent's latest chats with colleagues.
func (rd *ReadingReader) chats(ctx context.Context, q store.Querier, surface store.AccountID, agent *store.Agent) ([]bridge.Chat, error) {
	stored, err := store.Chats(ctx, q, agent.ID)
	if err != nil {
		return nil, err
	}
	list := make([]bridge.Chat, 0, len(stored))
	for _, c := range stored {
		if rd.Directory().Agent(c.AgentID) != nil {
			list = append(list, bridge.Chat{With: rd.Directory().Ref(surface, c.AgentID), About: c.ConversationID})
		}
	}
	return list, nil
}

// listed returns the conversations on a page of a list, and the place behind which the next page begins. It replaces the values of the
// query's ListView by canonical ones.
func (rd *ReadingReader) listed(
	ctx context.Context, q store.Querier, surface store.AccountID, agent *store.Agent, r store.Reader, query *bridge.ListQuery,
) (ids []store.ConversationID, next string, err error) {
	stored := store.ListQuery{List: storedList(query.List), Sort: query.Sort, After: query.After, Limit: cmp.Or(query.Limit, listPageRows)}
	if !slices.Contains(bridge.Lists(), stored.List) {
		return nil, "", noSuchValue("list", string(query.List), readingNamesOf(bridge.Lists()))
	}
	if stored.Filter, query.ListView, err = rd.filterOf(ctx, q, surface, agent, query.ListView); err != nil {
		return nil, "", err
	}
	stored.OwnTeams = seesOwnTeams(agent, r)
	ids, next, err = store.ListConversations(ctx, q, rd.listReader(query.List, agent, r), stored)
	if errors.Is(err, store.ErrNoPlace) {
		err = noSuchPage()
	}
	return ids, next, err
}

// found returns the conversations on a page of search results, and the one behind it. Without words, those that aren't over are filtered,
// unless view names a status.
func (rd *ReadingReader) found(
	ctx context.Context, q store.Querier, surface store.AccountID, agent *store.Agent, r store.Reader,
	words string, view bridge.ListView, page int,
) (ids []store.ConversationID, err error) {
	if view == (bridge.ListView{}) {
		return store.FindConversations(ctx, q, r, words, foundPageRows+1, page*foundPageRows)
	}
	filter, view, err := rd.filterOf(ctx, q, surface, agent, view)
	if err != nil {
		return nil, err
	}
	if words == "" {
		all := store.ListQuery{List: store.ListAll, Filter: filter, Sort: view.Sort, Limit: maxFiltered}
		ids, _, err = store.ListConversations(ctx, q, rd.listReader(bridge.ListPick, agent, r), all)
	} else if ids, err = store.FindConversations(ctx, q, r, words, maxFiltered, 0); err == nil {
		ids, err = store.FilterConversations(ctx, q, r, ids, filter)
	}
	begin := min(page*foundPageRows, len(ids))
	return ids[begin:min(begin+foundPageRows+1, len(ids))], err
}

// today counts what the day has for an agent.
func (rd *ReadingReader) today(ctx context.Context, q store.Querier, agent *store.Agent, r store.Reader) (*bridge.Today, error) {
	now, err := store.Now(ctx, q)
	if err != nil {
		return nil, err
	}
	dir := rd.Directory()
	lasts := map[store.AccountID]time.Duration{}
	for _, a := range dir.Accounts {
		var opened time.Time // any time, to compute the length of the window
		if win := WindowOf(rd.Caps(a.ID), &opened); win.Limited {
			lasts[a.ID] = win.HumanUntil.Sub(opened)
		}
	}

	year, month, day := now.In(dir.Zone(agent, 0)).Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, dir.Zone(agent, 0))
	counted, err := store.CountToday(ctx, q, r, midnight, midnight.AddDate(0, 0, 1), lasts)
	return &counted, err
}

// showFound shows what was found in each row's messages, instead of its last message.
func showFound(ctx context.Context, q store.Querier, words string, rows []bridge.Facts, ids []store.ConversationID) error {
	texts, err := store.FoundTexts(ctx, q, words, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		if text := texts[rows[i].ID]; text != "" {
			rows[i].LastMessage.Preview, rows[i].LastMessage.From = excerpt(text, words), ""
		}
	}
	return nil
}

// excerpt returns a text from a little before the first of the words on.
func excerpt(text, words string) string {
	const before, length = 20, 120 // in runes
	line := []rune(strings.Join(strings.Fields(text), " "))
	lower, at := []rune(strings.ToLower(string(line))), 0
	for _, word := range strings.FieldsFunc(strings.ToLower(words), isSeparator) {
		if i := strings.Index(string(lower), word); i >= 0 {
			at = utf8.RuneCountInString(string(lower)[:i])
			break
		}
	}
	if len(lower) != len(line) || at <= before {
		return string(line[:min(len(line), length)])
	}
	return "…" + string(line[at-before:min(len(line), at-before+length)])
}

func isSeparator(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
}

// isTooShort reports whether words would be found nearly everywhere. Two characters of Chinese, Japanese or Korean say enough.
func readingIsTooShort(words string) bool {
	letters := 0
	for _, r := range words {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			letters++
		}
		if !unicode.IsMark(r) {
			letters++
		}
	}
	return letters < minFindRunes
}

// addFreeSince sets the time since which each row of the list of unassigned conversations has had no owner.
func addFreeSince(ctx context.Context, q store.Querier, rows []bridge.Facts, ids []store.ConversationID) error {
	since, err := store.UnassignedSince(ctx, q, ids)
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

// storedList returns the store's name of a list: the list for picking a conversation contains the same ones as that of all.
func storedList(list bridge.ListName) bridge.ListName {
	if list == bridge.ListPick {
		return store.ListAll
	}
	return list
}

// listReader restricts r for a list. In the list of all conversations, accounts whose setting all_tab reserves it for admins are closed
// to other agents.
func (rd *ReadingReader) listReader(list bridge.ListName, agent *store.Agent, r store.Reader) store.Reader {
	if storedList(list) == store.ListAll || list == store.ListArchived {
		kept, _ := rd.keptForAdmins(agent)
		r.Closed = append(slices.Clone(r.Closed), kept...)
	}
	return r
}

// HiddenLists returns the lists that an agent may not open.
func (rd *ReadingReader) HiddenLists(agent *store.Agent) []bridge.ListName {
	var hidden []bridge.ListName
	if _, all := rd.keptForAdmins(agent); all {
		hidden = append(hidden, bridge.ListAll, bridge.ListArchived)
	}
	if agent == nil || !agent.Opens(store.OpensBlocked, rd.Directory().OwnRoles) {
		hidden = append(hidden, bridge.ListBlocked)
	}
	return hidden
}

// keptForAdmins returns the accounts that reserve the list of all conversations for admins: there, other agents see only their own
// conversations and those of their teams. all reports whether every account does. For admins it returns nothing.
func (rd *ReadingReader) keptForAdmins(agent *store.Agent) (kept []store.AccountID, all bool) {
	dir := rd.Directory()
	if agent == nil || agent.Opens(store.OpensAll, dir.OwnRoles) {
		return nil, false
	}

	hasOthers := false
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		switch {
		case a.Side != store.SideChannel: // not an account of customers
		case dir.SettingsOf(a, rd.Caps(a.ID).Threads).AllForAdmins:
			kept = append(kept, a.ID)
		default:
			hasOthers = true
		}
	}

	return kept, len(kept) > 0 && !hasOthers
}
